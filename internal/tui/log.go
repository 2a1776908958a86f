//go:build !aix

package tui

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/sudoXpg/netloop/internal/chatstate"
)

// content returns a conversation as blocks: its items, and the messages that wait.
func (m *Model) content(r *chatstate.Room) content {
	items := r.Items()
	waiting := m.chat.Waiting(r)
	cursor := m.view(r).cursor
	return content{n: len(items) + len(waiting), rows: func(block int) []string {
		if block >= len(items) {
			return m.words.waiting(waiting[block-len(items)], !m.offline)
		}
		var before, answered *chatstate.Item
		if block > 0 {
			before = items[block-1]
		}
		i := items[block]
		if i.ReplyTo != 0 {
			answered = r.ByID(i.ReplyTo)
		}
		rows := m.words.item(r, i, before, answered)
		if i == cursor {
			for n, row := range rows {
				rows[n] = m.words.selected.Render(m.words.fit(ansi.Strip(row), m.words.width))
			}
		}
		return rows
	}}
}

// visible returns the visible rows of the active conversation.
func (m *Model) visible() []string {
	return m.view(m.active).render(m.active, m.content(m.active), m.logHeight)
}

// itemAt returns the item on a row of the screen, or nil.
func (m *Model) itemAt(row int) *chatstate.Item {
	r := m.active
	c := m.content(r)
	s := m.view(r)
	missing := m.logHeight - len(s.render(r, c, m.logHeight))
	block, skip := s.start(r, c, m.logHeight)
	items := r.Items()
	for row -= missing - skip; block < len(items) && row >= 0; block++ {
		n := len(c.rows(block))
		if row < n {
			return items[block]
		}
		row -= n
	}
	return nil
}

// scrollBy scrolls the active conversation by rows.
func (m *Model) scrollBy(rows int) {
	if m.active == nil {
		return
	}
	s := m.view(m.active)
	s.move(m.active, m.content(m.active), m.logHeight, rows)
	if s.stuck() {
		m.active.NewFrom = nil
	}
	m.load(m.active)
}

// scrollPages scrolls by almost a screen.
func (m *Model) scrollPages(by int) { m.scrollBy(by * max(1, m.logHeight-2)) }

// reveal makes an item visible.
func (m *Model) reveal(r *chatstate.Room, i *chatstate.Item, center bool) {
	m.layout()
	m.view(r).reveal(r, m.content(r), m.logHeight, i, center)
}
