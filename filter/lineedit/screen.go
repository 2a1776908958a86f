package lineedit

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

const (
	usualCols = 80 // where the window's size is not known
	usualRows = 24
	leastCols = 4
	// maxCharacter is how many bytes are searched for the end of a character with
	// all its combining marks.
	maxCharacter = 128
)

// A screen is the output of Draw on the terminal.
type screen struct {
	rows    [][]byte // none: nothing is drawn
	row     int      // where the cursor is
	prefix  int      // bytes of that row before the cursor
	unknown bool     // there may be other text in the row of the cursor
}

// Unknown tells the Editor that there may be other text in the row of the
// cursor, such as a prompt. The next Draw clears it.
func (e *Editor) Unknown() { e.redraw() }

// Undraw appends the bytes that erase the line and its prompt from the screen and
// leave the cursor in the first column, where other output can follow.
func (e *Editor) Undraw(dst []byte) []byte {
	if s := &e.screen; len(s.rows) > 0 {
		dst = append(vertical(append(dst, '\r'), -s.row), "\x1b[J"...)
		*s = screen{}
	}
	return dst
}

// Draw appends the bytes that bring the line and its prompt up to date on the
// screen. Other output since the last Undraw must end in the first column.
func (e *Editor) Draw(dst []byte) []byte {
	now, was := e.layout(), e.screen
	switch {
	case was.unknown && len(was.rows) == 0:
		dst = append(dst, "\r\x1b[J"...)
	case was.unknown || len(now.rows) == 0:
		dst = e.Undraw(dst)
	case len(was.rows) > 0:
		e.screen = now
		return now.update(dst, was)
	}
	e.screen = now
	return now.write(dst, 0)
}

// write appends the rows from the first on, the cursor being at its beginning.
func (s screen) write(dst []byte, first int) []byte {
	for i := first; i < len(s.rows); i++ {
		if i > first {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, s.rows[i]...)
	}
	last := len(s.rows) - 1
	if last < 0 || s.row == last && s.prefix == len(s.rows[last]) {
		return dst
	}
	return s.place(dst, last)
}

// place appends the bytes that put the cursor in its place, from any column of a row.
func (s screen) place(dst []byte, from int) []byte {
	dst = vertical(append(dst, '\r'), s.row-from)
	return append(dst, s.rows[s.row][:s.prefix]...)
}

// update appends the bytes that turn was, which is on the screen, into s.
func (s screen) update(dst []byte, was screen) []byte {
	same := 0
	for same < min(len(s.rows), len(was.rows)) && bytes.Equal(s.rows[same], was.rows[same]) {
		same++
	}
	switch last := len(s.rows) - 1; {
	case same == len(s.rows) && same == len(was.rows):
		if s.row == was.row && s.prefix == was.prefix {
			return dst
		}
		return s.place(dst, was.row)
	case same == last && len(was.rows) == len(s.rows) && was.atEnd() && s.atEnd() && bytes.HasPrefix(s.rows[last], was.rows[last]):
		return append(dst, s.rows[last][len(was.rows[last]):]...) // typing at the end
	}
	same = min(same, len(was.rows)-1, len(s.rows)-1)
	dst = append(vertical(append(dst, '\r'), same-was.row), "\x1b[J"...)
	return s.write(dst, same)
}

func (s screen) atEnd() bool {
	last := len(s.rows) - 1
	return s.row == last && s.prefix == len(s.rows[last])
}

// vertical appends the bytes that move the cursor n rows down, or up if n is negative.
func vertical(dst []byte, n int) []byte {
	switch {
	case n > 0:
		return append(strconv.AppendInt(append(dst, "\x1b["...), int64(n), 10), 'B')
	case n < 0:
		return append(strconv.AppendInt(append(dst, "\x1b["...), int64(-n), 10), 'A')
	}
	return dst
}

// layout divides prompt and line into rows, none if both are empty. Of more rows
// than the window has, those up to the cursor's are shown.
func (e *Editor) layout() screen {
	shown, cursor := e.visible(slices.Clone(e.Prompt))
	if len(shown) == 0 {
		return screen{}
	}
	cols, most := e.size()
	var s screen
	start, width := 0, 0
	marks := false // marks after the cursor that do not move it are written before the cursor is placed
	for at := 0; at < len(shown); {
		n, w := e.character(shown[at:])
		if at < len(e.Prompt) { // its end is the end of a character
			n = min(n, len(e.Prompt)-at)
		}
		if w > cols {
			n, w = fitting(shown[at:at+n], cols)
		}
		if width+w > cols && width > 0 {
			s.rows = append(s.rows, shown[start:at:at])
			start, width = at, 0
		}
		if marks = marks && w == 0; marks {
			s.prefix += n
		} else if at <= cursor && cursor < at+n {
			s.row, s.prefix = len(s.rows), at-start
			if marks = w == 0; marks {
				s.prefix += n
			}
		}
		at += n
		width += w
	}
	s.rows = append(s.rows, shown[start:])
	if cursor == len(shown) {
		s.row, s.prefix = len(s.rows)-1, cursor-start
	}
	if len(s.rows) > most {
		top := max(0, s.row-most+1)
		s.rows, s.row = s.rows[top:top+most], s.row-top
	}
	return s
}

// fitting returns how much of a character that is too wide for a row fits into
// one: at least one code point.
func fitting(b []byte, cols int) (n, w int) {
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		wide := displaywidth.Rune(r)
		if n > 0 && w+wide > cols {
			break
		}
		n, w = n+size, w+wide
	}
	return n, w
}

// size returns how many columns and rows may be used. The last column stays
// free: terminals differ in what they do after it.
func (e *Editor) size() (cols, rows int) {
	cols, rows = usualCols, usualRows
	if e.Cols > 0 {
		cols = e.Cols
	}
	if e.Rows > 0 {
		rows = e.Rows
	}
	return max(cols, leastCols) - 1, max(rows-1, 1)
}

// visible appends the line as the terminal is to show it, and returns the place
// of the cursor in that.
func (e *Editor) visible(dst []byte) (shown []byte, cursor int) {
	if e.Hidden {
		return dst, len(dst)
	}
	cursor = len(dst) + e.pos
	for i := 0; i < len(e.text); {
		c, n := e.text[i], 1
		if e.First == 0 && c >= utf8.RuneSelf {
			_, n = utf8.DecodeRune(e.text[i:])
		}
		switch {
		case n > 1:
			dst = append(dst, e.text[i:i+n]...)
		case c == keyTab:
			dst = append(dst, ' ')
		case c >= utf8.RuneSelf && c < max(e.First, 0x80), e.First == 0 && c >= utf8.RuneSelf && c < 0xa0:
			dst = append(dst, '?') // a control character
		default:
			dst = append(dst, c)
		}
		i += n
	}
	return dst, cursor
}

// character returns how many bytes the first character of b has, combining marks
// and joined ones included, and how many columns it takes at most: terminals
// without support for joiners show the parts side by side.
func (e *Editor) character(b []byte) (n, cols int) {
	if e.First != 0 || b[0] < utf8.RuneSelf && (len(b) == 1 || b[1] < utf8.RuneSelf) {
		return 1, 1
	}
	valid := 0
	for valid < min(len(b), maxCharacter) {
		r, n := utf8.DecodeRune(b[valid:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		valid += n
	}
	if valid == 0 {
		return 1, 1 // a broken byte
	}
	g := displaywidth.BytesGraphemes(b[:valid])
	g.Next()
	apart := 0
	for _, r := range string(g.Value()) {
		apart += displaywidth.Rune(r)
	}
	if apart == 0 { // marks without a base character
		return len(g.Value()), 0
	}
	return len(g.Value()), max(g.Width(), apart)
}
