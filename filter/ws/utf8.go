package ws

import "unicode/utf8"

// A textCheck checks that a text is UTF-8 while its bytes arrive. It fails at the first
// byte that can't be part of any.
type textCheck struct {
	begun [utf8.UTFMax]byte // a character of which bytes are missing
	n     uint8
}

// add reports whether the text is valid so far.
func (t *textCheck) add(p []byte) bool {
	for t.n > 0 && len(p) > 0 {
		t.begun[t.n] = p[0]
		t.n++
		p = p[1:]
		if b := t.begun[:t.n]; utf8.FullRune(b) { // complete, or invalid
			if !utf8.Valid(b) {
				return false
			}
			t.n = 0
		}
	}
	cut := len(p)
	for i := len(p) - 1; i >= max(0, len(p)-utf8.UTFMax+1); i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				cut = i
			}
			break
		}
	}
	if !utf8.Valid(p[:cut]) {
		return false
	}
	if cut < len(p) {
		t.n = uint8(copy(t.begun[:], p[cut:]))
	}
	return true
}

// complete reports whether the text may end here.
func (t *textCheck) complete() bool { return t.n == 0 }
