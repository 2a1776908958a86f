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
	// ReplyTo is the ID of the message that is answered, 0 for none.
	ReplyTo uint64
	// CID identifies the message to its sender, who waits for a [Saved] then; "" for
	// none.
	CID string
}

// Post publishes a message of m. A Saved with its CID follows when it is on disk; if it
// is refused, m is told why instead.
func (h *Hub) Post(m *Member, l Line, now time.Time) {
	h.heard(m, now)
	r, err := h.target(m, &l)
	if err != nil {
		m.refuse(Why(err))
		return
	}
	if l.CID == "" {
		h.dispatch(m, r, l, nil, now)
		return
	}
	own := h.receiptsOf(m)
	if h.options.Archive == nil || !own.missing() {
		h.dispatch(m, r, l, own, now)
		return
	}
	var stored []Posted
	c := m.claim()
	if r != nil {
		c = c.in(r)
	}
	h.work(m, Disk, c, func() { stored, err = h.options.Archive.Posted(own.owner, CIDWindow) }, func() {
		if err != nil {
			m.refuse(note("history-unreadable", "cause", err.Error()))
			return
		}
		own.load(stored)
		h.dispatch(m, r, l, own, now)
	})
}

// dispatch sends a message to a room, or without one to a person. own are nil for a message
// without a CID.
func (h *Hub) dispatch(m *Member, r *Room, l Line, own *receipts, now time.Time) {
	if r == nil {
		if own != nil {
			if s, known := own.known(l.CID); known {
				m.out.Answer(s)
				return
			}
		}
		h.private(m, l, now)
		return
	}
	var p *pendingPost
	if own != nil {
		if p = own.begin(l.CID, m.acknowledge); p == nil {
			return
		}
	}
	h.speak(m, r, Event{Kind: l.Kind, Body: l.Text, Time: now, ReplyTo: l.ReplyTo}, p)
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

// receiptsOf returns the receipts of m: of its account, its session, or its own.
func (h *Hub) receiptsOf(m *Member) *receipts {
	x, owner := m.withExtras(), m.account()
	if owner == 0 && x.session != nil {
		owner = x.session.ID
	}
	switch {
	case x.receipts != nil && x.receipts.owner == owner:
	case m.account() != 0:
		x.receipts = h.receiptsOfAccount(owner)
	case x.session != nil:
		x.receipts = &x.session.receipts
	default:
		x.receipts = &receipts{}
	}
	return x.receipts
}

func (h *Hub) receiptsOfAccount(id uint64) *receipts {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.byID[id]
	if a == nil { // it is being removed
		return &receipts{}
	}
	if a.receipts == nil {
		a.receipts = &receipts{owner: id}
	}
	return a.receipts
}

// acknowledge tells m the outcome of a message. It may be called from any goroutine.
func (m *Member) acknowledge(s Saved) {
	m.out.Post(func() { m.out.Answer(s) })
}
