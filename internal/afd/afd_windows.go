package afd

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

const (
	// maxBatch is the most packets that one Wait takes.
	maxBatch = 1024
	// lookAgain is how many times a Wait with a timeout of zero polls again
	// after finding only the ends of polls that were replaced.
	lookAgain = 3
	// reapTime is how long Close waits for the packets of all polls.
	reapTime = 5 * time.Second
)

// The keys of packets.
const (
	pollKey = iota + 1
	wakeKey
)

// poller belongs to its loop; only Wake may be called from elsewhere.
type poller struct {
	sock.Net

	port   windows.Handle
	groups []*group
	free   []*slot
	index  map[eventloop.Handle]*slot
	// queue holds the slots whose interest and poll may differ. They are
	// submitted just before the wait: most changes are undone by then.
	queue   []*slot
	failed  []*slot // scratch of submitAll
	packets []packet
	start   func(device windows.Handle, context uintptr, b *block) windows.NTStatus // startPoll, except in tests
	live    int                                                                     // polls whose packets have not arrived
	closed  bool

	woken atomic.Bool
	// mu keeps Close from closing the port under a Wake.
	mu   sync.Mutex
	shut bool
}

var _ eventloop.Backend = (*poller)(nil)

// Open returns a new completion port. The error is errors.ErrUnsupported where
// the driver can't be opened.
func Open() (eventloop.Backend, error) {
	port, err := windows.CreateIoCompletionPort(windows.InvalidHandle, 0, 0, 1)
	if err != nil {
		return nil, os.NewSyscallError("CreateIoCompletionPort", err)
	}
	p := &poller{port: port, index: make(map[eventloop.Handle]*slot), packets: make([]packet, 64), start: startPoll}
	if err := p.grow(); err != nil { // now, while there is still a choice
		_ = windows.CloseHandle(port)
		return nil, err
	}
	return p, nil
}

// grow adds a group of free slots.
func (p *poller) grow() error {
	g, err := newGroup(p.port, len(p.groups)*groupSize)
	if err != nil {
		return err
	}
	p.groups = append(p.groups, g)
	for i := range g.slots {
		p.free = append(p.free, &g.slots[groupSize-1-i])
	}
	return nil
}

// Add implements eventloop.Poller.
func (p *poller) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if p.index[h] != nil {
		return os.NewSyscallError("afd", windows.ERROR_ALREADY_EXISTS)
	}
	base, err := baseSocket(h)
	if err != nil {
		return err
	}
	if len(p.free) == 0 {
		if err := p.grow(); err != nil {
			return err
		}
	}
	last := len(p.free) - 1
	s := p.free[last]
	p.free = p.free[:last]
	s.handle, s.base, s.gone = h, base, false
	p.index[h] = s
	p.set(s, t, i)
	return nil
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	s := p.index[h]
	if s == nil {
		return os.NewSyscallError("afd", windows.ERROR_NOT_FOUND)
	}
	p.set(s, t, i)
	return nil
}

// set records the interest.
func (p *poller) set(s *slot, t eventloop.Token, i eventloop.Interest) {
	s.token, s.want = t, i&(eventloop.Readable|eventloop.Writable)
	p.enqueue(s)
}

func (p *poller) enqueue(s *slot) {
	if !s.queued {
		s.queued = true
		p.queue = append(p.queue, s)
	}
}

// Remove implements eventloop.Poller.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	s := p.index[h]
	if s == nil {
		return os.NewSyscallError("afd", windows.ERROR_NOT_FOUND)
	}
	delete(p.index, h)
	s.want, s.gone = 0, true
	s.cancel()
	p.enqueue(s) // which frees it, unless its packet is still outstanding
	return nil
}

// Wait implements eventloop.Poller.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, os.NewSyscallError("afd", windows.ERROR_INVALID_PARAMETER)
	}
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	for round := 0; ; round++ {
		n, woken, err := p.poll(events, timeout)
		if err != nil || n > 0 || woken {
			return n, err
		}
		switch {
		case timeout == 0 && (len(p.queue) == 0 || round == lookAgain):
			return 0, nil
		case timeout > 0:
			// The system's clock is coarser than this one, or only ends of
			// outdated polls have arrived.
			if timeout = time.Until(end); timeout <= 0 {
				return 0, nil
			}
		}
	}
}

// poll brings the driver up to date and waits, once.
func (p *poller) poll(events []eventloop.Event, timeout time.Duration) (n int, woken bool, err error) {
	if n = p.submitAll(events); n == len(events) {
		return n, false, nil
	} else if n > 0 {
		timeout = 0
	}
	packets, err := p.receive(len(events)-n, timeout)
	for _, pk := range packets {
		if pk.key == wakeKey {
			// Now that the packet is taken: a Wake before this line finds the
			// flag set, and this Wait is returning.
			p.woken.Store(false)
			woken = true
			continue
		}
		s := p.slot(pk.overlapped)
		if r := p.ended(s); r != 0 {
			events[n] = eventloop.Event{Token: s.token, Ready: r}
			n++
		}
	}
	return n, woken, err
}

// submitAll submits every poll whose interest has changed. A handle that the
// driver refuses to poll, for lack of memory or any other reason, is reported as
// failed, in every Wait until it is removed; the others are not affected.
func (p *poller) submitAll(events []eventloop.Event) (n int) {
	p.failed = p.failed[:0]
	for _, s := range p.queue {
		s.queued = false
		if !p.update(s) {
			p.failed = append(p.failed, s)
		}
	}
	clear(p.queue)
	p.queue = p.queue[:0]
	n = min(len(p.failed), len(events))
	for i := range p.failed { // those without room go first the next time
		p.enqueue(p.failed[(i+n)%len(p.failed)])
	}
	for i, s := range p.failed[:n] {
		events[i] = eventloop.Event{Token: s.token, Ready: s.fail()}
	}
	clear(p.failed)
	return n
}

// receive takes at most as many packets as there is room for events.
func (p *poller) receive(room int, timeout time.Duration) ([]packet, error) {
	room = min(room, maxBatch)
	if room > len(p.packets) {
		p.packets = make([]packet, room)
	}
	n, err := receive(p.port, p.packets[:room], timeout)
	return p.packets[:n], err
}

// slot returns the slot with a number.
func (p *poller) slot(number uintptr) *slot {
	number--
	return &p.groups[number/groupSize].slots[number%groupSize]
}

// update brings the poll of a slot in line with its interest. A poll can't be changed:
// it is replaced once its end has arrived. One that asks for more than needed is kept.
// update returns false if the driver refuses.
func (p *poller) update(s *slot) (ok bool) {
	switch {
	case s.phase == idle && s.gone:
		p.free = append(p.free, s)
	case s.phase == idle && s.want != 0:
		ok := s.submit(p.start)
		if s.phase == pending {
			p.live++
		}
		return ok
	case s.phase == pending && asks(s.want)&^s.armed != 0:
		s.cancel()
	}
	return true
}

// ended handles the end of a slot's poll and returns the conditions that it
// reports. As long as there is interest, another poll follows.
func (p *poller) ended(s *slot) eventloop.Interest {
	s.phase = idle
	p.live--
	p.enqueue(s)
	return s.result()
}

// Wake implements eventloop.Poller.
func (p *poller) Wake() error {
	if p.woken.Swap(true) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return nil
	}
	err := windows.PostQueuedCompletionStatus(p.port, 0, wakeKey, nil)
	if err != nil {
		p.woken.Store(false) // the next Wake has to try
	}
	return os.NewSyscallError("PostQueuedCompletionStatus", err)
}

// Close implements eventloop.Poller.
func (p *poller) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	if err := p.reap(); err != nil {
		abandon(p.groups)
		return err
	}
	var all []error
	for _, g := range p.groups {
		all = append(all, g.close())
	}
	all = append(all, windows.CloseHandle(p.port))
	p.groups, p.free, p.index, p.queue, p.packets = nil, nil, nil, nil, nil
	return errors.Join(all...)
}

// reap waits for the packets of all polls: until then the system may write to
// their blocks.
func (p *poller) reap() error {
	for _, s := range p.index {
		s.want, s.gone = 0, true
		s.cancel()
	}
	for end := time.Now().Add(reapTime); p.live > 0; {
		packets, err := p.receive(maxBatch, max(0, time.Until(end)))
		if err != nil {
			return err
		}
		for _, pk := range packets {
			if pk.key == pollKey {
				p.ended(p.slot(pk.overlapped))
			}
		}
		if time.Now().After(end) {
			return os.NewSyscallError("afd", windows.WAIT_TIMEOUT)
		}
	}
	return nil
}

// abandoned holds the memory of polls that the system did not end, forever: if
// it were freed, the system could write to memory in other use.
var abandoned struct {
	mu     sync.Mutex
	groups []*group
}

func abandon(groups []*group) {
	abandoned.mu.Lock()
	defer abandoned.mu.Unlock()
	abandoned.groups = append(abandoned.groups, groups...)
}
