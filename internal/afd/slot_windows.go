package afd

import (
	"runtime"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

// groupSize is how many sockets are polled through one handle of the driver: it
// searches all polls of a handle when one is cancelled (wepoll, mio).
const groupSize = 32

// A group is a handle of the driver with the slots of the sockets polled through it.
// It is pinned in memory until the end of the poller, because the system writes to
// its blocks.
type group struct {
	device windows.Handle
	slots  [groupSize]slot
	pinner runtime.Pinner
}

// A block is the memory that the system reads and writes while a poll is in progress.
type block struct {
	status statusBlock
	info   pollInfo
}

// A slot is the registration of one handle.
type slot struct {
	block  block
	group  *group
	number uintptr // among all slots, from 1: the context of its polls

	handle eventloop.Handle
	base   windows.Handle
	token  eventloop.Token
	want   eventloop.Interest // the interest of the loop
	armed  uint32             // the events of the present poll
	phase  phase
	queued bool // to be updated before the next wait
	gone   bool // removed; the slot is free when its packet is there
}

// phase is the state of a slot's poll. A slot has at most one, so that a packet
// can't be mistaken for that of another poll.
type phase uint8

const (
	idle      phase = iota
	pending         // the packet will come
	cancelled       // the packet will come soon
)

// newGroup opens a group whose slots begin after the number before.
func newGroup(port windows.Handle, before int) (*group, error) {
	device, err := openDevice(port)
	if err != nil {
		return nil, err
	}
	g := &group{device: device}
	for i := range g.slots {
		g.slots[i].group = g
		g.slots[i].number = uintptr(before + i + 1)
	}
	g.pinner.Pin(g)
	return g, nil
}

// close frees the group. None of its polls may be in progress.
func (g *group) close() error {
	g.pinner.Unpin()
	return windows.CloseHandle(g.device)
}

// submit starts the poll that the slot's interest asks for and returns false if the
// driver refuses. A socket that was closed without Remove is no longer polled.
func (s *slot) submit(start func(windows.Handle, uintptr, *block) windows.NTStatus) bool {
	s.armed = asks(s.want)
	s.block.status = statusBlock{status: uintptr(windows.STATUS_PENDING)}
	s.block.info = pollInfo{timeout: forEver, handles: 1, handle: s.base, events: s.armed}
	switch start(s.group.device, s.number, &s.block) {
	case windows.STATUS_SUCCESS, windows.STATUS_PENDING:
		s.phase = pending
	case windows.STATUS_INVALID_HANDLE:
		s.want = 0
	default:
		return false
	}
	return true
}

// fail returns the conditions reported for a handle that can't be polled. A
// connection is shut down, so that the next read finds its end; a listener can't
// be.
func (s *slot) fail() eventloop.Interest {
	_ = windows.Shutdown(s.base, windows.SHUT_RDWR)
	return conditions(pollAbort, s.want)
}

// cancel ends the poll in progress.
func (s *slot) cancel() {
	if s.phase == pending {
		s.phase = cancelled
		cancelPoll(s.group.device, &s.block)
	}
}

// result returns the conditions of the ended poll that are still of interest.
func (s *slot) result() eventloop.Interest {
	status := windows.NTStatus(uint32(s.block.status.status))
	switch {
	case s.want == 0 || status == windows.STATUS_CANCELLED:
		return 0
	case int32(status) < 0:
		return conditions(pollAbort, s.want)
	case s.block.info.handles == 0:
		return 0
	case s.block.info.events&pollLocalClose != 0:
		s.want = 0
		return 0
	}
	return conditions(s.block.info.events&asks(s.want), s.want)
}

// asks returns the events to poll for. With interest 0 there are none, not even
// failures.
func asks(i eventloop.Interest) (events uint32) {
	if i&eventloop.Readable != 0 {
		events |= pollReceive | pollAccept | pollDisconnect
	}
	if i&eventloop.Writable != 0 {
		events |= pollSend
	}
	if events != 0 {
		events |= pollFailed | pollLocalClose
	}
	return events
}

// conditions translates events of the driver.
func conditions(events uint32, want eventloop.Interest) (r eventloop.Interest) {
	if events&(pollReceive|pollAccept) != 0 {
		r |= eventloop.Readable
	}
	if events&pollSend != 0 {
		r |= eventloop.Writable
	}
	if events&(pollDisconnect|pollFailed) != 0 {
		r |= eventloop.HangUp | eventloop.Readable
	}
	if events&pollFailed != 0 { // a write would not block but fail
		r |= want & eventloop.Writable
	}
	return r
}
