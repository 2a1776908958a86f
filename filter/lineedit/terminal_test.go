package lineedit

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// A terminal is a small model of one: it has rows of cells and a cursor, and
// scrolls. Two kinds differ in how they show joined characters.
type terminal struct {
	t interface {
		Fatalf(format string, args ...any)
	}
	cols     int
	height   int
	together bool // shows a character of several code points in one place
	bytes    bool // each byte is a character

	rows     [][]cell // all rows; the last height of them are on the screen
	row, col int
	fresh    bool // nothing was written since the cursor was put into the first column
}

// A cell holds a character; the second one of a wide character is empty.
type cell struct {
	text string
	lead string // combining marks at the beginning of a row, without a base character
}

func newTerminal(t interface{ Fatalf(string, ...any) }, cols, height int, together bool) *terminal {
	m := &terminal{t: t, cols: cols, height: height, together: together, fresh: true}
	m.rows = [][]cell{make([]cell, cols)}
	return m
}

// top is the first row on the screen.
func (m *terminal) top() int { return max(0, len(m.rows)-m.height) }

func (m *terminal) write(p []byte) {
	for len(p) > 0 {
		switch {
		case p[0] == '\r':
			m.col, m.fresh, p = 0, true, p[1:]
		case p[0] == '\n':
			if m.row++; m.row == len(m.rows) {
				m.rows = append(m.rows, make([]cell, m.cols))
			}
			p = p[1:]
		case p[0] == 0x1b:
			p = m.sequence(p)
		case p[0] < ' ' || p[0] == 0x7f:
			m.t.Fatalf("the control character %#x was written", p[0])
		case m.bytes:
			m.put(string(p[:1]), 1)
			p = p[1:]
		default:
			r, n := utf8.DecodeRune(p)
			m.print(string(p[:n]), r)
			p = p[n:]
		}
	}
}

func (m *terminal) sequence(p []byte) (rest []byte) {
	end := 2
	for p[end] < '@' {
		end++
	}
	n, err := strconv.Atoi(string(p[2:end]))
	if err != nil {
		n = 1
	}
	switch p[end] {
	case 'A':
		m.row = max(m.row-n, m.top())
	case 'B':
		m.row = min(m.row+n, len(m.rows)-1)
	case 'J':
		for i := m.row; i < len(m.rows); i++ {
			from := 0
			if i == m.row {
				from = m.col
			}
			clear(m.rows[i][from:])
		}
		m.rows = m.rows[:m.row+1] // the rows below are out of sight
		for len(m.rows) < m.top() {
			m.rows = append(m.rows, make([]cell, m.cols))
		}
	default:
		m.t.Fatalf("what is %q?", p[:end+1])
	}
	return p[end+1:]
}

// print shows one code point.
func (m *terminal) print(s string, r rune) {
	if before := m.before(); m.together && before != nil && !m.fresh {
		g := displaywidth.StringGraphemes(before.text + s)
		if g.Next() && len(g.Value()) == len(before.text)+len(s) {
			grown := g.Width() - displaywidth.String(before.text)
			before.text += s
			m.col += max(grown, 0)
			m.check()
			return
		}
	}
	w := displaywidth.Rune(r)
	if m.together {
		w = displaywidth.String(s)
	}
	m.put(s, w)
}

func (m *terminal) put(s string, w int) {
	switch before := m.before(); {
	case w == 0 && before != nil && !m.fresh:
		before.text += s
	case w == 0:
		if at := &m.rows[m.row][0]; m.fresh {
			at.lead = s
		} else {
			at.lead += s
		}
	default:
		lead := ""
		if m.col == 0 && !m.fresh {
			lead = m.rows[m.row][0].lead
		}
		for i := range w {
			m.rows[m.row][min(m.col+i, m.cols-1)] = cell{}
		}
		m.rows[m.row][m.col] = cell{text: s, lead: lead}
		m.col += w
	}
	m.fresh = false
	m.check()
}

// before returns the cell of the last character before the cursor.
func (m *terminal) before() *cell {
	for i := m.col - 1; i >= 0; i-- {
		if at := &m.rows[m.row][i]; at.text != "" {
			return at
		}
	}
	return nil
}

// check: nothing is ever written into the last column.
func (m *terminal) check() {
	if m.col > m.cols-1 {
		m.t.Fatalf("row %q is full", m.line(m.row, m.cols))
	}
}

// line returns what the cells of a row before a column show.
func (m *terminal) line(row, col int) string {
	var b strings.Builder
	for i, c := range m.rows[row][:col] {
		if i == 0 {
			b.WriteString(c.lead)
		}
		b.WriteString(c.text)
	}
	if col == 0 && !m.fresh {
		b.WriteString(m.rows[row][0].lead)
	}
	return b.String()
}

// shown returns the text from a row on, and the part of it before the cursor.
func (m *terminal) shown(from int) (all, before string) {
	for i := from; i < len(m.rows); i++ {
		if i < m.row {
			before += m.line(i, m.cols)
		} else if i == m.row {
			before += m.line(i, m.col)
		}
		all += m.line(i, m.cols)
	}
	return all, before
}
