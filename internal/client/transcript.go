package client

import (
	"cmp"
	"slices"
)

// A Transcript is what is known of a room's messages, in the room's order: events add,
// delete and take back messages. The zero value is that of a room that the client is
// not in. It belongs to one goroutine.
type Transcript struct {
	Room string
	// Most is how many messages are retained; 0 for all.
	Most int

	messages []Message // by ID
	begun    bool      // with a Joined that may not have the older messages
	gap      bool
}

// Messages returns the messages, oldest first, until the next Apply.
func (t *Transcript) Messages() []Message { return t.messages }

// Gap reports whether messages are missing that only a History has: older ones, because
// there was no session to resume, or those of a Gap. The event Filled ends the latter.
func (t *Transcript) Gap() bool { return t.begun || t.gap }

// Filled is called when History has brought all that was missing.
func (t *Transcript) Filled() { t.begun, t.gap = false, false }

// Apply changes the transcript by an event. Events of other rooms are ignored.
func (t *Transcript) Apply(e Event) {
	switch e := e.(type) {
	case Message:
		t.add(e)
	case Joined:
		t.joined(e)
	case History:
		if e.Room == t.Room {
			t.add(e.Events...)
		}
	case Gap:
		t.gap = t.gap || e.Room == t.Room
	case Filled:
		t.gap = t.gap && e.Room != t.Room
	case Rollback:
		t.remove(func(m *Message) bool { return e.Room == t.Room && m.Epoch == e.Epoch && m.Seq > e.KeptTo })
	case RoomEvent:
		if e.Room == t.Room && e.What == "redact" {
			name, _ := e.Args["name"].(string)
			t.remove(func(m *Message) bool {
				return e.Redacted != 0 && m.ID == e.Redacted || e.Redacted == 0 && name != "" && m.From == name
			})
		}
	}
}

// joined adds what was missed. Without a session it is unknown which of the messages
// from before still exist.
func (t *Transcript) joined(e Joined) {
	if e.Room != t.Room {
		return
	}
	if !e.Resumed {
		t.messages, t.begun, t.gap = nil, true, false
	}
	t.add(e.History...)
}

func (t *Transcript) remove(which func(*Message) bool) {
	t.messages = slices.DeleteFunc(t.messages, func(m Message) bool { return which(&m) })
}

// add adds messages that are not there yet.
func (t *Transcript) add(list ...Message) {
	for _, m := range list {
		if m.Room != t.Room || m.ID == 0 {
			continue
		}
		if i, known := slices.BinarySearchFunc(t.messages, m.ID, func(m Message, id uint64) int { return cmp.Compare(m.ID, id) }); !known {
			t.messages = slices.Insert(t.messages, i, m)
		}
	}
	if n := len(t.messages) - t.Most; t.Most > 0 && n > 0 {
		t.messages = slices.Delete(t.messages, 0, n)
	}
}
