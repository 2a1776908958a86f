package sim

import (
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/sudoXpg/netloop/eventloop"
)

// A socket is one end of a connection, or a listener. World.mu guards it. Its
// methods know nothing of faults.
type socket struct {
	world   *World
	name    int64    // its handle, or less than 0 for a Client or Listener
	watches []*watch // its registrations

	// Of a connection. The socket of a newcomer, not yet accepted, is complete:
	// its peer may write to it.
	peer          *socket // nil: connecting failed
	local, remote netip.AddrPort
	path          string // Unix: what it, or the listener it came by, is bound to
	unix          bool
	connecting    bool // not in the backlog yet
	wrClosed      bool // sends no more
	closed        bool
	err           error // what broke the connection, a syscall.Errno
	in            ring  // sent by the peer and not yet read
	sendBuf       int   // limits in bytes
	recvBuf       int

	// Of a listener.
	listening bool
	address   address
	reuse     bool
	backlog   int
	queue     []*socket // to be accepted; those beyond backlog are still connecting
}

func (w *World) newSocket() *socket {
	return &socket{world: w, sendBuf: w.bufferLen, recvBuf: w.bufferLen}
}

// endpoint returns a name for a Client or Listener.
func (w *World) endpoint() int64 {
	w.endpoints++
	return -w.endpoints
}

// listen opens a listener that has no name yet.
func (w *World) listen(network, text string, o eventloop.ListenOptions) (*socket, error) {
	a, err := parse(network, text)
	if err != nil {
		return nil, err
	}
	if a.path == "" && a.v6 && a.wildcard() {
		a.ip = netip.IPv6Unspecified()
	}
	if err := w.bind(&a, o.ReusePort); err != nil {
		return nil, err
	}
	ln := &socket{world: w, listening: true, address: a, reuse: o.ReusePort, backlog: o.Backlog}
	ln.unix, ln.path = a.path != "", a.path
	ln.local = netip.AddrPortFrom(a.ip, a.port)
	if ln.backlog <= 0 {
		ln.backlog = 4096
	}
	w.listeners = append(w.listeners, ln)
	return ln, nil
}

// dial opens a socket, without a name yet, that is connected, or connecting, or
// refused. As on Linux, only a Unix socket is refused at once. from may be the
// zero Addr: the address that is dialled.
func (w *World) dial(network, text string, from netip.Addr) (*socket, error) {
	a, err := parse(network, text)
	if err != nil {
		return nil, err
	}
	ln := w.listener(&a)
	c := w.newSocket()
	if a.path != "" {
		c.unix = true
		if ln == nil {
			return nil, os.NewSyscallError("connect", syscall.ENOENT)
		}
	} else {
		c.remote = a.target()
		if !from.IsValid() {
			from = c.remote.Addr()
		}
		c.local = netip.AddrPortFrom(from, w.anyPort())
		if ln == nil {
			c.err = syscall.ECONNREFUSED
			return c, nil
		}
	}
	s := w.newSocket()
	s.unix, s.path = ln.unix, ln.path
	s.local, s.remote = c.remote, c.local
	s.peer, c.peer = c, s
	c.connecting = len(ln.queue) >= ln.backlog
	ln.queue = append(ln.queue, s)
	w.notify()
	return c, nil
}

// accept returns the next newcomer that is still there, without a name yet.
func (s *socket) accept() (*socket, error) {
	if !s.listening {
		return nil, os.NewSyscallError("accept", syscall.EINVAL)
	}
	for len(s.queue) > 0 {
		newcomer := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		if len(s.queue) >= s.backlog {
			s.queue[s.backlog-1].peer.connecting = false
			s.world.notify()
		}
		if newcomer.err == nil {
			return newcomer, nil
		}
	}
	return nil, eventloop.ErrWouldBlock
}

// connected returns how connecting ended.
func (s *socket) connected() error {
	switch {
	case s.err != nil:
		return os.NewSyscallError("connect", s.err)
	case s.connecting:
		return eventloop.ErrWouldBlock
	case s.listening:
		return os.NewSyscallError("connect", syscall.EINVAL)
	default:
		return nil
	}
}

// ended reports whether the peer sends no more.
func (s *socket) ended() bool { return s.peer == nil || s.peer.wrClosed || s.peer.closed }

// room returns how many bytes a write would take. Bytes to a peer that is gone
// are dropped, so there is always room for them.
func (s *socket) room() int {
	if s.peer.closed {
		return s.sendBuf
	}
	return max(0, s.sendBuf+s.peer.recvBuf-s.peer.in.n)
}

// readable returns how many bytes a read can get, or why it gets none: a bare
// syscall.Errno, because every Wait asks and most of the answers are dropped.
func (s *socket) readable() (int, error) {
	switch {
	case s.listening:
		return 0, syscall.ENOTCONN
	case s.in.n > 0:
		return s.in.n, nil
	case s.err != nil:
		return 0, s.err
	case s.connecting || !s.ended():
		return 0, eventloop.ErrWouldBlock
	default:
		return 0, io.EOF
	}
}

// read reads at least one byte, or says why not.
func (s *socket) read(p []byte) (int, error) {
	if _, err := s.readable(); err != nil {
		return 0, wrap("read", err)
	}
	n := s.in.read(p)
	s.world.notify()
	return n, nil
}

// writable returns how many bytes a write would take, or why it takes none, as
// readable does.
func (s *socket) writable() (int, error) {
	switch {
	case s.listening:
		return 0, syscall.ENOTCONN
	case s.wrClosed:
		return 0, syscall.EPIPE
	case s.err != nil:
		return 0, s.err
	case s.connecting:
		return 0, eventloop.ErrWouldBlock
	}
	n := s.room()
	if n == 0 {
		return 0, eventloop.ErrWouldBlock
	}
	return n, nil
}

// write writes at least one byte, or says why not.
func (s *socket) write(p []byte) (int, error) {
	room, err := s.writable()
	if err != nil {
		return 0, wrap("write", err)
	}
	p = p[:min(len(p), room)]
	if s.peer.closed {
		// As with TCP, it takes a write to learn that the peer is gone.
		s.err = syscall.ECONNRESET
	} else {
		s.peer.in.write(p)
	}
	s.world.notify()
	return len(p), nil
}

func (s *socket) closeWrite() error {
	if s.listening || s.connecting || s.err != nil {
		return os.NewSyscallError("shutdown", syscall.ENOTCONN)
	}
	s.wrClosed = true
	s.world.notify()
	return nil
}

// breakOff ends a connection from the side of s: what has not yet reached the
// receive buffer of the peer is lost.
func (s *socket) breakOff() {
	peer := s.peer
	if peer == nil || peer.closed || peer.err != nil {
		return
	}
	peer.err = syscall.ECONNRESET
	peer.connecting = false
	peer.in.keep(peer.recvBuf)
}

// reset breaks the connection for both sides, as the network does.
func (s *socket) reset() {
	s.breakOff()
	if s.err == nil {
		s.err = syscall.ECONNRESET
		s.in.keep(s.recvBuf)
	}
	s.world.notify()
}

// close closes s and notifies its peer, or the connections that wait to be accepted.
func (s *socket) close() {
	for len(s.watches) > 0 {
		s.watches[0].remove()
	}
	s.closed = true
	switch {
	case s.listening:
		s.unlisten()
	case s.in.n > 0 || s.connecting:
		s.breakOff()
	}
	s.in = ring{}
	s.world.notify()
}

func (s *socket) unlisten() {
	w := s.world
	for i, ln := range w.listeners {
		if ln == s {
			w.listeners = append(w.listeners[:i], w.listeners[i+1:]...)
			break
		}
	}
	for _, newcomer := range s.queue {
		refused := newcomer.peer.connecting
		newcomer.breakOff()
		newcomer.closed = true
		if refused {
			newcomer.peer.err = syscall.ECONNREFUSED
		}
	}
	s.queue = nil
}

// ready returns which of the conditions in i hold, with HangUp where it belongs.
func (s *socket) ready(i eventloop.Interest) eventloop.Interest {
	i &= eventloop.Readable | eventloop.Writable
	if i == 0 || s.connecting {
		return 0
	}
	if s.listening {
		if len(s.queue) > 0 {
			return i & eventloop.Readable
		}
		return 0
	}
	var holds eventloop.Interest
	if _, err := s.readable(); err != eventloop.ErrWouldBlock {
		holds |= eventloop.Readable
	}
	if _, err := s.writable(); err != eventloop.ErrWouldBlock {
		holds |= eventloop.Writable
	}
	holds &= i
	// A peer that has only shut down its sending side is not reported to a socket that only
	// writes.
	if s.err != nil || s.ended() && (s.wrClosed || i&eventloop.Readable != 0) {
		holds |= eventloop.HangUp | eventloop.Readable
	}
	return holds
}

// wrap makes an error of the system what eventloop.Net promises it to be.
func wrap(call string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError(call, errno)
	}
	return err
}

// localAddr returns the address as eventloop.Net promises it.
func (s *socket) localAddr() net.Addr {
	if s.unix {
		return &net.UnixAddr{Name: s.path, Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(s.local)
}
