package server

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
)

// Completion by TAB of the lines that the server edits.

// complete asks for the words that begin with the one before the cursor.
func (s *session) complete() {
	word, command := s.word()
	if strings.HasPrefix(word, "/") && !command {
		s.completed(nil)
		return
	}
	s.srv.hub.Complete(&s.member, strings.TrimPrefix(word, "@"), s.now())
}

// word returns the word before the cursor, and whether the line begins with it.
func (s *session) word() (word string, first bool) {
	raw, first := s.dec.Editor().Word()
	return clean(s.encoding.Charset, raw), first
}

// completed completes the word before the cursor. If there are several words it could become,
// it grows as far as they are equal, or they are shown. If there is none, TAB is text.
func (s *session) completed(words []string) {
	ed := s.dec.Editor()
	if ed == nil {
		return
	}
	word, first := s.word()
	word = strings.TrimPrefix(word, "@")
	switch {
	case len(words) == 0:
		ed.Insert([]byte{'\t'})
		return
	case len(words) == 1:
		end := " "
		if first && words[0][0] != '/' && words[0][0] != '#' {
			end = ": "
		}
		s.replace(words[0] + end)
		return
	}
	// There may be more of them, which are equal up to less.
	if same := common(words); len(words) < chat.MaxCompletions && utf8.RuneCountInString(same) > utf8.RuneCountInString(word) {
		s.replace(same)
		return
	}
	s.notice(chat.NewNote("completions", "words", words))
}

// replace replaces the word before the cursor.
func (s *session) replace(with string) {
	s.dec.Editor().Replace(charset.Encoding{Charset: s.encoding.Charset}.Encode([]byte(with)))
}

// common returns how the words all begin, as the first one is written.
func common(words []string) string {
	same := []rune(words[0])
	for _, w := range words[1:] {
		n := 0
		for _, r := range w {
			if n == len(same) || unicode.ToLower(r) != unicode.ToLower(same[n]) {
				break
			}
			n++
		}
		same = same[:n]
	}
	return string(same)
}
