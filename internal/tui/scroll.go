//go:build !aix

package tui

import "github.com/sudoXpg/netloop/internal/chatstate"

// A scroll is the part of a conversation that the screen shows. It writes only the rows that are
// visible, however long the conversation is.
type scroll struct {
	// The first visible item, and how many of its rows are visible, counted from its last
	// one: the name of a day above it may come and go. nil: the end of the conversation is
	// visible, and stays so.
	top   *chatstate.Item
	shown int
	// cursor is the selected item; nil for none.
	cursor *chatstate.Item
}

// A content is a list of blocks of rows.
type content struct {
	n    int
	rows func(block int) []string
}

// stuck reports whether the end is visible.
func (s *scroll) stuck() bool { return s.top == nil }

// end shows the end.
func (s *scroll) end() { s.top, s.shown = nil, 0 }

// start returns the block and the row in it that a screen of some height begins with.
func (s *scroll) start(room *chatstate.Room, c content, height int) (block, skip int) {
	if s.top != nil {
		block, skip = above(c, min(room.Index(s.top)+1, c.n), 0, s.shown)
		if c.fills(block, skip, height) {
			return block, skip
		}
	}
	return above(c, c.n, 0, height)
}

// fills reports whether there are so many rows from a place on.
func (c content) fills(block, skip, height int) bool {
	rows := -skip
	for ; block < c.n && rows < height; block++ {
		rows += len(c.rows(block))
	}
	return rows >= height
}

// above returns the place that is so many rows before a row of a block.
func above(c content, block, skip, rows int) (int, int) {
	for rows > skip && block > 0 {
		rows -= skip
		block--
		skip = len(c.rows(block))
	}
	return block, max(0, skip-rows)
}

// render returns the rows of a screen: fewer if there are no more.
func (s *scroll) render(room *chatstate.Room, c content, height int) []string {
	block, skip := s.start(room, c, height)
	rows := make([]string, 0, height)
	for ; block < c.n && len(rows) < height; block++ {
		all := c.rows(block)
		all = all[min(skip, len(all)):]
		skip = 0
		rows = append(rows, all[:min(len(all), height-len(rows))]...)
	}
	return rows
}

// move scrolls by so many rows, up if it is negative.
func (s *scroll) move(room *chatstate.Room, c content, height, by int) {
	block, skip := s.start(room, c, height)
	if by < 0 {
		block, skip = above(c, block, skip, -by)
		s.hold(room, c, height, block, skip)
		return
	}
	for skip += by; block < c.n; block++ {
		if n := len(c.rows(block)); skip >= n {
			skip -= n
			continue
		}
		break
	}
	s.hold(room, c, height, block, skip)
}

// hold lets the screen begin at a place, or at the end if that is visible then.
func (s *scroll) hold(room *chatstate.Room, c content, height, block, skip int) {
	items := room.Items()
	if block >= len(items) || !c.fills(block, skip, height+1) {
		s.end()
		return
	}
	s.top, s.shown = items[block], max(1, len(c.rows(block))-skip)
}

// reveal scrolls so that an item is visible, as little as possible. With center it is in the
// middle if it was not visible.
func (s *scroll) reveal(room *chatstate.Room, c content, height int, i *chatstate.Item, center bool) {
	at := room.Index(i)
	block, skip := s.start(room, c, height)
	if at < block || at == block && skip > 0 {
		block, skip = at, 0
		if center {
			block, skip = above(c, at, 0, height/2)
		}
		s.hold(room, c, height, block, skip)
		return
	}
	below := -skip
	for b := block; b <= at && b < c.n; b++ {
		if below += len(c.rows(b)); below > height {
			break
		}
	}
	if below <= height {
		return
	}
	if center {
		block, skip = above(c, at, 0, height/2)
	} else {
		block, skip = above(c, at+1, 0, height)
	}
	s.hold(room, c, height, block, skip)
}
