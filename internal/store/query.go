package store

import (
	"cmp"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/words"
)

// MaxPhrases is how many words a search looks for; more are not looked for.
const MaxPhrases = 32

// Phrases returns what a query looks for: the words of each word, which must
// stand one after the other ("e-mail" is two of them). ok is false if there were
// words and none has a letter or digit: that means nothing, not everything.
func Phrases(query []string) (phrases [][]string, ok bool) {
	for _, text := range query {
		if phrase := words.Of(text); len(phrase) > 0 && len(phrases) < MaxPhrases {
			phrases = append(phrases, phrase)
		}
	}
	return phrases, len(phrases) > 0 || len(query) == 0
}

// Bounds returns those of a room's history; 0 for none.
func Bounds(r chat.RoomState, keep Keep) (age time.Duration, bytes int64) {
	return cmp.Or(r.KeepAge, keep.Age), cmp.Or(r.KeepBytes, keep.Bytes)
}
