//go:build !aix

package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// A dialog takes the keys, and the place of the conversation on the screen.
type dialog interface {
	update(m *Model, msg tea.Msg) tea.Cmd
	// rows returns at most height rows, and where the cursor is in them; nil: nowhere.
	rows(w *writer, height int) ([]string, *tea.Position)
}

// An entry of a picker can be chosen.
type entry struct {
	label, detail string
	key           string // chooses it, too, in a picker without an input; "" for none
	do            func(m *Model) tea.Cmd
}

// A picker is a list to choose from, with an input that narrows it, or without.
type picker struct {
	title   string
	input   *textinput.Model
	entries []entry
	at      int
	room    *chatstate.Room // it is about that conversation; nil: about none
	// refill returns the entries for an input.
	refill func(text string) []entry
	// enter is called for Enter if no entry can be chosen; nil: nothing happens.
	enter func(m *Model, text string) tea.Cmd
}

// newInputLine returns an input of one line.
func newInputLine(prompt string, hidden bool) *textinput.Model {
	in := textinput.New()
	in.Prompt = prompt
	in.SetVirtualCursor(false)
	in.CharLimit = 1000
	if hidden {
		in.EchoMode = textinput.EchoPassword
	}
	in.Focus()
	return &in
}

// stale reports whether a dialog is about another conversation than r.
func stale(d dialog, r *chatstate.Room) bool {
	p, ok := d.(*picker)
	return ok && p.room != nil && p.room != r
}

// open shows a picker.
func (m *Model) open(p *picker) {
	if p.refill != nil {
		p.entries = p.refill("")
	}
	m.options = nil
	m.dialog = p
}

func (p *picker) update(m *Model, msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.Keystroke() {
		case "esc", "ctrl+c":
			m.dialog = nil
			return nil
		case "up", "ctrl+p":
			p.move(-1)
			return nil
		case "down", "tab", "ctrl+n":
			p.move(1)
			return nil
		case "pgup":
			p.move(-10)
			return nil
		case "pgdown":
			p.move(10)
			return nil
		case "enter":
			return p.choose(m)
		}
		if p.input == nil {
			return p.shortcut(m, key)
		}
	}
	if p.input == nil {
		return nil
	}
	before := p.input.Value()
	if paste, ok := msg.(tea.PasteMsg); ok {
		msg = tea.PasteMsg{Content: chatstate.Line(oneLine(paste.Content))}
	}
	in, cmd := p.input.Update(msg)
	*p.input = in
	if text := in.Value(); text != before && p.refill != nil {
		p.entries, p.at = p.refill(text), 0
	}
	return cmd
}

// shortcut chooses an entry by its key.
func (p *picker) shortcut(m *Model, key tea.KeyPressMsg) tea.Cmd {
	for i, e := range p.entries {
		if e.key != "" && key.Keystroke() == e.key {
			p.at = i
			return p.choose(m)
		}
	}
	if p.entries == nil || key.Text == "q" || key.Text == "?" {
		m.dialog = nil
	}
	return nil
}

func (p *picker) move(by int) {
	if n := len(p.entries); n > 0 {
		p.at = max(0, min(n-1, p.at+by))
	}
}

func (p *picker) choose(m *Model) tea.Cmd {
	if p.at < len(p.entries) && p.entries[p.at].do != nil {
		m.dialog = nil
		return p.entries[p.at].do(m)
	}
	if p.enter != nil && p.input != nil {
		return p.enter(m, strings.TrimSpace(p.input.Value()))
	}
	m.dialog = nil
	return nil
}

func (p *picker) rows(w *writer, height int) (rows []string, cursor *tea.Position) {
	rows = append(rows, w.bold.Render(w.fit(" "+p.title, w.width)))
	if p.input != nil {
		p.input.SetWidth(max(1, w.width-w.measure.StringWidth(p.input.Prompt)-2))
		if c := p.input.Cursor(); c != nil {
			cursor = &tea.Position{X: c.X + 1, Y: len(rows)}
		}
		rows = append(rows, " "+p.input.View())
	}
	room := max(1, height-len(rows))
	first := max(0, min(p.at-room/2, len(p.entries)-room))
	for i := first; i < len(p.entries) && i < first+room; i++ {
		e := p.entries[i]
		mark := "  "
		if i == p.at {
			mark = "> "
		}
		text := mark + e.label
		if e.detail != "" {
			text += "  " + e.detail
		}
		text = w.fit(text, w.width)
		if i == p.at {
			text = w.selected.Render(text)
		}
		rows = append(rows, text)
	}
	return rows[:min(len(rows), height)], cursor
}

// switcher asks for a room or a person, and shows it.
func (m *Model) switcher() {
	in := newInputLine(m.t("switchTo")+": ", false)
	m.open(&picker{
		title: m.t("key.switch"), input: in,
		refill: func(text string) []entry {
			var list []entry
			for _, r := range m.chat.Rooms() {
				if !strings.Contains(strings.ToLower(r.Name), strings.ToLower(strings.TrimSpace(text))) {
					continue
				}
				list = append(list, entry{label: m.label(r), do: func(m *Model) tea.Cmd {
					m.show(r)
					return nil
				}})
			}
			return append(list, m.newEntry(strings.TrimSpace(text), len(list))...)
		},
	})
}

// newEntry returns the entry for a conversation that is not in the list: with @NAME, and for a
// room if no other one is found.
func (m *Model) newEntry(text string, found int) []entry {
	switch name, person := strings.CutPrefix(text, "@"); {
	case person && name != "":
		return []entry{{label: m.t("writeTo", "name", name), do: func(m *Model) tea.Cmd {
			m.show(m.chat.Person(chatstate.Line(name)))
			return nil
		}}}
	case text != "" && !person && (found == 0 || text[0] == '#' && m.chat.Find(text) == nil):
		return []entry{{label: m.t("joinNew", "room", text), do: func(m *Model) tea.Cmd {
			m.join(text, "")
			return nil
		}}}
	}
	return nil
}

// search asks for words, and shows what the server finds.
func (m *Model) search(query string) {
	in := newInputLine(m.t("searchFor")+": ", false)
	p := &picker{title: m.t("search") + " – " + m.t("searchHint"), input: in}
	p.enter = func(m *Model, text string) tea.Cmd {
		if text != "" && !m.request(client.Request{Type: "search", Query: text}, func(e client.Event) bool {
			p.results(m, e)
			return false
		}) {
			p.entries = []entry{{label: m.t("offlineNoCommands")}}
		}
		return nil
	}
	p.refill = func(string) []entry { return nil } // what is found belongs to the last input
	m.open(p)
	if query != "" {
		in.SetValue(query)
		p.enter(m, query)
	}
}

// results shows what a search has found.
func (p *picker) results(m *Model, e client.Event) {
	p.at = 0
	list, err := resultsOf(e)
	if f, ok := err.(client.Failure); ok { //nolint:errorlint // it is the event itself
		p.entries = []entry{{label: chatstate.Line(m.o.Texts.Server(f.Code, f.Text, f.Args))}}
		return
	}
	if err != nil || len(list) == 0 {
		p.entries = []entry{{label: m.t("nothingFound")}}
		return
	}
	p.entries = nil
	for _, found := range list {
		at := found.Time.In(m.o.Zone).Format("2006-01-02 15:04")
		p.entries = append(p.entries, entry{
			label: at + " " + chatstate.Line(found.Room+" "+found.From+": ") + firstLine(chatstate.Text(found.Text)),
			do:    func(m *Model) tea.Cmd { m.jump(chatstate.Line(found.Room), found.ID); return nil },
		})
	}
}

// jump shows a message in its place.
func (m *Model) jump(room string, id uint64) {
	r := m.chat.Room(room)
	if r == nil {
		m.say(m.t("notThere"))
		return
	}
	m.show(r)
	if i := r.ByID(id); i != nil {
		m.view(r).cursor = i
		m.reveal(r, i, true)
		return
	}
	m.page(r, client.Request{Around: id}, chatstate.Around)
}

// help lists the keys.
func (m *Model) help() {
	p := &picker{title: m.t("keys") + " (Esc)"}
	for _, b := range bindings() {
		if b.shown == "" {
			continue // the binding before it says it
		}
		p.entries = append(p.entries, entry{label: m.words.fit(b.shown, 22), detail: m.t(b.text)})
	}
	p.entries = append(p.entries, entry{label: m.words.fit("/help", 22), detail: m.t("tui.key.commands")})
	m.open(p)
}

// people lists the people in the room, with a menu for each. It also serves narrow screens.
func (m *Model) people() {
	r := m.active
	if r == nil || r.Person {
		return
	}
	in := newInputLine(m.t("name")+": ", false)
	m.open(&picker{
		title: m.t("members") + " – " + r.Name, input: in, room: r,
		refill: func(text string) []entry {
			var list []entry
			for _, p := range r.Members {
				if !strings.Contains(strings.ToLower(p.Name), strings.ToLower(strings.TrimSpace(text))) {
					continue
				}
				detail := ""
				if p.Role != "" {
					detail = m.t("role." + p.Role)
				}
				if p.Away {
					detail = strings.TrimSpace(detail + " " + m.away(p))
				}
				list = append(list, entry{label: p.Name, detail: detail, do: func(m *Model) tea.Cmd {
					m.menu(p.Name, nil)
					return nil
				}})
			}
			return list
		},
	})
}

func (m *Model) away(p chatstate.Member) string {
	if p.Why == "" {
		return m.t("away")
	}
	return m.t("awayWhy", "why", p.Why)
}

// menu offers what can be done with a person, and their message; nil: only with the person.
func (m *Model) menu(name string, i *chatstate.Item) {
	p := &picker{title: name, room: m.active}
	add := func(key, text string, do func(m *Model) tea.Cmd) {
		p.entries = append(p.entries, entry{key: key, label: "[" + key + "] " + m.t(text), do: do})
	}
	write := func(line string) func(m *Model) tea.Cmd { // to be completed by the user
		return func(m *Model) tea.Cmd {
			if text := strings.TrimSpace(m.input.Value()); text != "" {
				m.remember(text) // it can be recalled
			}
			m.compose(line)
			return nil
		}
	}
	run := func(line string) func(m *Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			cmd, _ := m.command(line)
			return cmd
		}
	}
	mine := m.chat.IsMe(name)
	if i != nil {
		m.messageEntries(i, add)
	}
	if !mine {
		add("p", "writePrivately", func(m *Model) tea.Cmd {
			m.show(m.chat.Person(name))
			return nil
		})
		add("m", "mention", func(m *Model) tea.Cmd {
			if m.input.Value() == "" {
				name += ":"
			}
			m.input.InsertString(name + " ")
			if m.active != nil {
				m.view(m.active).cursor = nil
			}
			return nil
		})
	}
	add("w", "whois", run("/whois "+name))
	if !mine {
		add("i", "ignore", run("/ignore "+name))
	}
	if !mine && m.active != nil && !m.active.Person && m.chat.MayModerate(m.active) {
		add("k", "kick", write("/kick "+name+" "))
		add("u", "mute", write("/mute "+name+" 10m "))
		add("b", "ban", write("/ban "+name+" 1h "))
		add("o", "op", run("/op "+name))
		add("v", "voice", run("/voice "+name))
	}
	m.open(p)
}

// messageEntries adds what can be done with a message.
func (m *Model) messageEntries(i *chatstate.Item, add func(key, text string, do func(m *Model) tea.Cmd)) {
	stored := i.ID != 0 && !i.Private && !i.Deleted
	if stored {
		add("r", "reply", func(m *Model) tea.Cmd {
			m.begin(&purpose{item: i})
			return nil
		})
	}
	if stored && i.Own {
		add("e", "edit", func(m *Model) tea.Cmd {
			m.begin(&purpose{item: i, edit: true})
			return nil
		})
	}
	if stored && (i.Own || m.chat.MayModerate(m.active)) {
		add("d", "delete", func(m *Model) tea.Cmd {
			room := m.active
			m.confirm(room, m.t("deleteTitle"), "delete", func(m *Model) tea.Cmd {
				m.ordered(client.Request{Type: "redact", Room: room.Name, ID: i.ID})
				return nil
			})
			return nil
		})
	}
	add("c", "copyText", func(*Model) tea.Cmd { return tea.SetClipboard(i.Text) })
}

// confirm asks before something is done: in room, or anywhere if it is nil.
func (m *Model) confirm(room *chatstate.Room, title, yes string, do func(m *Model) tea.Cmd) {
	m.open(&picker{title: title, room: room, entries: []entry{
		{label: m.t("cancel"), key: "n", do: func(*Model) tea.Cmd { return nil }},
		{label: m.t(yes), key: "y", do: do},
	}})
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}
