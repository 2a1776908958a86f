package store

import (
	"slices"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Means reports whether a redaction deletes p.
func Means(d chat.Redaction, p chat.Post) bool {
	e := p.Event
	switch {
	case e.Room != d.Room:
		return false
	case len(d.IDs) > 0:
		return slices.Contains(d.IDs, e.ID)
	case Nanos(e.Time) < Nanos(d.Since):
		return false
	case d.Account != 0:
		return e.Account == d.Account
	}
	return e.Account == 0 && p.Key == d.Key
}

// SamePost reports whether two posts with the same ID are equal, except for a
// text that was deleted.
func SamePost(a, b chat.Post) bool {
	if a.Event.Body == "" || b.Event.Body == "" {
		a.Event.Body, b.Event.Body = "", ""
	}
	a.Event.Author, b.Event.Author = 0, 0
	a.Event.Time, b.Event.Time = FromNanos(Nanos(a.Event.Time)), FromNanos(Nanos(b.Event.Time))
	return a == b
}
