//go:build !aix

package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// A binding is a key that works in the conversation.
type binding struct {
	keys  []string // as tea.Key.Keystroke returns them
	shown string
	text  string // key of what it does
	do    func(m *Model) tea.Cmd
}

// bindings returns the one list of keys, in the order of the help. Those without a function are
// described only: the input, or the selection of messages, has them.
func bindings() []binding {
	return []binding{
		{keys: []string{"ctrl+k"}, shown: "Ctrl-K", text: "key.switch", do: run((*Model).switcher)},
		{keys: []string{"alt+a"}, shown: "Alt-A", text: "key.unread", do: run((*Model).goUnread)},
		{keys: []string{"alt+up"}, shown: "Alt-↑ / Alt-↓", text: "key.rooms", do: run(func(m *Model) { m.step(-1) })},
		{keys: []string{"alt+down"}, do: run(func(m *Model) { m.step(1) })},
		{keys: []string{"ctrl+f", "ctrl+shift+f"}, shown: "Ctrl-F", text: "key.search", do: run(func(m *Model) { m.search("") })},
		{keys: []string{"enter"}, shown: "Enter", text: "key.send", do: (*Model).submit},
		{shown: "Alt-Enter / Ctrl-J", text: "key.newline"},
		{shown: "↑", text: "key.editLast"},
		{keys: []string{"ctrl+p"}, shown: "Ctrl-P / Ctrl-N", text: "tui.key.history", do: run(func(m *Model) { m.recall(-1) })},
		{keys: []string{"ctrl+n"}, do: run(func(m *Model) { m.recall(1) })},
		{keys: []string{"tab"}, shown: "Tab", text: "key.complete", do: run((*Model).complete)},
		{keys: []string{"shift+tab"}, shown: "Shift-Tab", text: "key.log", do: run((*Model).selectLast)},
		{shown: "↑ / ↓ / Enter", text: "key.rows"},
		{keys: []string{"pgup"}, shown: "PgUp / PgDn", text: "tui.key.scroll", do: run(func(m *Model) { m.scrollPages(-1) })},
		{keys: []string{"pgdown"}, do: run(func(m *Model) { m.scrollPages(1) })},
		{keys: []string{"ctrl+end", "alt+end"}, shown: "Ctrl-End", text: "toNewest", do: run((*Model).goNewest)},
		{keys: []string{"alt+m"}, shown: "Alt-M", text: "members", do: run((*Model).people)},
		{keys: []string{"alt+s"}, shown: "Alt-S", text: "tui.key.lists", do: run(func(m *Model) { m.noSide = !m.noSide; m.layout() })},
		{keys: []string{"alt+w"}, shown: "Alt-W", text: "closeConversation", do: run((*Model).closeConversation)},
		{keys: []string{"esc"}, shown: "Esc", text: "key.escape", do: run((*Model).escape)},
		{keys: []string{"f1", "ctrl+,"}, shown: "F1", text: "tui.key.helpTerminal", do: run((*Model).help)},
		{keys: []string{"ctrl+l"}, shown: "Ctrl-L", text: "tui.key.redraw", do: func(*Model) tea.Cmd { return tea.ClearScreen }},
		{keys: []string{"ctrl+z"}, shown: "Ctrl-Z", text: "tui.key.suspend", do: func(*Model) tea.Cmd { return tea.Suspend }},
		{keys: []string{"ctrl+c"}, shown: "Ctrl-C", text: "logOut", do: func(m *Model) tea.Cmd { return m.quit("") }},
	}
}

func run(do func(m *Model)) func(m *Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		do(m)
		return nil
	}
}

// key acts on a key in the conversation.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	stroke := msg.Keystroke()
	empty := m.input.Value() == ""
	if m.active != nil && m.view(m.active).cursor != nil {
		if cmd, done := m.selecting(msg); done {
			return cmd
		}
	}
	switch {
	case len(m.options) > 0 && (stroke == "up" || stroke == "down"):
		by := 1
		if stroke == "up" {
			by = len(m.options) - 1
		}
		m.option = (m.option + by) % len(m.options)
		return nil
	case stroke == "up" && empty && m.purpose == nil:
		m.editLast()
		return nil
	case stroke == "ctrl+d" && empty && m.purpose == nil:
		return m.quit("")
	}
	for _, b := range bindings() {
		if b.do == nil {
			continue
		}
		for _, k := range b.keys {
			if k == stroke {
				return b.do(m)
			}
		}
	}
	return m.edit(msg)
}

// selecting acts on a key while a message is selected, and reports whether it was for that.
func (m *Model) selecting(msg tea.KeyPressMsg) (cmd tea.Cmd, done bool) {
	s := m.view(m.active)
	switch stroke := msg.Keystroke(); stroke {
	case "up", "k":
		m.selectBy(-1)
	case "down", "j":
		m.selectBy(1)
	case "enter", "space":
		m.actOn(s.cursor)
	case "esc", "tab", "shift+tab":
		s.cursor = nil
	case "?":
		m.help()
	case "r", "e", "d", "c", "p", "w":
		m.actOn(s.cursor)
		if p, ok := m.dialog.(*picker); ok {
			m.dialog = nil
			return p.direct(m, stroke), true
		}
	default:
		if msg.Text != "" { // typing goes on
			s.cursor = nil
		}
		return nil, false
	}
	return nil, true
}

// direct chooses the entry of a menu with a key, if there is one.
func (p *picker) direct(m *Model, key string) tea.Cmd {
	for _, e := range p.entries {
		if e.key == key {
			return e.do(m)
		}
	}
	return nil
}

// actOn offers what can be done with an item.
func (m *Model) actOn(i *chatstate.Item) {
	if i.Kind == chatstate.Message {
		m.menu(i.From, i)
	}
}

// selectLast selects the last visible item.
func (m *Model) selectLast() {
	if m.active == nil || len(m.active.Items()) == 0 {
		return
	}
	items := m.active.Items()
	s := m.view(m.active)
	s.cursor = items[len(items)-1]
	if s.top != nil {
		s.cursor = items[min(m.active.Index(s.top), len(items)-1)]
	}
	m.reveal(m.active, s.cursor, false)
}

// selectBy moves the selection.
func (m *Model) selectBy(by int) {
	s := m.view(m.active)
	items := m.active.Items()
	if len(items) == 0 {
		s.cursor = nil
		return
	}
	at := max(0, min(len(items)-1, m.active.Index(s.cursor)+by))
	s.cursor = items[at]
	m.reveal(m.active, s.cursor, false)
	m.load(m.active)
}

// editLast lets the user edit their last message.
func (m *Model) editLast() {
	if m.active == nil || m.active.Person {
		return
	}
	items := m.active.Items()
	for at := len(items) - 1; at >= 0; at-- {
		if i := items[at]; i.Own && i.Kind == chatstate.Message && !i.Deleted && i.ID != 0 {
			m.begin(&purpose{item: i, edit: true})
			return
		}
	}
}

// goUnread shows the first unread message: of this conversation, or of another one.
func (m *Model) goUnread() {
	if m.active == nil {
		return
	}
	r := m.active
	i := r.NewFrom
	if i == nil {
		i = r.FirstUnread()
	}
	if i == nil {
		for _, other := range m.chat.Rooms() {
			if other != r && other.Unread > 0 {
				r, i = other, other.FirstUnread()
				break
			}
		}
	}
	if i == nil {
		m.say(m.t("nothingUnread"))
		return
	}
	m.show(r)
	m.reveal(r, i, true)
	m.load(r)
}

// goNewest shows the end of the conversation.
func (m *Model) goNewest() {
	if m.active == nil {
		return
	}
	s := m.view(m.active)
	s.end()
	s.cursor = nil
	m.active.NewFrom = nil
	if m.active.Detached {
		m.page(m.active, client.Request{}, chatstate.Latest)
	}
}

// closeConversation closes a private conversation, or a room that the user is not in.
func (m *Model) closeConversation() {
	if r := m.active; r != nil && (r.Person || !r.Inside) {
		m.chat.Close(r)
		m.left(r)
	}
}

// escape ends what was begun last.
func (m *Model) escape() {
	switch {
	case len(m.options) > 0:
		m.options = nil
		m.layout()
	case m.purpose != nil:
		m.cancel()
	case m.active != nil && !m.view(m.active).stuck():
		m.goNewest()
	}
}

// mouse acts on the wheel and on clicks.
func (m *Model) mouse(msg tea.MouseMsg) {
	if m.dialog != nil || m.active == nil {
		return
	}
	at := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch at.Button {
		case tea.MouseWheelUp:
			m.scrollBy(-3)
		case tea.MouseWheelDown:
			m.scrollBy(3)
		default:
		}
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft {
			m.click(at.X, at.Y)
		}
	}
}

// click shows the conversation that was clicked on, or selects a message.
func (m *Model) click(x, y int) {
	row := y - 1
	if row < 0 || row >= m.logHeight {
		return
	}
	if x < m.side {
		if list := m.sideRooms(m.logHeight); row < len(list) {
			m.show(list[row])
		}
		return
	}
	if x < m.side+m.words.width {
		if i := m.itemAt(row); i != nil {
			m.view(m.active).cursor = i
		}
	}
}
