package metrics

import (
	"net"
	"sync"
)

// limited accepts only a limited number of connections at a time.
type limited struct {
	net.Listener
	places chan struct{} // one in it for each that is open
	closed chan struct{} // closed by Close
	close  func()
}

// limit returns ln with that limit.
func limit(ln net.Listener, most int) *limited {
	closed := make(chan struct{})
	return &limited{
		Listener: ln, places: make(chan struct{}, most),
		closed: closed, close: sync.OnceFunc(func() { close(closed) }),
	}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &counted{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.close()
	return l.Listener.Close()
}

// counted frees its place when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
