package tlsfilter

import (
	"cmp"
	"crypto/tls"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// The defaults of Handshakes.
const (
	DefaultMax     = 2000
	DefaultTimeout = 10 * time.Second
)

// The errors of a handshake that are not from crypto/tls. A handshake that takes too
// long ends with eventloop.ErrDeadline.
var (
	// ErrTooMany: as many handshakes as Handshakes.Max allows were in progress.
	ErrTooMany = errors.New("tlsfilter: too many handshakes in progress")
	// ErrHello: the ClientHello was longer than 16 KiB.
	ErrHello = errors.New("tlsfilter: ClientHello too long")
)

// Handshakes bounds the handshakes of any number of listeners and clients. The zero value
// is ready to use; its fields must not be changed after that.
type Handshakes struct {
	// Max is how many handshakes may be in progress. Each takes about 20 KB of
	// memory. One more is refused: its connection is closed with ErrTooMany. A server's
	// handshake counts from its whole ClientHello on. 0 means DefaultMax.
	Max int
	// Timeout is how long a handshake may take, from when the connection is open. 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// Executor steps the handshakes. It must have room for Max jobs, in its queue or
	// running. nil means a pool of GOMAXPROCS − 1 workers, at least one: the loops need a
	// processor, too.
	Executor eventloop.Executor

	pool   atomic.Pointer[eventloop.Pool]
	active atomic.Int64
}

// shared is what Server and Client use.
var shared Handshakes

// Server returns a function for eventloop.Group.Listen. It has a connection do the handshake
// of a server, and then calls accept, on the connection's loop, for the handler
// that takes over; nil closes the connection. Handler.Opened is called next. accept
// may use State. A connection whose handshake fails is closed, and accept is not
// called. config is used as it is, not cloned.
func Server(config *tls.Config, accept func(*eventloop.Conn) eventloop.Handler) func(*eventloop.Conn) eventloop.Handler {
	return shared.Server(config, accept, nil)
}

// Client returns a handler for eventloop.Group.Dial that does the handshake of a client and
// then hands the connection over to h. h.Opened is called when the handshake is complete;
// if it fails, or the connection can't be made, only h.Closed is called, with the reason.
// config, which needs a ServerName, is used as it is, not cloned.
func Client(config *tls.Config, h eventloop.Handler) eventloop.Handler {
	return shared.Client(config, h)
}

// Server is the function Server with these limits. If failed is not nil, it is called in
// place of accept when a handshake has failed, or the connection was closed before it was
// complete: once, as the last call, when the connection is closed.
func (hs *Handshakes) Server(config *tls.Config, accept func(*eventloop.Conn) eventloop.Handler, failed func(*eventloop.Conn, error)) func(*eventloop.Conn) eventloop.Handler {
	return func(*eventloop.Conn) eventloop.Handler {
		return &handshake{
			all: hs, make: func(f *filter) { f.tls = tls.Server(&f.wire, config) },
			accept: accept, failed: failed, hello: &hello{},
		}
	}
}

// Client is the function Client with these limits.
func (hs *Handshakes) Client(config *tls.Config, h eventloop.Handler) eventloop.Handler {
	return &handshake{
		all: hs, make: func(f *filter) { f.tls = tls.Client(&f.wire, config) },
		accept: func(*eventloop.Conn) eventloop.Handler { return h }, failed: h.Closed,
	}
}

// InProgress returns how many handshakes are in progress.
func (hs *Handshakes) InProgress() int { return int(hs.active.Load()) }

// begin takes one of the places, if one is free.
func (hs *Handshakes) begin() bool {
	if hs.active.Add(1) > int64(cmp.Or(hs.Max, DefaultMax)) {
		hs.active.Add(-1)
		return false
	}
	return true
}

func (hs *Handshakes) end() { hs.active.Add(-1) }

func (hs *Handshakes) executor() eventloop.Executor {
	if hs.Executor != nil {
		return hs.Executor
	}
	if p := hs.pool.Load(); p != nil {
		return p
	}
	hs.pool.CompareAndSwap(nil, eventloop.NewPool(max(runtime.GOMAXPROCS(0)-1, 1), cmp.Or(hs.Max, DefaultMax)))
	return hs.pool.Load()
}

func (hs *Handshakes) timeout() time.Duration { return cmp.Or(hs.Timeout, DefaultTimeout) }
