//go:build !aix

package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/chatstate"
)

// Widths of the lists beside the conversation, with the line between, and the widths of the
// screen from which on they are shown.
const (
	sideWidth   = 20
	sideFrom    = 80
	peopleWidth = 18
	peopleFrom  = 110
)

// layout divides the screen.
func (m *Model) layout() {
	m.side, m.peopleSide = 0, 0
	if m.width >= sideFrom && !m.noSide {
		m.side = sideWidth
	}
	if m.width >= peopleFrom && !m.noSide && m.active != nil && !m.active.Person {
		m.peopleSide = peopleWidth
	}
	m.words.width = max(1, m.width-m.side-m.peopleSide)
	m.words.me = m.chat.Me.Name
	m.input.MaxHeight = max(1, min(maxRows, m.height/3))
	m.input.SetWidth(max(1, m.width-m.words.measure.StringWidth(m.prompt())))
	m.logHeight = max(1, m.height-1-len(m.notes())-m.input.Height())
}

// prompt is before the input.
func (m *Model) prompt() string {
	if m.active == nil || m.width < timeFrom {
		return "> "
	}
	return m.words.cut(m.active.Name, m.width/4, "…") + "> "
}

// View returns the screen.
func (m *Model) View() tea.View {
	m.layout()
	w := m.words
	rows := []string{m.bar()}
	var cursor *tea.Position
	if m.dialog != nil {
		full := *w
		full.width = m.width
		var list []string
		list, cursor = m.dialog.rows(&full, m.logHeight)
		if cursor != nil {
			cursor.Y++ // below the bar
		}
		for len(list) < m.logHeight {
			list = append(list, "")
		}
		rows = append(rows, list...)
	} else {
		rows = append(rows, m.middle()...)
	}
	rows = append(rows, m.notes()...)
	above := len(rows)
	prompt := m.prompt()
	for i, line := range strings.Split(m.input.View(), "\n") {
		if i > 0 {
			prompt = strings.Repeat(" ", w.measure.StringWidth(prompt))
		}
		rows = append(rows, prompt+line)
	}
	if c := m.input.Cursor(); m.dialog == nil && c != nil && (m.active == nil || m.view(m.active).cursor == nil) {
		cursor = &tea.Position{X: c.X + w.measure.StringWidth(prompt), Y: c.Y + above}
	}
	for i, row := range rows {
		rows[i] = w.cut(row, m.width, "")
	}
	hidden := max(0, len(rows)-m.height) // on a very small screen; the input is visible
	v := tea.NewView(strings.Join(rows[hidden:], "\n"))
	v.AltScreen, v.ReportFocus, v.MouseMode = true, true, tea.MouseModeCellMotion
	v.WindowTitle = m.windowTitle()
	if cursor != nil {
		v.Cursor = tea.NewCursor(max(0, min(cursor.X, m.width-1)), max(0, min(cursor.Y-hidden, m.height-1)))
	}
	return v
}

// windowTitle returns the title of the terminal's window.
func (m *Model) windowTitle() string {
	n := 0
	for _, r := range m.chat.Rooms() {
		n += r.Mentions
	}
	title := "chat"
	if m.active != nil {
		title = m.active.Name + " – " + m.chat.Server
	}
	if n > 0 {
		title = fmt.Sprintf("(%d) %s", n, title)
	}
	return title
}

// bar returns the first row: the conversation, its topic, and how many people there are.
func (m *Model) bar() string {
	w := m.words
	r := m.active
	if r == nil {
		text := m.t("connecting")
		if m.chat.Server != "" {
			text = m.chat.Server + " – " + m.t("tui.noRoom")
		}
		return w.bar.Render(w.fit(" "+text, m.width))
	}
	left := " " + r.Name
	switch {
	case r.Person:
		left += " – " + m.t("privateConversation")
	case !r.Inside:
		left += " – " + m.t("tui.notInside")
	case r.Topic != "":
		left += " – " + r.Topic
	}
	right := ""
	if !r.Person {
		right = m.t("peopleCount", "n", len(r.Members)+r.Others) + " "
	}
	if others := m.unreadElsewhere(); others != "" {
		right = others + "  " + right
	}
	if below := m.below(); below != "" {
		right = below + "  " + right
	}
	n := w.measure.StringWidth(right)
	if n > m.width/2 {
		right, n = "", 0
	}
	return w.bar.Render(w.fit(left, m.width-n) + right)
}

// below says that the end of the conversation is not visible.
func (m *Model) below() string {
	switch {
	case m.view(m.active).stuck() && !m.active.Detached:
		return ""
	case m.active.Unread > 0:
		return "↓ " + m.t("unreadCount", "n", m.active.Unread)
	}
	return "↓ Ctrl-End"
}

// unreadElsewhere says what is unread in other conversations, where their list is not shown.
func (m *Model) unreadElsewhere() string {
	if m.side > 0 {
		return ""
	}
	var list []string
	for _, r := range m.chat.Rooms() {
		if r != m.active && r.Unread > 0 {
			list = append(list, m.label(r))
		}
	}
	return strings.Join(list, " ")
}

// label returns the name of a conversation with its counts: *3 are unread, !1 of them mention
// the user or are private.
func (m *Model) label(r *chatstate.Room) string {
	name := r.Name
	if r.Person {
		name = "@" + name
	}
	if r.Unread > 0 {
		name += fmt.Sprintf(" *%d", r.Unread)
	}
	if r.Mentions > 0 {
		name += fmt.Sprintf(" !%d", r.Mentions)
	}
	return name
}

// middle returns the conversation and the lists beside it.
func (m *Model) middle() []string {
	var rows []string
	if m.active != nil {
		rows = m.visible()
	}
	for len(rows) < m.logHeight {
		rows = append([]string{""}, rows...) // the last message is next to the input
	}
	if m.side == 0 && m.peopleSide == 0 {
		return rows
	}
	w := m.words
	rooms, people := m.sideRooms(m.logHeight), m.peopleRows(m.logHeight)
	line := w.dim.Render("│")
	for i, row := range rows {
		left, right := "", ""
		if m.side > 0 {
			text := ""
			if i < len(rooms) {
				text = m.sideRow(rooms[i])
			}
			left = w.fitStyled(text, m.side-1) + line
		}
		if m.peopleSide > 0 {
			text := ""
			if i < len(people) {
				text = people[i]
			}
			right = line + w.fitStyled(text, m.peopleSide-1)
		}
		rows[i] = left + w.fitStyled(row, w.width) + right
	}
	return rows
}

// fitStyled cuts or pads a row that has styles.
func (w *writer) fitStyled(row string, width int) string {
	n := w.measure.StringWidth(row)
	if n > width {
		row = w.cut(row, width, "…")
		n = w.measure.StringWidth(row)
	}
	return row + strings.Repeat(" ", max(0, width-n))
}

// sideRooms returns the conversations that the list shows.
func (m *Model) sideRooms(height int) []*chatstate.Room {
	rooms := m.chat.Rooms()
	if len(rooms) <= height {
		return rooms
	}
	at := 0
	for i, r := range rooms {
		if r == m.active {
			at = i
		}
	}
	first := max(0, min(at-height/2, len(rooms)-height))
	return rooms[first : first+height]
}

// sideRow returns a row of the list of conversations.
func (m *Model) sideRow(r *chatstate.Room) string {
	w := m.words
	name := r.Name
	if r.Person {
		name = "@" + name
	}
	count := strings.TrimPrefix(m.label(r), name)
	width := m.side - 1
	text := w.fit(" "+name, width-w.measure.StringWidth(count)-1) + count + " "
	switch {
	case r == m.active:
		return w.selected.Render(text)
	case r.Mentions > 0:
		return w.mention.Render(text)
	case r.Unread > 0:
		return w.bold.Render(text)
	}
	return text
}

// roleMarks are before the names of people with a role in the room.
var roleMarks = map[string]string{"owner": "*", "operator": "@", "voiced": "+"}

// peopleRows returns the list of people.
func (m *Model) peopleRows(height int) (rows []string) {
	r := m.active
	if r == nil || m.peopleSide == 0 {
		return nil
	}
	w := m.words
	rows = append(rows, w.bold.Render(" "+m.t("members")))
	for i, p := range r.Members {
		if len(rows) == height-1 && len(r.Members)-i+r.Others > 1 {
			return append(rows, w.dim.Render("  "+m.t("andMore", "n", len(r.Members)-i+r.Others)))
		}
		mark := roleMarks[p.Role]
		if mark == "" {
			mark = " "
		}
		name := w.name(p.Name).Render(p.Name)
		if p.Away {
			name = w.dim.Render(p.Name + " (" + m.t("away") + ")")
		}
		rows = append(rows, mark+name)
	}
	if r.Others > 0 {
		rows = append(rows, w.dim.Render("  "+m.t("andMore", "n", r.Others)))
	}
	return rows[:min(len(rows), height)]
}

// notes returns the rows between the conversation and the input.
func (m *Model) notes() (rows []string) {
	w := *m.words
	w.width = m.width
	if m.offline {
		rows = append(rows, w.refusal.Render(w.fit(m.offlineNote(), m.width)))
	}
	if c := m.purpose; c != nil {
		text := m.t("editing")
		if !c.edit {
			text = m.t("replyingTo", "name", c.item.From) + " " + firstLine(c.item.Text)
		}
		rows = append(rows, w.dim.Render(w.fit(text+" (Esc)", m.width)))
	}
	if len(m.options) > 0 {
		rows = append(rows, m.optionRow())
	}
	if m.said != "" {
		rows = append(rows, w.refusal.Render(w.fit(m.said, m.width)))
	}
	return rows[max(0, len(rows)-max(0, m.height-3)):]
}

// offlineNote says that there is no connection, why, and when the next attempt is.
func (m *Model) offlineNote() string {
	parts := []string{m.t("tui.noConnection")}
	if left := m.retryAt.Sub(m.o.Now()); left > 0 {
		parts = append(parts, m.t("retryIn", "n", int((left+time.Second-1)/time.Second)), m.t("tui.enterRetries"))
	} else {
		parts = append(parts, m.t("connecting"))
	}
	if n := m.chat.Unacked(); n > 0 {
		parts = append(parts, m.t("tui.waitingCount", "n", n))
	}
	return strings.Join(parts, " ") + " (" + chatstate.Line(m.o.Reason(m.lost)) + ")"
}

// optionRow returns the completions, from the chosen one on if there is too little space.
func (m *Model) optionRow() string {
	w := m.words
	var b strings.Builder
	first := 0
	for first < m.option && m.optionsWidth(first, m.option) > m.width {
		first++
	}
	for i := first; i < len(m.options); i++ {
		label := " " + m.options[i].label + " "
		if i == m.option {
			label = w.selected.Render(label)
		}
		b.WriteString(label)
	}
	return w.fitStyled(b.String(), m.width)
}

func (m *Model) optionsWidth(from, to int) (n int) {
	for _, o := range m.options[from : to+1] {
		n += m.words.measure.StringWidth(o.label) + 2
	}
	return n
}
