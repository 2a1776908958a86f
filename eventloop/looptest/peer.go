package looptest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
)

const loopback = "127.0.0.1:0"

// A peer is the other side of a connection, in the hands of the test. Its
// methods block until they are done.
type peer struct {
	e     *env
	conn  net.Conn          // in the real world
	raw   Raw               // in a simulated one
	toy   *toyfilter.Filter // if the connection has one at its other end
	top   Secured           // or another filter
	ahead *bufio.Reader     // if reading ahead
	junk  []byte            // what a flood consists of
	done  chan struct{}     // closed when the flood has ended
}

// dial connects to a listener.
func (e *env) dial(to net.Addr) *peer {
	e.Helper()
	p := &peer{e: e}
	var err error
	if e.virtual() {
		p.raw, err = e.o.Dial(to.Network(), to.String())
	} else {
		p.conn, err = net.DialTimeout(to.Network(), to.String(), patience)
	}
	if err != nil {
		e.Fatalf("dial %s: %v", to, err)
	}
	if p.conn != nil {
		if err := p.conn.SetDeadline(time.Now().Add(patience)); err != nil {
			e.Fatal(err)
		}
	}
	if e.filtered {
		p.toy = toyfilter.New(e.Errorf)
	}
	e.Cleanup(p.close)
	e.peers = append(e.peers, p)
	if e.secure != nil {
		if p.top, err = e.secure.Peer(below{peer: p}); err != nil {
			e.Fatalf("handshake: %v", err)
		}
	}
	return p
}

// A below is the net.Conn below a peer's filter.
type below struct {
	net.Conn // nil: nothing else of it is used
	*peer
}

func (b below) Read(p []byte) (int, error)     { return b.readRaw(p) }
func (b below) Close() error                   { return nil }
func (below) SetWriteDeadline(time.Time) error { return nil }

func (b below) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = b.writeRaw(p[n:])
		n += m
	}
	return n, err
}

// mostSealed is the size of a peer's longest record.
const mostSealed = 10_000

// send writes all of s.
func (p *peer) send(s string) {
	p.e.Helper()
	for rest := []byte(s); len(rest) > 0; {
		n, err := p.write(rest)
		if err != nil {
			p.e.Fatalf("write: %v", err)
		}
		rest = rest[n:]
	}
}

// write writes some of b, through the toy if there is one.
func (p *peer) write(b []byte) (int, error) {
	switch {
	case p.top != nil:
		return p.top.Write(b)
	case p.toy == nil:
		return p.writeRaw(b)
	}
	n := min(len(b), mostSealed)
	for rest := p.toy.Seal(nil, b[:n]); len(rest) > 0; {
		m, err := p.writeRaw(rest)
		if err != nil {
			return 0, err
		}
		rest = rest[m:]
	}
	return n, nil
}

// sendRaw writes all of b, past the toy.
func (p *peer) sendRaw(b []byte) {
	p.e.Helper()
	for len(b) > 0 {
		n, err := p.writeRaw(b)
		if err != nil {
			p.e.Fatalf("write: %v", err)
		}
		b = b[n:]
	}
}

// writeRaw writes some of b, past the toy.
func (p *peer) writeRaw(b []byte) (int, error) {
	if p.conn != nil {
		return p.conn.Write(b)
	}
	for p.e.turns = 0; ; p.e.turn("the peer can write") {
		if n, err := p.raw.Write(b); err != eventloop.ErrWouldBlock {
			return n, err
		}
	}
}

// read reads some bytes, through the toy if there is one.
func (p *peer) read(b []byte) (int, error) {
	switch {
	case p.top != nil:
		return p.top.Read(b)
	case p.toy == nil:
		return p.readRaw(b)
	}
	return p.toy.Pull(p.readRaw, b)
}

// readRaw reads some bytes, past the toy.
func (p *peer) readRaw(b []byte) (int, error) {
	if p.conn != nil {
		return p.conn.Read(b)
	}
	for p.e.turns = 0; ; p.e.turn("the peer has something to read") {
		if len(p.junk) > 0 {
			if _, err := p.raw.Write(p.junk); err != nil && err != eventloop.ErrWouldBlock {
				return 0, err
			}
		}
		if n, err := p.raw.Read(b); err != eventloop.ErrWouldBlock {
			return n, err
		}
	}
}

// Read makes a peer an io.Reader.
func (p *peer) Read(b []byte) (int, error) {
	if p.ahead != nil {
		return p.ahead.Read(b)
	}
	return p.read(b)
}

// flood keeps sending while the peer reads, until it is closed.
func (p *peer) flood() {
	junk := make([]byte, 4<<10)
	if p.conn == nil {
		p.junk = junk
		return
	}
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		for {
			if _, err := p.conn.Write(junk); err != nil {
				return
			}
		}
	}()
}

// get reads n bytes.
func (p *peer) get(n int) []byte {
	p.e.Helper()
	b := make([]byte, n)
	if m, err := io.ReadFull(p, b); err != nil {
		p.e.Fatalf("read after %d of %d bytes: %v", m, n, err)
	}
	return b
}

// want reads exactly s.
func (p *peer) want(s string) {
	p.e.Helper()
	if got := string(p.get(len(s))); got != s {
		p.e.Fatalf("the peer got %q, want %q", abridge(got), abridge(s))
	}
}

// wantEnd reads the end of the stream, and nothing before that.
func (p *peer) wantEnd() {
	p.e.Helper()
	if rest, err := io.ReadAll(p); err != nil || len(rest) > 0 {
		p.e.Fatalf("the peer got %q and %v, want the end of the stream", abridge(string(rest)), err)
	}
}

// wantAll reads exactly b and then the end of the stream.
func (p *peer) wantAll(b []byte) {
	p.e.Helper()
	got, err := io.ReadAll(p)
	if err != nil || !bytes.Equal(got, b) {
		p.e.Fatalf("the peer got %d bytes of %d (%v)%s", len(got), len(b), err, difference(got, b))
	}
}

// gone reads until the stream ends, however it ends.
func (p *peer) gone() {
	p.e.Helper()
	if _, err := io.Copy(io.Discard, p); err != nil {
		var t net.Error
		if errors.As(err, &t) && t.Timeout() {
			p.e.Fatal("the connection stays open")
		}
	}
}

// closeWrite tells the server that no more comes.
func (p *peer) closeWrite() {
	p.e.Helper()
	if p.toy != nil && !p.toy.Ended() {
		p.sendRaw(p.toy.End(nil))
	}
	if p.top != nil {
		_ = p.top.CloseWrite() // it may have failed before
	}
	p.halfClose()
}

// halfClose is closeWrite without the toy's clean end.
func (p *peer) halfClose() {
	p.e.Helper()
	if err := p.shutDown(); err != nil {
		p.e.Fatalf("CloseWrite: %v", err)
	}
}

func (p *peer) shutDown() error {
	if c, ok := p.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return p.raw.CloseWrite()
}

// sendLast is send and closeWrite, for a server that may abort the connection between the two.
func (p *peer) sendLast(s string) {
	p.e.Helper()
	if p.toy == nil {
		p.send(s)
	} else {
		p.sendRaw(p.toy.End(p.toy.Seal(nil, []byte(s))))
	}
	if p.top != nil {
		_ = p.top.CloseWrite()
	}
	_ = p.shutDown() // it is reset
}

// reset closes the connection with a reset.
func (p *peer) reset() {
	p.e.Helper()
	if c, ok := p.conn.(*net.TCPConn); ok {
		if err := c.SetLinger(0); err != nil {
			p.e.Fatalf("SetLinger: %v", err)
		}
	}
	if p.raw != nil {
		if err := p.raw.Reset(); err != nil {
			p.e.Fatalf("Reset: %v", err)
		}
	}
	p.close()
}

// close closes the connection. It may be called again.
func (p *peer) close() {
	if p.raw != nil {
		_ = p.raw.Close() // ErrClosed if it was closed before
		return
	}
	_ = p.conn.Close() // the same
	if p.done != nil {
		<-p.done
	}
}

// pattern returns n bytes of which each differs from its neighbours.
func pattern(n int) []byte {
	b := make([]byte, 0, n+16)
	for i := 0; len(b) < n; i++ {
		b = append(strconv.AppendInt(b, int64(i), 10), ',')
	}
	return b[:n]
}

// abridge keeps a failure readable.
func abridge(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// difference says where two streams differ.
func difference(got, want []byte) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("; byte %d differs", i)
		}
	}
	return ""
}

// peek reads what there is, without taking it from the stream.
func (p *peer) peek() {
	p.e.Helper()
	if p.ahead == nil {
		p.ahead = bufio.NewReaderSize(readFunc(p.read), 64<<10)
	}
	if _, err := p.ahead.Peek(1); err != nil {
		p.e.Fatalf("read: %v", err)
	}
}

// until reads up to and without a delimiter.
func (p *peer) until(delim byte) string {
	p.e.Helper()
	p.peek()
	s, err := p.ahead.ReadString(delim)
	if err != nil {
		p.e.Fatalf("read: %v after %q", err, abridge(s))
	}
	return s[:len(s)-1]
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// discard reads until the connection is closed, by whichever side.
func (p *peer) discard() {
	b := make([]byte, 256<<10)
	for {
		if _, err := p.conn.Read(b); err != nil {
			return
		}
	}
}
