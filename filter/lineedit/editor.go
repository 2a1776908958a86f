package lineedit

import (
	"bytes"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/safetext"
)

// The limits of an Editor.
const (
	DefaultMaxLine = 4096     // bytes of a line, if Editor.MaxLine is 0
	MaxHistory     = 50       // lines that can be recalled
	maxRemembered  = 16 << 10 // bytes of them
	maxParams      = 16       // bytes of an escape sequence that are kept
	maxSequence    = 64       // bytes after which a sequence is given up
)

// A Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	// None: all input was used.
	None Kind = iota
	// Line: Text is a whole line, as received and edited.
	Line
	// TooLong: the line has more than MaxLine bytes. It is dropped up to its
	// end.
	TooLong
	// Interrupt: ^C was pressed. The line is dropped.
	Interrupt
	// EOF: ^D was pressed on an empty line.
	EOF
	// Complete: TAB was pressed behind a word; see Editor.Completes.
	Complete
)

// An Event is something that an Editor found in its input.
type Event struct {
	Kind Kind
	// Text is the text of a Line. It belongs to the caller.
	Text []byte
	// Echo is the text of a Line or an Interrupt that stays on the screen: the
	// prompt and the typed text, without the end of the line. It belongs to the
	// caller.
	Echo []byte
}

// An Editor is one line that is being edited, and those before it. The zero value
// is ready. It belongs to one goroutine; its fields may be changed between calls.
type Editor struct {
	// Prompt is shown before the line. It is in the encoding of the terminal.
	Prompt []byte
	// Cols and Rows are the size of the window, 0 if it is not known.
	Cols, Rows int
	// MaxLine is how many bytes a line may have; 0 means DefaultMaxLine.
	MaxLine int
	// First is the first byte above ASCII that is a character by itself, for
	// terminals with a single-byte character set; 0 means UTF-8.
	First byte
	// Completes has TAB behind a word be an event: call Word and Replace. Otherwise, and
	// in a paste, TAB is text. A TAB after one that has changed nothing does nothing.
	Completes bool
	// Hidden is set while a password is asked for. It is neither drawn nor remembered.
	Hidden bool

	text []byte
	pos  int // of the cursor, between two characters

	rune0   [utf8.UTFMax]byte // the beginning of a character
	runeLen int
	keys    keys
	afterCR bool // a line feed that comes now belongs to the last line
	discard bool // the rest of a line that is too long
	tabbed  int  // bytes of the word at the last key, if that was a TAB which asked for a completion

	history    [][]byte // oldest first
	remembered int      // bytes
	at         int      // the line of history that is shown; len(history): none
	draft      []byte   // what was typed before history was shown

	screen screen
}

// Text returns the line that is being edited; it belongs to the Editor.
func (e *Editor) Text() []byte { return e.text }

// Word returns the word before the cursor, up to the last blank, and reports whether the line
// begins with it. It belongs to the Editor.
func (e *Editor) Word() (word []byte, first bool) {
	from := e.pos
	for from > 0 && !blank(e.text[from-1]) {
		from--
	}
	return e.text[from:e.pos], from == 0
}

// Replace replaces the word before the cursor, unless the line would be too long. The text is
// in the encoding of the terminal.
func (e *Editor) Replace(text []byte) {
	word, _ := e.Word()
	if len(e.text)-len(word)+len(text) > e.limit() {
		return
	}
	text = bytes.Clone(text) // it may be a part of the line
	e.remove(e.pos-len(word), e.pos)
	e.Insert(text)
	e.endRune()
}

// Insert inserts text at the cursor, as if it had been typed.
func (e *Editor) Insert(text []byte) {
	for _, c := range text {
		if c >= ' ' && c != keyDEL || c == keyTab {
			_ = e.literal(c)
		}
	}
}

// Erase applies an erasing key, BS, DEL, ^U or ^W, to the end of a line.
func Erase(line []byte, key byte) []byte {
	e := Editor{text: line, pos: len(line)}
	e.control(key)
	return e.text
}

// Clear drops the line that is being edited, unseen.
func (e *Editor) Clear() {
	clear(e.text) // it may be a password
	e.text, e.pos, e.runeLen, e.draft = e.text[:0], 0, 0, nil
	e.at = len(e.history)
}

// Next takes input as it was received, in pieces of any length, and returns the
// first event in it and the rest, which is for the next call.
func (e *Editor) Next(p []byte) (ev Event, rest []byte) {
	for len(p) > 0 {
		var again bool
		ev, again = e.take(p[0])
		if !again {
			p = p[1:]
		}
		if ev.Kind != None {
			break
		}
	}
	return ev, p
}

// take acts on one byte. again is true if the byte has ended a sequence without
// being part of it, and must be taken once more.
func (e *Editor) take(c byte) (ev Event, again bool) {
	afterCR := e.afterCR
	e.afterCR = c == '\r' || afterCR && c == 0
	if c != keyTab {
		e.tabbed = 0
	}
	switch {
	case e.keys.active() && c != keyCtrlC && c != '\r':
		k, done, part := e.keys.next(c)
		if done && !e.discard {
			e.press(k)
		}
		return Event{}, !part
	case c == keyEsc:
		e.endRune()
		e.keys.begin()
		return Event{}, false
	case c == '\n' && afterCR, c == 0:
		return Event{}, false
	case c == '\r', c == '\n':
		return e.end(), false
	case e.keys.paste && c < ' ' && c != keyTab && c != keyCtrlC:
		return Event{}, false
	case c >= ' ' && c != keyDEL:
		return e.literal(c), false
	}
	e.endRune()
	return e.control(c), false
}

// literal takes a byte of text.
func (e *Editor) literal(c byte) Event {
	if e.First != 0 || c < utf8.RuneSelf {
		e.endRune()
		return e.insert([]byte{c})
	}
	e.rune0[e.runeLen] = c
	e.runeLen++
	for e.runeLen > 0 && utf8.FullRune(e.rune0[:e.runeLen]) {
		r, n := utf8.DecodeRune(e.rune0[:e.runeLen])
		b := e.rune0
		e.runeLen = copy(e.rune0[:], e.rune0[n:e.runeLen])
		if r == 0x2028 || r == 0x2029 {
			b[0], n = ' ', 1
		} else if r != utf8.RuneError && !safetext.Harmless(r) {
			continue
		}
		if ev := e.insert(b[:n]); ev.Kind != None {
			e.runeLen = 0
			return ev
		}
	}
	return Event{}
}

// endRune inserts the bytes of a character that was not completed.
func (e *Editor) endRune() {
	n := e.runeLen
	e.runeLen = 0
	if n > 0 {
		_ = e.insert(bytes.Clone(e.rune0[:n])) // if these are too long, so is the next byte
	}
}

// limit returns how many bytes a line may have.
func (e *Editor) limit() int {
	if e.MaxLine > 0 {
		return e.MaxLine
	}
	return DefaultMaxLine
}

// insert inserts b at the cursor.
func (e *Editor) insert(b []byte) Event {
	switch {
	case e.discard:
		return Event{}
	case len(e.text)+len(b) > e.limit():
		e.Clear()
		e.discard = true
		return Event{Kind: TooLong}
	}
	e.text = append(e.text, b...)
	copy(e.text[e.pos+len(b):], e.text[e.pos:])
	copy(e.text[e.pos:], b)
	e.pos += len(b)
	return Event{}
}

// end ends the line.
func (e *Editor) end() Event {
	e.endRune()
	e.keys = keys{paste: e.keys.paste}
	if e.discard {
		e.discard = false
		return Event{}
	}
	ev := Event{Kind: Line, Text: bytes.Clone(e.text), Echo: e.echo()}
	if !e.Hidden {
		e.remember(ev.Text)
	}
	e.Clear()
	return ev
}

// Interrupt drops the line, as ^C does.
func (e *Editor) Interrupt() Event {
	e.keys, e.discard = keys{}, false
	ev := Event{Kind: Interrupt, Echo: append(e.echo(), "^C"...)}
	e.Clear()
	return ev
}

// echo returns the prompt and the line as they are shown.
func (e *Editor) echo() []byte {
	shown, _ := e.visible(bytes.Clone(e.Prompt))
	return shown
}

// remember adds a line to the history.
func (e *Editor) remember(line []byte) {
	if n := len(e.history); len(line) == 0 || n > 0 && bytes.Equal(e.history[n-1], line) {
		return
	}
	e.history = append(e.history, bytes.Clone(line))
	e.remembered += len(line)
	for len(e.history) > MaxHistory || e.remembered > maxRemembered {
		e.remembered -= len(e.history[0])
		e.history[0] = nil
		e.history = e.history[1:]
	}
}

// recall shows the line of history at i, which may be the draft behind all of them.
func (e *Editor) recall(i int) {
	if i < 0 || i > len(e.history) || e.Hidden {
		return
	}
	if e.at == len(e.history) {
		e.draft = bytes.Clone(e.text)
	}
	line := e.draft
	if e.at = i; i < len(e.history) {
		line = e.history[i]
	}
	e.text = append(e.text[:0], line...)
	e.pos = len(e.text)
}
