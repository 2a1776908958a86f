package eventloop

import (
	"errors"
	"io"
	"slices"
)

// A Filter transforms a connection's bytes between the socket and the handler, as TLS
// does. It lies below the outbox and the topics: everything that the connection receives
// or sends passes through it. Raw bytes are those of the socket, plain bytes those of
// the handler. Conn.SetFilter installs a Filter.
//
// All methods are called on the connection's loop, one call after the other. They must
// not block, call methods of the connection, or retain dst or plain.
type Filter interface {
	// Feed passes raw bytes to the filter. It may use raw until Idle is called, but not
	// change it. The loop calls Feed again only after Read has returned ErrWouldBlock, so a
	// filter holds at most Options.ReadBuffer bytes and one incomplete record. An
	// empty raw means that the peer has ended the raw stream; it is the last call.
	Feed(raw []byte)
	// Read reads plain bytes into dst. It returns ErrWouldBlock, not wrapped, when it needs
	// more raw bytes, io.EOF after the peer's clean end, and any other error if the
	// connection cannot continue, such as io.ErrUnexpectedEOF if the raw stream ended
	// without a clean end. Like an io.Reader, it may return an error together with
	// bytes. After any error but ErrWouldBlock it is not called again.
	Read(dst []byte) (int, error)
	// Seal appends to dst the raw bytes for all of plain; it cannot fail. Before
	// them it appends pending output of Read, such as an alert or the answer to
	// a key update, or of what came before SetFilter, such as the end of a handshake. plain is at most 16 KiB long, and empty if only that output is
	// wanted. After End the result is discarded.
	Seal(dst, plain []byte) []byte
	// End appends to dst the message that ends the stream, such as a close_notify
	// alert. It is called at most once, and never after Read has failed.
	End(dst []byte) []byte
	// Idle is called after a series of Reads. The filter must copy what it still needs
	// of the raw bytes from Feed, and should release empty buffers, so that an idle
	// connection owns none.
	Idle()
}

// The largest numbers of plain bytes that are sealed at once.
const (
	largeRecord = 16 << 10
	smallRecord = 4 << 10 // when the peer is slow, as what is sealed has to be kept
)

var errFiltered = errors.New("eventloop: the connection has a filter already")

// A filtering is the filter of a connection and its state.
type filtering struct {
	Filter
	rest    []byte // sealed, and not yet given to the system
	next    error  // what the next Read would have returned: it came with bytes
	err     error  // how Read has failed
	sealing bool   // the place in the stream is reached from where on everything is sealed
	slow    bool   // a write was short since everything was sent
	ended   bool   // nothing is sealed any more
	more    bool   // Read has not returned ErrWouldBlock yet
	pending bool   // in filters.pending
}

// A filters is a loop's state for the filters of its connections.
type filters struct {
	pending []*Conn // have something to Read that the poller does not report
	plain   []byte  // to Read into
	turn    []byte  // what a connection sends in this turn, to be sealed as one
	sealed  []byte  // that, sealed
}

// SetFilter installs f below the connection, for the rest of its life. It takes effect
// at the present place in both streams: what was received so far is plain, and what was
// written, or appended to the connection's topics, before the call is sent unsealed,
// even if it is sent later. If the handler has already received raw bytes that belong to the
// filter, it must pass them to f.Feed and call f.Idle before SetFilter. Pending output of
// f is sent; Drained does not wait for it. The error is
// ErrClosed after CloseWrite or Close; another error is returned if the connection has
// a filter. f is not used in either case.
//
// From then on the handler sees plain bytes only:
//
//   - At the peer's clean end EOFHandler.EOF is called, or else the connection is closed
//     gracefully. If the raw stream ends first, f decides whether that is a clean end.
//   - If Read fails, what is not sealed yet is dropped, pending output of Read is sent, and
//     Closed gets the error. Nothing more is received.
//   - CloseWrite and Close send what came before, then what End returns, and then shut
//     down writing. After Close, input is discarded and does not reach the filter. Abort
//     sends nothing.
//   - While reading is paused, or work is offloaded, Read is not called. Plain bytes that
//     f has at that time are delivered afterwards, before the socket is read again.
//
// What the connection sends in one turn is sealed and written together, up to 16 KiB at a
// time. If the system takes only part of a record, the rest is kept, and further records
// are 4 KiB long until everything is sent. A message counts as sent once it is sealed:
// it cannot be skipped any more. Drained is called when the system has taken
// everything. If the peer does not take the pending output of Read, and that grows beyond
// OutboxLimit, the connection is closed with ErrOutboxFull.
func (c *Conn) SetFilter(f Filter) error {
	switch {
	case c.flags&(closed|closing|dialing|ended) != 0:
		return ErrClosed
	case c.filter != nil:
		return errFiltered
	}
	c.filter = &filtering{Filter: f, more: true}
	c.enqueue(entry{mark: startSealing})
	c.takeReplies()
	c.readOn()
	return nil
}

// Filter returns the filter that SetFilter has installed, or nil.
func (c *Conn) Filter() Filter {
	if c.filter == nil {
		return nil
	}
	return c.filter.Filter
}

// readOn makes the loop read from the filter again in the next turn, if that may
// have something and the handler receives.
func (c *Conn) readOn() {
	f := c.filter
	if f.more && !f.pending && c.receives() {
		f.pending = true
		c.loop.filters.pending = append(c.loop.filters.pending, c)
	}
}

// receives reports whether bytes may be delivered to the handler now.
func (c *Conn) receives() bool {
	return c.flags&(closed|paused|offloaded) == 0 && !c.asked.Load()
}

// readPending delivers what filters still have after their sockets were read empty.
func (l *Loop) readPending() {
	fs := &l.filters
	if l.fan.owed > 0 {
		return
	}
	n := 0
	for last := len(fs.pending); n < last && !l.fan.pressed.Load(); n++ {
		c := fs.pending[n]
		c.filter.pending = false
		if c.filter.more && c.receives() {
			c.unseal()
		}
	}
	fs.pending = slices.Delete(fs.pending, 0, n)
}

// feed passes raw bytes to the filter. No bytes mean the end of the stream.
func (c *Conn) feed(raw []byte) {
	c.filter.Feed(raw)
	c.filter.more = true
	c.unseal()
}

// unseal delivers what the filter has to the handler, at most as much as a read
// buffer holds.
func (c *Conn) unseal() {
	f, fs := c.filter, &c.loop.filters
	if fs.plain == nil {
		fs.plain = make([]byte, len(c.loop.rbuf))
	}
	for left := len(fs.plain); left > 0 && f.more && c.receives(); {
		n, err := f.read(fs.plain[:left], c.flags&eof != 0)
		f.more = err == nil
		if left -= max(n, 1); n > 0 {
			c.handler.Received(c, fs.plain[:n])
			c.returned()
		} else if err != nil {
			c.unsealed(err)
		}
	}
	f.Idle()
	if c.flags&closed == 0 {
		c.takeReplies()
		c.readOn()
	}
}

// read is Filter.Read, but an error that ends the stream comes alone. last: no more
// raw bytes will come.
func (f *filtering) read(dst []byte, last bool) (int, error) {
	if f.next != nil {
		return 0, f.next
	}
	n, err := f.Read(dst)
	if err == ErrWouldBlock { //nolint:errorlint // a Filter returns it bare
		if !last {
			return n, err
		}
		err = io.ErrUnexpectedEOF
	}
	if n > 0 {
		f.next, err = err, nil
	}
	return n, err
}

// unsealed acts on an error of Read that came alone.
func (c *Conn) unsealed(err error) {
	switch err {
	case ErrWouldBlock: //nolint:errorlint // a Filter returns it bare
	case io.EOF:
		c.flags |= eof
		c.peerEnded()
	default:
		c.filterFailed(err)
	}
}

// filterFailed ends the connection after sending what is already sealed and the
// pending output of Read.
func (c *Conn) filterFailed(err error) {
	c.filter.err = err
	c.closeSubs()
	c.dropUnsealed()
	c.beginClose()
}

// dropUnsealed drops what is in the outbox and was to be sealed.
func (c *Conn) dropUnsealed() {
	o := c.out
	if o == nil {
		return
	}
	raw := slices.IndexFunc(o.entries, func(e entry) bool { return e.mark == startSealing }) + 1
	clear(o.entries[raw:])
	o.entries, o.size = o.entries[:raw], 0
	for _, e := range o.entries {
		o.size += len(e.data)
	}
	if raw == 0 {
		c.out = nil
		c.flags &^= partial
	}
}

// takeReplies sends the pending output of Read as soon as everything sealed before is sent.
func (c *Conn) takeReplies() {
	f, fs := c.filter, &c.loop.filters
	fs.sealed = f.Seal(fs.sealed[:0], nil)
	if len(fs.sealed) == 0 || f.ended {
		return
	}
	f.rest = append(f.rest, fs.sealed...)
	if len(f.rest) > c.loop.g.opts.OutboxLimit+2*largeRecord {
		c.Abort(ErrOutboxFull)
	}
	c.markDirty()
}

// sealLater takes as much of p as is sealed together with what this turn sends before, and
// returns how much that is: nothing if the connection is blocked or closed now.
func (c *Conn) sealLater(p []byte) int {
	f, fs := c.filter, &c.loop.filters
	if !c.sendRest() {
		return 0
	}
	most := largeRecord
	if f.slow {
		most = smallRecord
	}
	n := min(len(p), most-len(fs.turn))
	fs.turn = append(fs.turn, p[:n]...)
	if len(fs.turn) == most && !c.sealTurn() && c.flags&closed != 0 {
		return 0
	}
	return n
}

// sendRest sends what is sealed already, and reports whether that is all sent.
func (c *Conn) sendRest() bool {
	f := c.filter
	if len(f.rest) == 0 {
		return true
	}
	n := c.write(f.rest)
	if f.rest = f.rest[n:]; len(f.rest) > 0 {
		f.slow = true
		return false
	}
	f.rest = nil
	return c.flags&closed == 0
}

// sealTurn seals and sends what this turn has gathered. It reports whether everything is sent.
func (c *Conn) sealTurn() bool {
	fs := &c.loop.filters
	if len(fs.turn) > 0 {
		fs.sealed = c.filter.Seal(fs.sealed[:0], fs.turn)
		fs.turn = fs.turn[:0]
		return c.writeSealed()
	}
	return len(c.filter.rest) == 0
}

// writeSealed writes what has just been sealed, and keeps what the system does not take.
func (c *Conn) writeSealed() bool {
	f, sealed := c.filter, c.loop.filters.sealed
	if len(sealed) == 0 {
		return true
	}
	n := c.write(sealed)
	if c.flags&closed != 0 {
		return false
	}
	if n < len(sealed) {
		f.rest = append(f.rest, sealed[n:]...)
		f.slow = true
	}
	return n == len(sealed)
}

// endTurn sends what sealing has put off, at the end of what the connection sends in
// this turn. all: nothing is left to send.
func (c *Conn) endTurn(all bool) {
	f := c.filter
	if c.flags&(closed|blocked) == 0 && f.sealing && c.sendRest() {
		c.sealTurn()
	}
	if all && c.flags&blocked == 0 {
		f.slow = false
	}
	c.loop.filters.turn = c.loop.filters.turn[:0] // of a connection that is closed now
}

// sealEnd sends the clean end behind everything else. It reports whether all is sent;
// it is called again until it is.
func (c *Conn) sealEnd() bool {
	f, fs := c.filter, &c.loop.filters
	if !c.sendRest() {
		return false
	}
	if f.ended {
		return true
	}
	f.ended = true
	c.closeSubs() // nothing may follow, not even a lag notice
	fs.sealed = fs.sealed[:0]
	if len(fs.turn) > 0 {
		fs.sealed = f.Seal(fs.sealed, fs.turn)
		fs.turn = fs.turn[:0]
	}
	if f.err == nil {
		fs.sealed = f.End(fs.sealed)
	}
	return c.writeSealed()
}
