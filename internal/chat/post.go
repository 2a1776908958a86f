package chat

import (
	"strings"
	"time"
)

// A Line is a message of a member that says where it goes.
type Line struct {
	Kind Kind // Say or Action
	// Room is the room that it goes to, or To the person; without both it goes to the
	// current room.
	Room, To string
	Text     string
	// CID identifies the message to its sender, who waits for a [Saved] then; "" for
	// none.
	CID string
}

// Post publishes a message of m. A Saved with its CID follows when it is on disk; if it
// is refused, m is told why instead.
func (h *Hub) Post(m *Member, l Line, now time.Time) {
	h.heard(m, now)
	r, err := h.target(m, &l)
	switch {
	case err != nil:
		m.refuse(Why(err))
	case l.To != "":
		if s, known := h.receiptsOf(m).known(l.CID); known {
			m.out.Answer(s)
			return
		}
		h.private(m, l.To, l.Text, l.CID, now)
	default:
		var p *postage
		if l.CID != "" {
			if p = h.receiptsOf(m).begin(l.CID, m.acknowledge); p == nil {
				return
			}
		}
		h.speak(m, r, Event{Kind: l.Kind, Body: l.Text, Time: now}, p)
	}
}

// target returns the room that a message goes to, if it does not go to a person, or why it
// can't be sent.
func (h *Hub) target(m *Member, l *Line) (*Room, error) {
	switch {
	case m.who == nil:
		return nil, refusal("no-name")
	case l.To != "" && l.Room != "":
		return nil, refusal("room-and-person")
	case strings.TrimSpace(l.Text) == "":
		return nil, refusal("no-text")
	case len(l.CID) > MaxCID:
		return nil, refusal("cid-too-long", "most", MaxCID)
	case l.To != "":
		return nil, nil
	case l.Room == "" && m.Room() == nil:
		return nil, refusal("in-no-room")
	case l.Room == "":
		return m.Room(), nil
	}
	r := h.Room(l.Room)
	if r == nil || m.in(r) == nil {
		return nil, refusal("not-in-room", "room", clip(l.Room))
	}
	return r, nil
}

// receiptsOf returns the receipts of m: of its account, or its own.
func (h *Hub) receiptsOf(m *Member) *receipts {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.byID[m.account()]; a != nil {
		if a.receipts == nil {
			a.receipts = &receipts{}
		}
		return a.receipts
	}
	x := m.withExtras()
	if x.receipts == nil {
		x.receipts = &receipts{}
	}
	return x.receipts
}

// acknowledge tells m the outcome of a message. It may be called from any goroutine.
func (m *Member) acknowledge(s Saved) {
	m.out.Post(func() { m.out.Answer(s) })
}
