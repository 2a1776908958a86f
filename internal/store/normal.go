package store

import (
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Normal returns r in the form in which it is read back: times in UTC and
// without monotonic clocks, events without Author, empty lists as nil. The
// lists are copies.
func Normal(r chat.Record) chat.Record {
	switch r := r.(type) {
	case chat.Post:
		r.Event = normalEvent(r.Event)
		return r
	case chat.Redaction:
		r.Since, r.Time = utc(r.Since), utc(r.Time)
		return r
	case chat.Edit:
		r.Time = utc(r.Time)
		return r
	case chat.Account:
		r.Created, r.Seen, r.Ignores, r.Rooms = utc(r.Created), utc(r.Seen), list(r.Ignores), list(r.Rooms)
		return r
	case chat.Session:
		r.Rotated, r.Seen, r.Rooms = utc(r.Rotated), utc(r.Seen), list(r.Rooms)
		r.Ignores, r.Mutes = list(r.Ignores), list(r.Mutes)
		return r
	case chat.RoomState:
		r.Created, r.Operators, r.Members, r.Voiced = utc(r.Created), list(r.Operators), list(r.Members), list(r.Voiced)
		return r
	case chat.Sanction:
		r.Since, r.Until = utc(r.Since), utc(r.Until)
		return r
	case chat.Mail:
		r.Time = utc(r.Time)
		return r
	case chat.Flag:
		r.Event = normalEvent(r.Event)
		return r
	}
	return r
}

func normalEvent(e chat.Event) chat.Event {
	e.Author, e.Time, e.Edited = 0, utc(e.Time), utc(e.Edited)
	return e
}

func utc(t time.Time) time.Time { return FromNanos(Nanos(t)) }

func list[T any](l []T) []T {
	if len(l) == 0 {
		return nil
	}
	return slices.Clone(l)
}
