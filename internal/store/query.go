package store

import (
	"cmp"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/words"
)

// MaxPhrases is how many words a search uses; further ones are ignored.
const MaxPhrases = 32

// Phrases returns the phrases of a query: the words of each word, which must follow
// each other ("e-mail" is two words). A word with a * directly after it matches any
// ending ("fo*"). ok is false if there were words, but none with a letter or digit:
// such a query matches nothing.
func Phrases(query []string) (phrases []words.Phrase, ok bool) {
	for _, text := range query {
		p := words.Phrase{Words: words.Of(text)}
		if len(p.Words) == 0 || len(phrases) == MaxPhrases {
			continue
		}
		if begun, star := strings.CutSuffix(text, "*"); star {
			p.Open = len(words.Of(begun+"x")) == len(p.Words)
		}
		phrases = append(phrases, p)
	}
	return phrases, len(phrases) > 0 || len(query) == 0
}

// Bounds returns the bounds of a room's history; 0 for none.
func Bounds(r chat.RoomState, keep Keep) (age time.Duration, bytes int64) {
	return cmp.Or(r.KeepAge, keep.Age), cmp.Or(r.KeepBytes, keep.Bytes)
}
