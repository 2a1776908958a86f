package sock

import (
	"sync"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Waker makes a descriptor readable from any goroutine, so that a poll that
// watches it returns. Any number of Wakes before a Drain cost one system call.
//
// Wake may be called from any goroutine at any time; the other methods belong
// to the goroutine that polls.
type Waker struct {
	pending atomic.Bool
	// mu keeps Close from closing the descriptor under a Wake that writes to
	// it: its number could have been reused by then.
	mu     sync.Mutex
	closed bool
	ends   wakerEnds
}

// OpenWaker returns a Waker that is not woken.
func OpenWaker() (*Waker, error) {
	ends, err := openEnds()
	if err != nil {
		return nil, err
	}
	return &Waker{ends: ends}, nil
}

// Handle returns what to watch for reading.
func (w *Waker) Handle() eventloop.Handle { return eventloop.Handle(w.ends.read) }

// Wake makes the descriptor readable. After Close it does nothing.
func (w *Waker) Wake() error {
	if w.pending.Swap(true) {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	err := w.ends.signal()
	if err == nil || err == errAgain { // full, and so readable already
		return nil
	}
	w.pending.Store(false) // the next Wake has to try
	return SysErr("write", err)
}

// Drain makes the descriptor unreadable and reports whether there was a Wake
// since the last Drain.
//
// The order matters. A Wake between reading and clearing finds pending still
// set and writes nothing, which is right: its caller's work is done already and
// the poll is returning. If pending were cleared first, it would write, the
// read below would consume that, and pending would stay set with nothing to
// read: every later Wake would be lost.
func (w *Waker) Drain() bool {
	w.ends.drain()
	return w.pending.Swap(false)
}

// Close closes the descriptors. Closing twice is harmless.
func (w *Waker) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	return SysErr("close", w.ends.close())
}
