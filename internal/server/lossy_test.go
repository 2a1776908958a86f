package server_test

import (
	"crypto/tls"
	"errors"
	"math"
	"net"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// A lossyConn is a client's end of a connection that can break at any byte, with or without
// TLS. It is the net.Conn below its TLS. Its Read runs the world until data has arrived, or
// nothing more happens.
type lossyConn struct {
	net.Conn // nil: the rest is not used
	f        *fixture
	c        *sim.Client
	secure   *tls.Conn // nil without TLS
	in, out  int       // bytes that pass before it breaks
	halfOpen bool      // the server does not notice when it breaks
	broken   bool
	part     []byte // the beginning of a line
}

// newLossyConn makes a connection that does not break by itself.
func newLossyConn(f *fixture) *lossyConn {
	f.t.Helper()
	return &lossyConn{f: f, c: f.dial().c, in: math.MaxInt, out: math.MaxInt}
}

// handshake begins TLS. If it fails, the connection is broken.
func (l *lossyConn) handshake(config *tls.Config) {
	l.f.t.Helper()
	l.secure = tls.Client(l, config)
	if err := l.secure.Handshake(); err != nil && !l.broken {
		l.f.t.Fatalf("handshake: %v", err)
	}
}

// breaks breaks the connection.
func (l *lossyConn) breaks() {
	l.broken = true
	if !l.halfOpen {
		_ = l.c.Close()
	}
}

// Read implements net.Conn.
func (l *lossyConn) Read(p []byte) (int, error) {
	for range 2 {
		if l.broken {
			return 0, net.ErrClosed
		}
		n, err := l.c.Read(p[:min(len(p), l.in)])
		if n > 0 {
			if l.in -= n; l.in == 0 {
				l.breaks()
			}
			return n, nil
		}
		if !errors.Is(err, eventloop.ErrWouldBlock) {
			l.breaks()
			return 0, err
		}
		l.f.settle()
	}
	return 0, errNothing{}
}

// Write implements net.Conn. If the server has stopped reading, it breaks the connection.
func (l *lossyConn) Write(p []byte) (n int, err error) {
	for stuck := 0; n < len(p); stuck++ {
		if l.broken {
			return n, net.ErrClosed
		}
		rest := p[n:]
		m, err := l.c.Write(rest[:min(len(rest), l.out)])
		if m > 0 {
			n, stuck = n+m, 0
			l.out -= m
		}
		if l.out == 0 || stuck == 3 || err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			l.breaks()
		}
		l.f.settle()
	}
	return n, nil
}

// Close implements net.Conn.
func (l *lossyConn) Close() error { return l.c.Close() }

// SetWriteDeadline implements net.Conn.
func (*lossyConn) SetWriteDeadline(time.Time) error { return nil }

// send sends text, as far as the connection lets it.
func (l *lossyConn) send(text string) {
	if l.secure != nil {
		_, _ = l.secure.Write([]byte(text))
	} else {
		_, _ = l.Write([]byte(text))
	}
}

// lines returns the whole lines that can be read.
func (l *lossyConn) lines() []string {
	l.f.t.Helper()
	read := l.Read
	if l.secure != nil {
		read = l.secure.Read
	}
	var buf [4096]byte
	for {
		n, err := read(buf[:])
		l.part = append(l.part, buf[:n]...)
		if err == nil {
			continue
		}
		if !errors.Is(err, errNothing{}) && !l.broken {
			if l.secure == nil || !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "EOF") {
				l.f.t.Fatalf("read: %v", err)
			}
			l.breaks() // the server has said close_notify
		}
		end := strings.LastIndexByte(string(l.part), '\n') + 1
		whole := string(l.part[:end])
		l.part = l.part[end:]
		var lines []string
		for line := range strings.Lines(whole) {
			lines = append(lines, line)
		}
		return lines
	}
}

// hangUp closes the connection properly: inside TLS with close_notify.
func (l *lossyConn) hangUp() {
	if l.secure != nil {
		_ = l.secure.CloseWrite()
	}
	l.breaks()
}
