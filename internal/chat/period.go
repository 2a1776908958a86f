package chat

import (
	"errors"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

// period reads an optional duration and the reason after it; 0 means permanently.
// Text that begins like a number and is not a duration is refused, and never taken
// for a reason: a typing error would be permanent. "permanent" before the reason
// allows one that begins like a number.
func period(text string) (d time.Duration, reason string, err error) {
	words := strings.Fields(text)
	if len(words) > 0 && isForever(words[0]) {
		return 0, after(text, 1), nil
	}
	d, n, err := duration.Prefix(words)
	switch {
	case err != nil:
		return 0, "", badDuration(words[0], err)
	case n > 0 && d < time.Second:
		return 0, "", refusal("duration-too-short", "examples", duration.Examples)
	}
	return d, after(text, n), nil
}

func isForever(word string) bool {
	word = strings.ToLower(word)
	return word == "permanent" || word == "permanently" || word == "forever"
}

// badDuration tells a user what is wrong with a duration.
func badDuration(word string, err error) error {
	word = clip(word)
	switch {
	case errors.Is(err, duration.ErrNoUnit):
		return refusal("duration-without-unit", "text", word, "examples", duration.Examples)
	case errors.Is(err, duration.ErrTooLong):
		return refusal("duration-too-long", "text", word)
	}
	return refusal("no-duration", "text", word, "examples", duration.Examples)
}

// after returns text without its first n words.
func after(text string, n int) string {
	text = strings.TrimSpace(text)
	for ; n > 0 && text != ""; n-- {
		_, rest, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
		text = strings.TrimSpace(rest)
	}
	return text
}

// seconds reads a duration; without a unit it is in seconds.
func seconds(text string) (time.Duration, bool) {
	d, err := duration.Parse(text)
	if errors.Is(err, duration.ErrNoUnit) {
		d, err = duration.Parse(text + "s")
	}
	return d, err == nil
}
