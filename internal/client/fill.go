package client

import "slices"

// maxRecent is how many of a room's latest messages the client knows, to ask for what
// follows them.
const maxRecent = 128

// fillPage is how many messages it asks for at a time: the most that the server sends.
const fillPage = 200

// A known is a message that was received.
type known struct {
	Place
	id uint64
}

// A filling is a gap that is being filled.
type filling struct {
	from  known  // the last message before the gap
	cid   string // of the latest request
	after uint64 // the last message that has arrived
	until uint64 // the first one after the gap; 0: none yet
}

// fills are the gaps that are being filled. Only run uses them.
type fills struct {
	recent map[string][]known // of each room, oldest first
	open   map[string]*filling
}

// received records messages of a room, in order.
func (f *fills) received(room string, list ...Message) {
	if _, known := f.recent[room]; !known && len(f.recent) >= maxRooms {
		return
	}
	for _, m := range list {
		if m.ID == 0 || m.Private {
			continue
		}
		if o := f.open[room]; o != nil && o.until == 0 {
			o.until = m.ID
		}
		f.recent[room] = append(f.recent[room], known{m.Place, m.ID})
	}
	if n := len(f.recent[room]) - maxRecent; n > 0 {
		f.recent[room] = slices.Delete(f.recent[room], 0, n)
	}
}

// rollback forgets messages that were never saved. What was fetched may be among them, so it is
// fetched again.
func (c *Client) rollback(e Rollback) {
	f := &c.fills
	unsaved := func(k known) bool { return k.Epoch == e.Epoch && k.Seq > e.KeptTo }
	f.recent[e.Room] = slices.DeleteFunc(f.recent[e.Room], unsaved)
	o := f.open[e.Room]
	switch {
	case o == nil:
	case unsaved(o.from):
		delete(f.open, e.Room)
	default:
		o.after, o.until = o.from.id, 0
		c.askToFill(e.Room)
	}
}

// gap begins to fill a gap, if it is known where it begins.
func (c *Client) gap(room string) {
	f := &c.fills
	if o := f.open[room]; o != nil { // up to after this one, too
		o.until = 0
		return
	}
	if recent := f.recent[room]; c.o.FillGaps && len(recent) > 0 {
		last := recent[len(recent)-1]
		f.open[room] = &filling{from: last, after: last.id}
		c.askToFill(room)
	}
}

// askToFill asks for the next page of a gap.
func (c *Client) askToFill(room string) {
	o := c.fills.open[room]
	c.mu.Lock()
	defer c.mu.Unlock()
	o.cid = c.nextCID()
	line, err := Request{Type: "history", Room: room, After: o.after, Limit: fillPage, CID: o.cid}.line()
	if err != nil || c.link == nil { // the next connection asks
		return
	}
	c.requests = append(c.requests, line)
	c.ring()
}

// filled acts on a page, which the user has got.
func (c *Client) filled(h History) {
	o := c.fills.open[h.Room]
	if o == nil || o.cid != h.CID {
		return
	}
	if n := len(h.Events); n > 0 {
		o.after = h.Events[n-1].ID
	}
	more := h.Newer && (o.until == 0 || o.after < o.until)
	switch {
	case !more:
		delete(c.fills.open, h.Room)
		c.emit(Filled{Room: h.Room})
	case len(h.Events) == 0: // all of the page is hidden from this user
		delete(c.fills.open, h.Room)
	default:
		c.askToFill(h.Room)
	}
}

// refused gives up a gap whose request was refused.
func (f *fills) refused(cid string) {
	for room, o := range f.open {
		if o.cid == cid {
			delete(f.open, room)
		}
	}
}

// fillAgain asks for what the last connection did not bring.
func (c *Client) fillAgain(l *link) {
	if !l.resumed { // nothing is known of what is missing
		clear(c.fills.recent)
		clear(c.fills.open)
	}
	for room := range c.fills.open {
		if !l.joined[room] {
			delete(c.fills.open, room)
			continue
		}
		c.askToFill(room)
	}
}
