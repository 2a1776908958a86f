//go:build !aix

package tui

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// maxRows is how many rows the input may have.
const maxRows = 6

// quitTime is how long the server may take to say goodbye.
const quitTime = 5 * time.Second

// newInput returns the field for messages.
func newInput() textarea.Model {
	in := textarea.New()
	in.ShowLineNumbers = false
	in.SetVirtualCursor(false) // input methods need the real one
	in.Prompt = ""
	in.EndOfBufferCharacter = ' '
	in.DynamicHeight, in.MinHeight, in.MaxHeight = true, 1, maxRows
	in.MaxContentHeight = 100_000
	in.CharLimit = 0
	plain := textarea.StyleState{
		Base: lipgloss.NewStyle(), Text: lipgloss.NewStyle(), CursorLine: lipgloss.NewStyle(), EndOfBuffer: lipgloss.NewStyle(),
		Placeholder: lipgloss.NewStyle().Faint(true), Prompt: lipgloss.NewStyle(),
	}
	s := in.Styles()
	s.Focused, s.Blurred = plain, plain
	in.SetStyles(s)
	k := &in.KeyMap
	k.InsertNewline = key.NewBinding(key.WithKeys("alt+enter", "shift+enter", "ctrl+j"))
	for _, taken := range []*key.Binding{ // by the bindings of the screen
		&k.DeleteAfterCursor, &k.PageUp, &k.PageDown, &k.Paste, &k.InputBegin, &k.InputEnd, &k.CopySelection,
	} {
		taken.SetEnabled(false)
	}
	k.CharacterForward.SetKeys("right")
	k.CharacterBackward.SetKeys("left")
	k.LineNext.SetKeys("down")
	k.LinePrevious.SetKeys("up")
	return in
}

// edit passes a message to the input.
func (m *Model) edit(msg tea.Msg) tea.Cmd {
	before := m.input.Value()
	times := 1
	if key, ok := msg.(tea.KeyPressMsg); ok {
		times = m.runes(key.Keystroke())
	}
	var cmd tea.Cmd
	for range times {
		m.input, cmd = m.input.Update(msg)
	}
	if m.input.Value() != before {
		m.options = nil
		m.propose(false)
		m.layout()
	}
	return cmd
}

// runes returns for how many runes a key counts: the input has runes, and a user sees characters.
func (m *Model) runes(stroke string) int {
	text := ""
	switch stroke {
	case "backspace", "left":
		for rest := m.head(); rest != ""; {
			text, _ = ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
			rest = rest[len(text):]
		}
	case "delete", "right":
		text, _ = ansi.FirstGraphemeCluster(m.tail(), ansi.GraphemeWidth)
	}
	return max(1, utf8.RuneCountInString(text))
}

// compose replaces what is in the input.
func (m *Model) compose(text string) {
	m.purpose = nil
	m.input.SetValue(text)
	m.input.MoveToEnd()
	m.layout()
}

// begin lets the input be for an edit or a reply.
func (m *Model) begin(c *purpose) {
	text := m.input.Value()
	if m.purpose != nil && m.purpose.edit {
		text = m.purpose.before
	}
	if c.edit {
		c.before, text = text, c.item.Text
	}
	m.view(m.active).cursor = nil
	m.input.SetValue(text)
	m.input.MoveToEnd()
	m.purpose = c
	m.layout()
}

// cancel ends an edit or a reply.
func (m *Model) cancel() {
	if m.purpose.edit {
		m.input.SetValue(m.purpose.before)
	}
	m.purpose = nil
	m.layout()
}

// head and tail return the text before and after the cursor, of its line.
func (m *Model) head() string {
	line, at := m.line()
	return string(line[:at])
}

func (m *Model) tail() string {
	line, at := m.line()
	return string(line[at:])
}

func (m *Model) line() (line []rune, cursor int) {
	lines := strings.Split(m.input.Value(), "\n")
	line = []rune(lines[min(m.input.Line(), len(lines)-1)])
	return line, min(m.input.Column(), len(line))
}

// propose finds completions.
func (m *Model) propose(asked bool) {
	_, m.options = m.completions(m.head(), asked)
	m.option = 0
}

// complete inserts the chosen completion, or looks for some.
func (m *Model) complete() {
	if len(m.options) == 0 {
		if m.propose(true); len(m.options) != 1 {
			m.layout()
			return
		}
	}
	head := m.head()
	from, _ := m.completions(head, true)
	chosen := m.options[min(m.option, len(m.options)-1)]
	for range utf8.RuneCountInString(head[from:]) {
		m.input, _ = m.input.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
	}
	m.input.InsertString(chosen.insert)
	m.options = nil
	m.layout()
}

// paste inserts what was pasted, and asks if that are many lines.
func (m *Model) paste(text string) tea.Cmd {
	text = chatstate.Text(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"))
	n := strings.Count(strings.TrimRight(text, "\n"), "\n") + 1
	insert := func(m *Model) tea.Cmd {
		m.input.InsertString(text)
		m.layout()
		return nil
	}
	if m.active != nil && m.view(m.active).cursor != nil {
		m.view(m.active).cursor = nil
	}
	if len(text) > m.limit() {
		m.say(m.t("pasteTooLong", "n", n))
		return nil
	}
	if n > PasteAsk {
		m.confirm(m.active, m.t("pasteText", "n", n), "pasteYes", insert)
		return nil
	}
	return insert(m)
}

// limit returns the longest text of a message, in bytes.
func (m *Model) limit() int {
	if m.chat.MaxText > 0 {
		return m.chat.MaxText
	}
	return 4096
}

// submit sends what was typed.
func (m *Model) submit() tea.Cmd {
	text := strings.TrimRight(m.input.Value(), " \n")
	if strings.TrimSpace(text) == "" {
		if m.offline {
			m.o.Session.Retry()
		}
		return nil
	}
	command := m.purpose == nil && strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//")
	if m.active == nil && !command {
		m.say(m.t("tui.noRoom"))
		return nil
	}
	if !m.fits(text, command) {
		return nil
	}
	m.remember(text)
	if command {
		m.input.Reset() // which the command may fill again
		m.options = nil
		cmd, done := m.command(text)
		if !done {
			m.input.SetValue(text)
		}
		m.layout()
		return cmd
	}
	if m.deliver(text) {
		before := ""
		if m.purpose != nil {
			before = m.purpose.before
		}
		m.purpose, m.options = nil, nil
		m.input.SetValue(before)
		m.layout()
	}
	return nil
}

// fits reports whether a text can be sent, and says so if not.
func (m *Model) fits(text string, command bool) bool {
	switch {
	case len(text) > m.limit():
		m.say(m.t("tooLong", "n", len(text)-m.limit()))
	case m.chat.MaxLines > 0 && strings.Count(text, "\n") >= m.chat.MaxLines:
		m.say(m.t("tooManyLines", "n", m.chat.MaxLines))
	case command && strings.Contains(text, "\n"):
		m.say(m.t("commandOneLine"))
	default:
		return true
	}
	return false
}

// deliver sends a message, an answer to one, or the new text of one, and reports whether that was
// accepted.
func (m *Model) deliver(text string) bool {
	text = m.o.Expand(text)
	p := client.Post{Text: text}
	if strings.HasPrefix(text, "//") {
		p.Text = text[1:]
	}
	if c := m.purpose; c != nil {
		if c.edit {
			return m.ordered(client.Request{Type: "edit", Room: m.active.Name, ID: c.item.ID, Text: text})
		}
		p.ReplyTo = c.item.ID
	}
	return m.send(p)
}

// remember adds a line to those that can be recalled.
func (m *Model) remember(text string) {
	m.history = slices.DeleteFunc(m.history, func(old string) bool { return old == text })
	m.history = append(m.history, text)
	m.history = m.history[max(0, len(m.history)-MaxHistory):]
	m.recalled, m.latest = len(m.history), ""
}

// recall shows an earlier or later line of those that were typed.
func (m *Model) recall(by int) {
	to := m.recalled + by
	if to < 0 || to > len(m.history) {
		return
	}
	if m.recalled == len(m.history) {
		m.latest = m.input.Value()
	}
	m.recalled = to
	if to == len(m.history) {
		m.compose(m.latest)
		return
	}
	m.compose(m.history[to])
}

// send queues a message for the active conversation.
func (m *Model) send(p client.Post) bool {
	if m.active.Person {
		p.To = m.active.Name
	} else {
		p.Room = m.active.Name
	}
	cid, err := m.o.Session.Post(p)
	switch {
	case errors.Is(err, client.ErrQueueFull):
		m.say(m.t("queueFull"))
		return false
	case err != nil:
		m.say(m.t("tooLong", "n", len(p.Text)))
		return false
	}
	m.chat.Posted(cid, p)
	m.active.NewFrom = nil
	s := m.view(m.active)
	s.end()
	s.cursor = nil
	if m.active.Detached {
		m.page(m.active, client.Request{}, chatstate.Latest)
	}
	return true
}

// ordered sends a request whose answers are shown. It reports whether there is a connection.
func (m *Model) ordered(r client.Request) bool {
	if m.offline || !m.request(r, nil) {
		m.say(m.t("offlineNoCommands"))
		return false
	}
	return true
}

// command carries out a line that begins with a slash, and reports whether that is done.
func (m *Model) command(line string) (cmd tea.Cmd, done bool) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	rest = strings.TrimSpace(rest)
	to, text, _ := strings.Cut(rest, " ")
	switch strings.ToLower(name) {
	case "me":
		if rest != "" && m.active != nil {
			return nil, m.send(client.Post{Text: rest, Action: true})
		}
	case "msg", "m", "tell":
		if text = strings.TrimSpace(text); text != "" {
			m.show(m.chat.Person(chatstate.Line(to)))
			return nil, m.send(client.Post{Text: text})
		}
	case "search":
		if rest != "" {
			m.search(rest)
			return nil, true
		}
	case "leave", "part":
		if r := m.active; rest == "" && r != nil && !r.Person && !r.Inside {
			m.closeConversation()
			return nil, true
		}
	case "join", "j":
		if r := m.active; rest == "" && r != nil && !r.Person && !r.Inside {
			return nil, m.join(r.Name, "")
		}
		if rest != "" {
			return nil, m.join(to, strings.TrimSpace(text))
		}
	case "quit", "exit", "q":
		return m.quit(rest), true
	}
	room := ""
	if m.active != nil && !m.active.Person {
		room = m.active.Name
	}
	return nil, m.ordered(client.Request{Type: "command", Line: line, Room: room})
}

// join enters a room, and shows it.
func (m *Model) join(room, key string) bool {
	if !strings.HasPrefix(room, "#") {
		room = "#" + room
	}
	if r := m.chat.Find(room); r != nil && r.Inside {
		m.show(r)
		return true
	}
	cid, err := m.o.Session.Send(client.Request{Type: "join", Room: room, Key: key})
	if err != nil {
		m.say(m.t("offlineNoCommands"))
		return false
	}
	m.joining = cid
	return true
}

// quit leaves the chat, and asks first if messages would be lost.
func (m *Model) quit(reason string) tea.Cmd {
	leave := func(m *Model) tea.Cmd {
		m.quitting = true
		if reason != "" && !m.offline {
			if _, err := m.o.Session.Send(client.Request{Type: "quit", Reason: reason}); err == nil {
				return tea.Tick(quitTime, func(time.Time) tea.Msg { return tea.Quit() }) // or the server's goodbye ends the events
			}
		}
		return tea.Quit
	}
	if n := m.chat.Unacked(); n > 0 {
		m.confirm(nil, m.t("tui.quitUnacked", "n", n), "tui.quitYes", leave)
		return nil
	}
	return leave(m)
}
