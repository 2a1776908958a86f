package chatstate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/safetext"
)

// Limits of what is shown of a text, whatever the server sends: bytes of a line and of a
// message, and lines of a message. A server of ours sends less.
const (
	MaxLine  = 4 << 10
	MaxText  = 64 << 10
	MaxLines = 256
)

var spaces = strings.NewReplacer("\n", " ", "\t", " ")

// Line returns a text as one line that is safe for a terminal.
func Line(text string) string {
	return Text(spaces.Replace(cut(text, MaxLine)))
}

// Text returns a text that is safe for a terminal but for its line ends.
func Text(text string) string {
	text = cut(text, MaxText)
	if !strings.Contains(text, "\n") {
		return string(safetext.Clean(nil, []byte(text)))
	}
	lines := strings.SplitN(text, "\n", MaxLines+1)
	if len(lines) > MaxLines {
		lines[MaxLines] = "…"
	}
	for i, line := range lines {
		lines[i] = string(safetext.Clean(nil, []byte(line)))
	}
	return strings.Join(lines, "\n")
}

// cut cuts a text that is too long.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// Mentions reports whether a text has a name as a word of its own.
func Mentions(text, name string) bool {
	if name == "" {
		return false
	}
	text, name = strings.ToLower(text), strings.ToLower(name)
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(name)
		last, _ := utf8.DecodeLastRuneInString(text[:begin])
		next, _ := utf8.DecodeRuneInString(text[end:])
		if !inWord(last) && !inWord(next) {
			return true
		}
		at = end
	}
}

func inWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
