// Package kevent is the seam between the kqueue backend and a system: its three
// system calls, and their event in one form for all systems. What differs from
// system to system is data, the Dialect.
package kevent

import "time"

// A Filter says what is watched. The systems number their filters differently.
type Filter uint8

// The filters that the backend uses.
const (
	Read  Filter = iota + 1 // EVFILT_READ
	Write                   // EVFILT_WRITE
	User                    // EVFILT_USER, not everywhere
)

// Flags say what to do with an event, and what happened. Their numbers are the
// same on all systems, those that a system lacks are not used there.
type Flags uint16

// The flags of an event: EV_ADD and so on.
const (
	Add      Flags = 0x1
	Delete   Flags = 0x2
	Enable   Flags = 0x4
	Disable  Flags = 0x8
	Oneshot  Flags = 0x10
	Clear    Flags = 0x20
	Receipt  Flags = 0x40 // not everywhere
	Dispatch Flags = 0x80 // not everywhere
	Error    Flags = 0x4000
	EOF      Flags = 0x8000
)

// Trigger in Event.Fflags triggers a User event: NOTE_TRIGGER.
const Trigger uint32 = 0x01000000

// An Event is struct kevent without its user data: a pointer there that is none
// would trouble the garbage collector, and an integer has no room in 32 bits.
type Event struct {
	Ident  uintptr
	Filter Filter
	Flags  Flags
	Fflags uint32
	Data   int64
}

// Calls are the system calls, as kqueue(2) and close(2) describe them. Their
// errors are numbers of type syscall.Errno. Kevent may be called from several
// goroutines if only one of them asks for more than MaxChanges events.
type Calls interface {
	// Kqueue opens a queue, closed on exec.
	Kqueue() (kq int, err error)
	// Kevent makes changes, at most MaxChanges, and then fills events. A negative
	// timeout is none, and waits for ever.
	Kevent(kq int, changes, events []Event, timeout time.Duration) (n int, err error)
	// Close closes a queue.
	Close(kq int) error
}

// MaxChanges is how many changes one Kevent may make: both filters of a handle.
const MaxChanges = 2

// A Dialect is what a system has beyond what all of them have.
type Dialect struct {
	// User: there are events of one's own to wake a queue by. Without them a
	// pipe does it.
	User bool
	// Receipt: each change of a call can have its own answer. Without that, a
	// call makes one change and its error is the answer.
	Receipt bool
}

// DialectOf returns the dialect of a system, by its GOOS.
func DialectOf(system string) Dialect { return dialects[system] }

var dialects = map[string]Dialect{
	"darwin":    {User: true, Receipt: true},
	"dragonfly": {User: true, Receipt: true},
	"freebsd":   {User: true, Receipt: true},
	"netbsd":    {}, // NetBSD 10 has both, package unix and NetBSD 9 have not
	"openbsd":   {Receipt: true},
}
