package lineedit

// The control characters that have a function.
const (
	keyCtrlC = 0x03
	keyTab   = 0x09
	keyEsc   = 0x1b
	keyDEL   = 0x7f
)

// An action is what a key does.
type action func(*Editor)

// controls are the actions of control characters, except ^C and ^D, which are events.
var controls = map[byte]action{
	0x01: (*Editor).home, 0x02: (*Editor).left, 0x05: (*Editor).toEnd, 0x06: (*Editor).right,
	0x08: (*Editor).backspace, keyDEL: (*Editor).backspace,
	0x0b: (*Editor).killRight, 0x0c: (*Editor).redraw,
	0x0e: (*Editor).newer, 0x10: (*Editor).older,
	0x15: (*Editor).killLeft, 0x17: (*Editor).killWord,
}

// sequences are the actions of escape sequences, by the bytes after ESC. Those
// of Ctrl and Alt with an arrow are the ones of xterm and rxvt.
var sequences = map[string]action{
	"[A": (*Editor).older, "[B": (*Editor).newer, "[C": (*Editor).right, "[D": (*Editor).left,
	"OA": (*Editor).older, "OB": (*Editor).newer, "OC": (*Editor).right, "OD": (*Editor).left,
	"[H": (*Editor).home, "[F": (*Editor).toEnd, "OH": (*Editor).home, "OF": (*Editor).toEnd,
	"[1~": (*Editor).home, "[7~": (*Editor).home, "[4~": (*Editor).toEnd, "[8~": (*Editor).toEnd,
	"[3~": (*Editor).deleteRight, "[200~": (*Editor).beginPaste, "[201~": (*Editor).endPaste,
	"[1;5C": (*Editor).wordRight, "[1;3C": (*Editor).wordRight, "Oc": (*Editor).wordRight, "f": (*Editor).wordRight,
	"[1;5D": (*Editor).wordLeft, "[1;3D": (*Editor).wordLeft, "Od": (*Editor).wordLeft, "b": (*Editor).wordLeft,
	"\x7f": (*Editor).killWord, "\b": (*Editor).killWord,
}

// keys recognises escape sequences. The zero value is outside of any.
type keys struct {
	state  keyState
	paste  bool // inside a bracketed paste: control characters are no keys
	params [maxParams]byte
	n      int // bytes of the sequence so far; those beyond params are not kept
}

type keyState uint8

const (
	keyNone  keyState = iota
	keyBegin          // after ESC
	keyCSI            // after ESC [
	keySS3            // after ESC O
)

func (k *keys) active() bool { return k.state != keyNone }

func (k *keys) begin() { k.state, k.n = keyBegin, 0 }

// next takes a byte inside a sequence. If done is true the sequence is
// complete, and name is what follows ESC in it. part is false if the byte is
// not part of it; the sequence is then aborted.
func (k *keys) next(c byte) (name string, done, part bool) {
	if c == keyEsc { // another one begins
		k.begin()
		return "", false, true
	}
	switch {
	case k.n > maxSequence, c >= 0x80, k.state != keyBegin && (c < ' ' || c > '~'), k.state == keyBegin && c < ' ' && c != '\b':
		k.state = keyNone
		return "", false, false
	case k.n < len(k.params):
		k.params[k.n] = c
	}
	k.n++
	switch {
	case k.state == keyBegin && c == '[':
		k.state = keyCSI
		return "", false, true
	case k.state == keyBegin && c == 'O':
		k.state = keySS3
		return "", false, true
	case k.state == keyCSI && c < '@':
		return "", false, true
	}
	k.state = keyNone
	if k.n > len(k.params) {
		return "", true, true
	}
	return string(k.params[:k.n]), true, true
}

// press takes the action of an escape sequence; unknown ones do nothing.
func (e *Editor) press(name string) {
	if do := sequences[name]; do != nil && (!e.keys.paste || name == "[201~") {
		do(e)
	}
}

// control acts on a control character.
func (e *Editor) control(c byte) Event {
	switch {
	case c == keyCtrlC:
		return e.Interrupt()
	case e.discard:
		return Event{}
	case c == keyTab && e.completes():
		return e.tab()
	case c == keyTab:
		return e.insert([]byte{keyTab})
	case c == 0x04 && len(e.text) == 0:
		return Event{Kind: EOF}
	case c == 0x04:
		e.deleteRight()
	default:
		if do := controls[c]; do != nil {
			do(e)
		}
	}
	return Event{}
}

// completes reports whether TAB asks for a completion here.
func (e *Editor) completes() bool {
	word, _ := e.Word()
	return e.Completes && !e.Hidden && !e.keys.paste && len(word) > 0
}

// tab asks for a completion, once if that changes nothing: the key may repeat.
func (e *Editor) tab() Event {
	word, _ := e.Word()
	if len(word) == e.tabbed {
		return Event{}
	}
	e.tabbed = len(word)
	return Event{Kind: Complete}
}

func (e *Editor) home()  { e.pos = 0 }
func (e *Editor) toEnd() { e.pos = len(e.text) }
func (e *Editor) left()  { e.pos = e.before(e.pos) }
func (e *Editor) right() { e.pos = e.after(e.pos) }

func (e *Editor) older() { e.recall(e.at - 1) }
func (e *Editor) newer() { e.recall(e.at + 1) }

func (e *Editor) backspace()   { e.remove(e.before(e.pos), e.pos) }
func (e *Editor) deleteRight() { e.remove(e.pos, e.after(e.pos)) }
func (e *Editor) killLeft()    { e.remove(0, e.pos) }
func (e *Editor) killRight()   { e.remove(e.pos, len(e.text)) }
func (e *Editor) killWord()    { e.remove(e.wordStart(), e.pos) }

func (e *Editor) beginPaste() { e.keys.paste = true }
func (e *Editor) endPaste()   { e.keys.paste = false }

// redraw has Draw write everything again, whatever is on the screen.
func (e *Editor) redraw() { e.screen.unknown = true }

func (e *Editor) wordLeft() { e.pos = e.wordStart() }

func (e *Editor) wordRight() {
	for e.pos < len(e.text) && blank(e.text[e.pos]) {
		e.pos++
	}
	for e.pos < len(e.text) && !blank(e.text[e.pos]) {
		e.pos = e.after(e.pos)
	}
}

// wordStart returns where the word before the cursor begins.
func (e *Editor) wordStart() int {
	i := e.pos
	for i > 0 && blank(e.text[i-1]) {
		i--
	}
	for i > 0 && !blank(e.text[i-1]) {
		i--
	}
	return i
}

func blank(c byte) bool { return c == ' ' || c == keyTab }

// remove removes text[from:to] and puts the cursor there.
func (e *Editor) remove(from, to int) {
	tail := copy(e.text[from:], e.text[to:])
	clear(e.text[from+tail:])
	e.text = e.text[:from+tail]
	e.pos = from
}

// before returns the place one character to the left of i.
func (e *Editor) before(i int) int {
	from := 0
	if i > 0 && e.ascii(i-1) && (i < 2 || e.ascii(i-2)) {
		return i - 1
	}
	for at := 0; at < i; {
		from = at
		n, _ := e.character(e.text[at:])
		at += n
	}
	return from
}

func (e *Editor) ascii(i int) bool { return e.text[i] < 0x80 }

// after returns the place one character to the right of i.
func (e *Editor) after(i int) int {
	if i == len(e.text) {
		return i
	}
	n, _ := e.character(e.text[i:])
	return i + n
}
