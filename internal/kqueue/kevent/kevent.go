// Package kevent is the interface between the kqueue backend and a system: the
// system calls, and their event in one form for all systems. The differences
// between systems are data, the Dialect.
package kevent

import "time"

// A Filter is a condition to watch. The systems have different numbers for their filters.
type Filter uint8

// The filters that the backend uses.
const (
	Read  Filter = iota + 1 // EVFILT_READ
	Write                   // EVFILT_WRITE
	User                    // EVFILT_USER, not everywhere
)

// Flags are the actions and results of an event. Their values are the same on
// all systems; flags that a system lacks are not used there.
type Flags uint16

// The flags of an event: EV_ADD and so on.
const (
	Add      Flags = 0x1
	Delete   Flags = 0x2
	Enable   Flags = 0x4
	Disable  Flags = 0x8
	Oneshot  Flags = 0x10
	Clear    Flags = 0x20
	Receipt  Flags = 0x40 // not on all systems
	Dispatch Flags = 0x80 // not on all systems
	Error    Flags = 0x4000
	EOF      Flags = 0x8000
)

// Trigger in Event.Fflags triggers a User event: NOTE_TRIGGER.
const Trigger uint32 = 0x01000000

// An Event is struct kevent without its user data: a value that is not a
// pointer would disturb the garbage collector, and a token does not fit into 32
// bits.
type Event struct {
	Ident  uintptr
	Filter Filter
	Flags  Flags
	Fflags uint32
	Data   int64
}

// Calls are the system calls, as kqueue(2), close(2), getpeername(2), fcntl(2) and
// poll(2) describe them. Their errors are numbers of type syscall.Errno. Kevent may
// be called from several goroutines if only one of them asks for more than
// MaxChanges events; of the others only a Waker's methods may.
type Calls interface {
	// Kqueue opens a queue, closed on exec.
	Kqueue() (kq int, err error)
	// Kevent makes changes, at most MaxChanges, and then fills events. A negative
	// timeout waits forever.
	Kevent(kq int, changes, events []Event, timeout time.Duration) (n int, err error)
	// Close closes a queue.
	Close(kq int) error
	// IsOpen returns an error if fd is not an open descriptor.
	IsOpen(fd int) error
	// IsConnected returns an error if fd is not a socket with a peer.
	IsConnected(fd int) error
	// Poll checks the conditions of each descriptor without waiting.
	Poll(fds []PollFd) error
	// OpenWaker opens a waker for a queue without user events. The queue watches
	// fd with Read.
	OpenWaker() (w Waker, fd int, err error)
}

// A Waker makes a descriptor readable, so that a kevent that watches it returns.
type Waker interface {
	// Wake may be called from any goroutine at any time, also after Close.
	Wake() error
	// Drain makes the descriptor unreadable and reports whether there was a Wake.
	Drain() bool
	Close() error
}

// A PollFd is struct pollfd, the same on all systems.
type PollFd struct {
	Fd              int32
	Events, Revents int16
}

// The conditions of a PollFd, the same on all systems.
const (
	PollIn  int16 = 0x1
	PollOut int16 = 0x4
	PollErr int16 = 0x8
	PollHup int16 = 0x10
)

// MaxChanges is how many changes one Kevent may make: both filters of a handle.
const MaxChanges = 2

// A Dialect has the features of a system beyond those of all systems.
type Dialect struct {
	// User is set if there are user events, which can wake a queue. Otherwise a
	// pipe does.
	User bool
	// Receipt is set if each change of a call can have its own result.
	// Otherwise a call makes one change and its error is the result.
	Receipt bool
}

// DialectOf returns the dialect of a system, by its GOOS.
func DialectOf(system string) Dialect { return dialects[system] }

var dialects = map[string]Dialect{
	"darwin":    {User: true, Receipt: true},
	"dragonfly": {User: true, Receipt: true},
	"freebsd":   {User: true, Receipt: true},
	// NetBSD has receipts since version 8 and user events since version 10; package
	// unix has neither, so they are not used.
	"netbsd":  {},
	"openbsd": {Receipt: true},
}
