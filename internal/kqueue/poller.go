//go:build unix

package kqueue

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
)

const (
	// maxBatch is how many events one Wait takes from the kernel at most.
	maxBatch = 1024
	// longest is how long the kernel is asked to wait at once: OpenBSD takes
	// longer for a day (kqueue(2), BUGS), others for an error.
	longest = 24 * time.Hour
	// both are the filters that a handle can have.
	both = eventloop.Readable | eventloop.Writable
)

// poller belongs to its loop; only Wake may be called from elsewhere. All
// changes are made on the loop's goroutine: made on another one, they don't
// reach a kevent that waits already.
type poller struct {
	sock.Net

	calls   kevent.Calls
	dialect kevent.Dialect
	kq      int
	waker   waker
	wake    kevent.Event // how the waker is registered

	entries  []entry // by descriptor
	changes  [kevent.MaxChanges]kevent.Event
	receipts [kevent.MaxChanges]kevent.Event
	events   []kevent.Event
	halves   []unix.PollFd // see complete
	batch    int           // maxBatch, less in tests
	turn     uint64        // counts what was taken from the kernel
	closed   bool
}

// An entry is what the kernel does not tell about a descriptor. It is registered
// there once for each filter, and with interest 0 not at all.
type entry struct {
	token   eventloop.Token
	turn    uint64             // the last one that had events of the handle,
	at      int32              // where it put them
	seen    eventloop.Interest // and from which filters they came
	filters eventloop.Interest // in force
	known   bool
}

var _ eventloop.Backend = (*poller)(nil)

// open returns a poller over calls, which speak the dialect d.
func open(calls kevent.Calls, d kevent.Dialect) (*poller, error) {
	kq, err := calls.Kqueue()
	if err != nil {
		return nil, sock.SysErr("kqueue", err)
	}
	p := &poller{calls: calls, dialect: d, kq: kq, batch: maxBatch, events: make([]kevent.Event, 64)}
	if err := p.openWaker(); err != nil {
		_ = calls.Close(kq) // it is the failure that counts
		return nil, err
	}
	return p, nil
}

// Add implements eventloop.Poller.
func (p *poller) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if p.of(h).known {
		return sock.SysErr("kevent", unix.EEXIST)
	}
	return p.move(h, t, i)
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if !p.of(h).known {
		return sock.SysErr("kevent", unix.ENOENT)
	}
	return p.move(h, t, i)
}

// Remove implements eventloop.Poller.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	e := p.of(h)
	if !e.known {
		return sock.SysErr("kevent", unix.ENOENT)
	}
	p.entries[h] = entry{}
	_, err := p.change(h, e.filters, 0)
	return err
}

// move brings h from the filters it has to those that i asks for. A token alone
// is none of the kernel's business.
func (p *poller) move(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if h > math.MaxInt32 {
		return sock.SysErr("kevent", unix.EINVAL)
	}
	e := p.of(h)
	i &= both
	if !e.known && i == 0 { // nothing for the kernel to do but to tell an open descriptor
		if err := sock.IsOpen(h); err != nil {
			return err
		}
	}
	has, err := p.change(h, e.filters, i)
	switch {
	case err == nil:
		p.set(h, entry{token: t, filters: has, known: true})
	case e.known: // as before, but for a filter that has changed already
		p.entries[h].filters = has
	default:
		_, _ = p.change(h, has, 0) // half an Add is none
	}
	return err
}

// change brings the filters of h from was to want, and returns those that are
// in force after it.
func (p *poller) change(h eventloop.Handle, was, want eventloop.Interest) (eventloop.Interest, error) {
	changes := p.changes[:0]
	for _, f := range [...]kevent.Filter{kevent.Read, kevent.Write} {
		if (was^want)&condition(f) == 0 {
			continue
		}
		c := kevent.Event{Ident: uintptr(h), Filter: f, Flags: kevent.Delete}
		if want&condition(f) != 0 {
			c.Flags = kevent.Add
		}
		changes = append(changes, c)
	}
	var first error
	outcome := p.submit(changes)
	for i := range changes {
		err := outcome[i]
		if err == unix.ENOENT && changes[i].Flags&kevent.Delete != 0 {
			err = nil // gone it is: a try before this one was interrupted, or its descriptor closed
		}
		if err == nil {
			was ^= condition(changes[i].Filter)
		} else if first == nil {
			first = err
		}
	}
	return was, sock.SysErr("kevent", first)
}

// condition returns what a filter of a handle watches.
func condition(f kevent.Filter) eventloop.Interest {
	if f == kevent.Read {
		return eventloop.Readable
	}
	return eventloop.Writable
}

// submit makes changes and returns what became of each.
func (p *poller) submit(changes []kevent.Event) (outcome [kevent.MaxChanges]error) {
	if len(changes) == 0 {
		return outcome
	}
	if !p.dialect.Receipt {
		for i := range changes {
			_, outcome[i] = p.kevent(changes[i:i+1], nil)
		}
		return outcome
	}
	for i := range changes {
		changes[i].Flags |= kevent.Receipt
	}
	// With room for more than the receipts there could be events among them.
	receipts := p.receipts[:len(changes)]
	n, err := p.kevent(changes, receipts)
	for i := range changes {
		switch {
		case err != nil:
			outcome[i] = err
		case i >= n || receipts[i].Flags&kevent.Error == 0:
			outcome[i] = unix.EIO // the kernel owes a receipt
		case receipts[i].Data != 0:
			outcome[i] = unix.Errno(receipts[i].Data)
		}
	}
	return outcome
}

// kevent is kevent(2) for changes. All of them can be made twice, so an
// interrupted call is made again, whether it came to its changes or not.
func (p *poller) kevent(changes, receipts []kevent.Event) (int, error) {
	for {
		n, err := p.calls.Kevent(p.kq, changes, receipts, 0)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (p *poller) of(h eventloop.Handle) entry {
	if h < eventloop.Handle(len(p.entries)) {
		return p.entries[h]
	}
	return entry{}
}

// set notes the entry of h, which the kernel has just found to be a descriptor:
// the table never grows past the process's limit of them.
func (p *poller) set(h eventloop.Handle, e entry) {
	if h >= eventloop.Handle(len(p.entries)) {
		p.entries = append(p.entries, make([]entry, int(h)+1-len(p.entries))...)
	}
	p.entries[h] = e
}

// Wake implements eventloop.Poller.
func (p *poller) Wake() error { return p.waker.Wake() }

// Close implements eventloop.Poller. The waker goes first: from then on no Wake
// touches the queue, whose number may soon be somebody else's.
func (p *poller) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.entries, p.events, p.halves = nil, nil, nil
	err := p.waker.Close()
	if closeErr := sock.SysErr("close", p.calls.Close(p.kq)); err == nil {
		err = closeErr
	}
	return err
}
