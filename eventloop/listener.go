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

// An AcceptError reports that a listener has paused accepting, for example
// because the process is out of descriptors. New connections wait in the
// backlog meanwhile; the listener tries again by itself, at most a second
// later. The error is reported once until accepting has worked again.
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
	probes bool // what is accepted has keep-alive already
	added  bool // the poller knows it
	closed bool
	paused bool          // accepting is continued by resume
	pause  time.Duration // the last one, 0 after an accept
}

// Addr returns the listener's address. Port 0 has been replaced by the port that the system
// chose.
func (ln *Listener) Addr() net.Addr { return ln.addr }

// Close stops accepting. Connections already accepted stay open. It may be
// called from any goroutine.
func (ln *Listener) Close() {
	for _, s := range ln.socks {
		_ = s.loop.post(task{f: s.close, sure: true}) // a loop that takes no more tasks closes it anyway
	}
}

// listen makes loop l watch the sockets that an address needs.
func (ln *Listener) listen(l *Loop, network, address string) error {
	o := ListenOptions{ReusePort: l.g.opts.ReusePort}
	all, ok := l.be.(AllListener)
	if !ok {
		h, err := l.be.Listen(network, address, o)
		if err != nil {
			return err
		}
		return ln.add(l, h)
	}
	handles, err := all.ListenAll(network, address, o)
	for i, h := range handles {
		if err = ln.add(l, h); err != nil {
			for _, h := range handles[i+1:] {
				_ = l.be.CloseHandle(h)
			}
			break
		}
	}
	return err
}

// add makes loop l watch the socket h.
func (ln *Listener) add(l *Loop, h Handle) error {
	addr, err := l.be.LocalAddr(h)
	if err != nil {
		return errors.Join(err, l.be.CloseHandle(h))
	}
	if ln.addr == nil {
		ln.addr = addr
	}
	probes, err := l.keepAlive(addr.Network(), h)
	if err != nil {
		return errors.Join(err, l.be.CloseHandle(h))
	}
	s := &listening{ln: ln, loop: l, h: h, probes: probes}
	ln.socks = append(ln.socks, s)
	if err := l.post(task{f: s.watch, sure: true}); err != nil {
		return errors.Join(err, l.be.CloseHandle(h))
	}
	return nil
}

func (s *listening) watch() {
	s.loop.listeners = append(s.loop.listeners, s)
	if s.loop.draining {
		s.close()
		return
	}
	s.resume()
}

// attend makes the poller report newcomers.
func (s *listening) attend() error {
	l := s.loop
	if s.added && l.be.Modify(s.h, s.token, Readable) == nil {
		return nil
	}
	if s.forget(); s.added {
		return errors.New("eventloop: the poller does not let go of a listener")
	}
	s.token = l.newToken(listenerSlot)
	err := l.be.Add(s.h, s.token, Readable)
	s.added = err == nil
	return err
}

// ignore makes the poller report no newcomers.
func (s *listening) ignore() {
	if s.added && s.loop.be.Modify(s.h, s.token, 0) != nil {
		s.forget()
	}
}

// forget removes the socket from the poller.
func (s *listening) forget() {
	if s.added {
		s.added = s.loop.be.Remove(s.h) != nil
	}
}

func (s *listening) close() {
	if s.closed {
		return
	}
	s.closed = true
	l := s.loop
	l.listeners = slices.DeleteFunc(l.listeners, func(o *listening) bool { return o == s })
	s.forget()
	if u, ok := l.be.(Unlinker); ok && s.ln.path != "" {
		_ = u.Unlink(s.ln.path) // before another listener can take the path
	}
	_ = l.be.CloseHandle(s.h)
}

// acceptAll takes newcomers and hands them to their loops.
func (s *listening) acceptAll() {
	l := s.loop
	if s.paused { // and yet the poller reports it
		return
	}
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
		if !s.probes {
			l.keepConnAlive(s.ln.addr.Network(), h)
		}
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

// suspend stops watching the listener for a while, longer each time.
func (s *listening) suspend(err error) {
	l := s.loop
	if s.pause == 0 {
		s.pause = firstPause
		l.g.opts.OnError(&AcceptError{Addr: s.ln.addr, Err: err})
	} else {
		s.pause = min(2*s.pause, longestPause)
	}
	l.n.acceptPauses.Add(1)
	s.paused = true
	s.ignore()
	l.AfterFunc(s.pause, s.resume)
}

// resume continues accepting, or tries again later if the poller refuses.
func (s *listening) resume() {
	if s.closed {
		return
	}
	s.paused = false
	if err := s.attend(); err != nil {
		s.suspend(err)
	}
}

// adopt makes a newcomer a connection of this loop.
func (l *Loop) adopt(n newcomer, accept func(*Conn) Handler) {
	c := &Conn{loop: l, h: n.h, peer: l.pack(n.peer)}
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
