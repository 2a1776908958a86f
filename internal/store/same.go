package store

import (
	"slices"
	"time"

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
// text that was deleted, or edited in only one of them or at another time.
func SamePost(a, b chat.Post) bool {
	a, b = stored(a), stored(b)
	if a.Event.Body == "" || b.Event.Body == "" || a.Event.Edited != b.Event.Edited {
		a.Event.Body, b.Event.Body = "", ""
		a.Event.Edited, b.Event.Edited = time.Time{}, time.Time{}
	}
	return a == b
}

// LaterEdit returns the Edit that makes a post the same as another one with its ID,
// if that was edited later. A deleted text stays deleted.
func LaterEdit(there, p chat.Post) (edit chat.Edit, ok bool) {
	e := p.Event
	return chat.Edit{Room: e.Room, ID: e.ID, Body: e.Body, Time: e.Edited}, e.Body != "" && Nanos(e.Edited) > Nanos(there.Event.Edited)
}

// stored returns the message that is stored of a post.
func stored(p chat.Post) chat.Post { return chat.Post{Event: normalEvent(p.Event), Key: p.Key} }
