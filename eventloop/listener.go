package eventloop

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	maxAccepts   = 64 // taken from a backlog in one turn
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
)

// An AcceptError says that a listener has paused accepting, for want of
// descriptors for instance. Newcomers wait in the backlog meanwhile; the
// listener tries again by itself, at most a second later. It is reported once
// until accepting has worked again.
type AcceptError struct {
	Addr net.Addr
	Err  error
}

// Error implements error.
func (e *AcceptError) Error() string {
	return fmt.Sprintf("eventloop: accepting on %s paused: %v", e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *AcceptError) Unwrap() error { return e.Err }

// A newcomer is a connection on its way from the acceptor to its loop.
type newcomer struct {
	h    Handle
	peer netip.AddrPort
}

// A Listener accepts connections for a Group.
type Listener struct {
	group  *Group
	accept func(*Conn) Handler
	addr   net.Addr
	path   string // of a Unix socket that is ours to remove
	socks  []*listening
}

// listening is one socket of a listener, on one loop.
type listening struct {
	ln     *Listener
	loop   *Loop
	h      Handle
	token  Token
	closed bool
	pause  time.Duration // 0: accepting
}

// Addr returns the address listened on, with the port that 0 became.
func (ln *Listener) Addr() net.Addr { return ln.addr }

// Close stops accepting. Connections already accepted stay open. It may be
// called from any goroutine.
func (ln *Listener) Close() {
	for _, s := range ln.socks {
		_ = s.loop.post(task{f: s.close, sure: true}) // a loop that takes no more tasks closes it anyway
	}
}

// add has loop l watch the socket h.
func (ln *Listener) add(l *Loop, h Handle) error {
	addr, err := l.be.LocalAddr(h)
	if err != nil {
		return errors.Join(err, l.be.CloseHandle(h))
	}
	if ln.addr == nil {
		ln.addr = addr
	}
	s := &listening{ln: ln, loop: l, h: h}
	ln.socks = append(ln.socks, s)
	if err := l.post(task{f: s.watch, sure: true}); err != nil {
		return errors.Join(err, l.be.CloseHandle(h))
	}
	return nil
}

func (s *listening) watch() {
	l := s.loop
	s.token = l.newToken(listenerSlot)
	err := l.be.Add(s.h, s.token, Readable)
	if err != nil {
		l.g.opts.OnError(&AcceptError{Addr: s.ln.addr, Err: err})
	}
	l.listeners = append(l.listeners, s)
	if err != nil || l.draining {
		s.close()
	}
}

func (s *listening) close() {
	if s.closed {
		return
	}
	s.closed = true
	l := s.loop
	l.listeners = slices.DeleteFunc(l.listeners, func(o *listening) bool { return o == s })
	_ = l.be.Remove(s.h)
	if u, ok := l.be.(Unlinker); ok && s.ln.path != "" {
		_ = u.Unlink(s.ln.path) // before somebody else can listen there
	}
	_ = l.be.CloseHandle(s.h)
}

// acceptAll takes newcomers and hands them to their loops.
func (s *listening) acceptAll() {
	l := s.loop
	for range maxAccepts {
		l.n.acceptCalls.Add(1)
		h, peer, err := l.be.Accept(s.h)
		if err == ErrWouldBlock { //nolint:errorlint // Net returns it bare, and this is the hot path
			return
		}
		if err != nil {
			s.suspend(err)
			return
		}
		s.pause = 0
		l.n.accepted.Add(1)
		to := l
		if !l.g.opts.ReusePort {
			to = l.g.next()
		}
		if to == l {
			l.adopt(newcomer{h, peer}, s.ln.accept)
		} else if to.post(task{ln: s.ln, new: newcomer{h, peer}}) != nil {
			_ = l.be.CloseHandle(h)
		}
	}
}

// suspend takes the eye off the listener for a while, longer each time.
func (s *listening) suspend(err error) {
	l := s.loop
	if s.pause == 0 {
		s.pause = firstPause
		l.g.opts.OnError(&AcceptError{Addr: s.ln.addr, Err: err})
	} else {
		s.pause = min(2*s.pause, longestPause)
	}
	l.n.acceptPauses.Add(1)
	_ = l.be.Modify(s.h, s.token, 0)
	l.AfterFunc(s.pause, func() {
		if !s.closed {
			_ = l.be.Modify(s.h, s.token, Readable)
		}
	})
}

// adopt makes a newcomer a connection of this loop.
func (l *Loop) adopt(n newcomer, accept func(*Conn) Handler) {
	c := &Conn{loop: l, h: n.h, peer: n.peer}
	if l.draining {
		_ = l.be.CloseHandle(n.h)
		return
	}
	if c.handler = accept(c); c.handler == nil {
		_ = l.be.CloseHandle(n.h)
		return
	}
	c.lastRead = l.nowTick
	if err := c.attach(Readable); err != nil {
		_ = l.be.CloseHandle(n.h)
		l.g.opts.OnError(fmt.Errorf("watch connection of %s: %w", n.peer, err))
		c.handler.Closed(c, err)
		return
	}
	c.handler.Opened(c)
	c.returned()
}
