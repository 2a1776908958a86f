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
	// maxBatch is the most events that one Wait takes from the kernel.
	maxBatch = 1024
	// longest is the longest wait that the kernel is asked for: OpenBSD treats
	// a longer one as a day (kqueue(2), BUGS), other systems as an error.
	longest = 24 * time.Hour
	// both are the filters that a handle can have.
	both = eventloop.Readable | eventloop.Writable
)

// poller belongs to its loop; only Wake may be called from elsewhere. All
// changes are made on the loop's goroutine: changes made on another one don't
// reach a kevent that already waits.
type poller struct {
	sock.Net

	calls   kevent.Calls
	dialect kevent.Dialect
	kq      int
	waker   kevent.Waker
	wake    kevent.Event // how the waker is registered

	entries  []entry // by descriptor
	changes  [kevent.MaxChanges]kevent.Event
	receipts [kevent.MaxChanges]kevent.Event
	events   []kevent.Event
	halves   []kevent.PollFd // see complete
	batch    int             // maxBatch, less in tests
	turn     uint64          // counts what was taken from the kernel
	closed   bool
}

// An entry is the registration of a descriptor. In the kernel it is registered
// once for each filter, and with interest 0 not at all.
type entry struct {
	token   eventloop.Token
	turn    uint64             // the last one that had events of the handle,
	at      int32              // where it put them
	seen    eventloop.Interest // and from which filters they came
	filters eventloop.Interest // in force
	known   bool
}

var _ eventloop.Backend = (*poller)(nil)

// Over returns a poller that uses calls, in the dialect d. On other systems
// these are the calls of a model.
func Over(calls kevent.Calls, d kevent.Dialect) (eventloop.Backend, error) {
	p, err := open(calls, d)
	if err != nil {
		return nil, err // not a Backend that holds a nil poller
	}
	return p, nil
}

// open is Over for this package and its tests.
func open(calls kevent.Calls, d kevent.Dialect) (*poller, error) {
	kq, err := calls.Kqueue()
	if err != nil {
		return nil, sock.SysErr("kqueue", err)
	}
	p := &poller{calls: calls, dialect: d, kq: kq, batch: maxBatch, events: make([]kevent.Event, 64)}
	if err := p.openWaker(); err != nil {
		_ = calls.Close(kq) // the first error is returned
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

// move changes the filters of h to those for i. The kernel does not know
// tokens.
func (p *poller) move(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if h > math.MaxInt32 {
		return sock.SysErr("kevent", unix.EINVAL)
	}
	e := p.of(h)
	i &= both
	if !e.known && i == 0 { // the kernel only has to check that the descriptor is open
		if err := p.calls.IsOpen(int(h)); err != nil {
			return sock.SysErr("fcntl", err)
		}
	}
	has, err := p.change(h, e.filters, i)
	switch {
	case err == nil:
		p.set(h, entry{token: t, filters: has, known: true})
	case e.known: // as before, except for a filter that has changed already
		p.entries[h].filters = has
	default:
		_, _ = p.change(h, has, 0) // half an Add is undone
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
			err = nil // it is gone already: an earlier try was interrupted, or its descriptor was closed
		}
		if err == nil {
			was ^= condition(changes[i].Filter)
		} else if first == nil {
			first = err
		}
	}
	return was, sock.SysErr("kevent", first)
}

// condition returns the condition that a filter of a handle watches.
func condition(f kevent.Filter) eventloop.Interest {
	if f == kevent.Read {
		return eventloop.Readable
	}
	return eventloop.Writable
}

// submit makes changes and returns the result of each.
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
// interrupted call is repeated, whether it has made its changes or not.
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

// set records the entry of h, which the kernel has just accepted as a
// descriptor: the table never grows beyond the limit of descriptors.
func (p *poller) set(h eventloop.Handle, e entry) {
	if h >= eventloop.Handle(len(p.entries)) {
		p.entries = append(p.entries, make([]entry, int(h)+1-len(p.entries))...)
	}
	p.entries[h] = e
}

// Wake implements eventloop.Poller.
func (p *poller) Wake() error { return p.waker.Wake() }

// Close implements eventloop.Poller. The waker is closed first: from then on no
// Wake touches the queue, whose number may soon be reused.
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
