package eventloop

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// A Handle is an open socket as its Backend knows it: a file descriptor on
// Unix, a SOCKET on Windows, a number of its own in a simulation. The loop
// never looks inside.
type Handle uintptr

// A Token names one registration of a Handle with a Poller. The loop never
// uses the same token twice, so an event that arrives late, for a handle that
// was closed and whose number was given out again, is recognised and dropped.
type Token uint64

// Interest is a set of readiness conditions: those that a handle is watched
// for, or those that an Event reports.
type Interest uint8

// The readiness conditions. HangUp is only ever reported, never asked for.
const (
	// Readable means that Read, or Accept on a listener, would not return ErrWouldBlock.
	Readable Interest = 1 << iota
	// Writable means that Write would not return ErrWouldBlock, or that a Dial has ended.
	Writable
	// HangUp means that the peer has closed its side, or that the connection
	// failed. It always comes together with Readable: data that arrived before
	// is read first, and then Read tells which of the two it was.
	HangUp
)

// An Event says that the handle registered under Token is ready.
type Event struct {
	Token Token
	Ready Interest
}

// The errors of a Backend that the loop acts on. A Backend returns exactly
// these values, unwrapped, so that the loop can compare with ==.
var (
	// ErrWouldBlock means that there is nothing to read, no room to write, or no connection
	// to accept.
	ErrWouldBlock = errors.New("eventloop: would block")
	// ErrTooManyFiles means that the process or the system is out of
	// descriptors (EMFILE, ENFILE) or of memory for one more (ENOBUFS, ENOMEM).
	// The new connection is still in the backlog.
	ErrTooManyFiles = errors.New("eventloop: too many open files")
	// ErrClosed means that the Poller, Conn, Listener or Group has been closed.
	ErrClosed = errors.New("eventloop: closed")
)

// A Poller tells which handles are ready. One loop owns it: every method but
// Wake is called from that loop's goroutine only. Package pollertest tests
// these promises:
//
//   - Readiness is level-triggered: as long as a condition holds and is asked
//     for, every Wait reports it.
//   - HangUp implies Readable, whatever the system reports. A peer that has
//     closed its side is reported while Readable is asked for; a connection
//     that failed or is closed both ways is reported while Readable or Writable
//     is asked for.
//   - Interest 0 detaches the handle: nothing is reported for it, not even a
//     peer that hangs up, so that a paused connection never spins the loop. It
//     stays registered; Modify attaches it again.
//   - An event carries the token of the registration in force when it is
//     reported. After Remove, and after Modify with another interest, no event
//     of the old registration arrives, even if the handle is closed and its
//     number is registered again at once.
//   - One Wait reports a handle at most once, with all its conditions together.
//
// Not promised: the order of events, that a reported condition still holds
// when it is acted on (Read may return ErrWouldBlock), and fairness beyond
// this: with more ready handles than room in events, every one of them is
// reported within a bounded number of Waits.
type Poller interface {
	// Add registers h under t. It is an error to add a handle twice.
	Add(h Handle, t Token, i Interest) error
	// Modify replaces token and interest of a registered handle.
	Modify(h Handle, t Token, i Interest) error
	// Remove forgets h. It is called before the handle is closed.
	Remove(h Handle) error
	// Wait fills events and returns how many. It blocks until at least one
	// handle is ready, Wake is called or the timeout has passed: a negative
	// timeout waits forever, zero does not wait. It returns 0 before the
	// timeout only after a Wake: a timeout is rounded up, and an interrupted
	// wait is continued.
	Wait(events []Event, timeout time.Duration) (int, error)
	// Wake makes the current Wait, or else the next one, return. It may be called
	// from any goroutine at any time, also after Close (it then does nothing). It
	// never blocks and is never lost; several calls may end one Wait.
	Wake() error
	// Close releases what the poller holds. Registered handles stay open.
	// Every later call but Wake and Close returns ErrClosed.
	Close() error
}

// ListenOptions configure a listener. The zero value works.
type ListenOptions struct {
	// Backlog is the length of the queue of connections not yet accepted.
	// 0 means 4096; the system may cap it (net.core.somaxconn on Linux).
	Backlog int
	// ReusePort lets several listeners share one address; the system
	// distributes connections among them (SO_REUSEPORT, socket(7)). A backend
	// without it returns an error that is errors.ErrUnsupported.
	ReusePort bool
}

// A Net opens and uses non-blocking sockets. All methods may be called from
// any goroutine, but one handle is used by one goroutine at a time, and a
// handle opened by one Net may be used with another one of the same backend.
// Errors of the system are *os.SyscallError; ErrWouldBlock, ErrTooManyFiles and
// io.EOF are returned bare.
//
// Networks are "tcp" (both families: a wildcard or empty host listens dual
// stack where the machine has IPv6, else on IPv4), "tcp4", "tcp6" (that family
// only) and "unix" (address is a path). A TCP address is "host:port" with an IP
// literal, an IPv6 zone allowed, or no host: Net never resolves names.
type Net interface {
	// Listen opens a listening socket. It sets SO_REUSEADDR where that means
	// "restart at once" (Unix) and never where it means "share" (Windows).
	Listen(network, address string, o ListenOptions) (Handle, error)
	// Adopt takes over the socket of a standard listener, as a duplicate: ln
	// may be closed afterwards. A backend that can't returns an error that is
	// errors.ErrUnsupported.
	Adopt(ln net.Listener) (Handle, error)
	// Accept takes one connection from the backlog, with TCP_NODELAY set. The
	// peer is the zero AddrPort for a Unix socket. A connection that is already
	// gone (ECONNABORTED and the like) is skipped, never an error.
	Accept(ln Handle) (h Handle, peer netip.AddrPort, err error)
	// Dial starts to connect. The handle becomes Writable when the attempt has
	// ended; Connected then returns its result. Either method may return an
	// error that is known at once.
	Dial(network, address string) (Handle, error)
	// Connected returns nil if the handle that Dial returned is connected, and
	// otherwise the reason why not. It is called once, after the handle became
	// Writable.
	Connected(h Handle) error
	// LocalAddr returns the address that a listener or connection is bound to:
	// a *net.TCPAddr or a *net.UnixAddr.
	LocalAddr(h Handle) (net.Addr, error)
	// Read reads up to len(p) bytes. It returns io.EOF when the peer has shut down its
	// side.
	Read(h Handle, p []byte) (int, error)
	// Write writes up to len(p) bytes and returns how many the system took. It
	// never raises a signal. It may return n < len(p) without an error.
	Write(h Handle, p []byte) (int, error)
	// CloseWrite shuts down the sending side (shutdown(2), SHUT_WR).
	CloseWrite(h Handle) error
	// CloseHandle closes the handle. It never blocks.
	CloseHandle(h Handle) error
}

// An AllListener is a Net that may need several sockets for one address: on
// systems whose IPv6 sockets are IPv6 only, a wildcard of network "tcp" takes one
// for each family. The loop calls ListenAll instead of Listen, which opens only
// the IPv4 one there.
type AllListener interface {
	ListenAll(network, address string, o ListenOptions) ([]Handle, error)
}

// An Unlinker is a Net whose Unix listeners leave a file behind. The loop calls
// Unlink with the address of a listener that it opened just before it closes
// it.
type Unlinker interface {
	Unlink(address string) error
}

// A Resetter is a Net that can close a connection with a reset. The loop calls Reset
// just before it closes a connection whose peer has received everything and has not
// closed within LingerTimeout: some programs, such as nc, notice only that. Reset
// does nothing while bytes are still in flight.
type Resetter interface {
	Reset(h Handle)
}

// A Backend is a Poller with the Net whose handles it watches. Each loop opens
// its own.
type Backend interface {
	Poller
	Net
}
