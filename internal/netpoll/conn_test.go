//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

const (
	patience = time.Minute
	quiet    = 50 * time.Millisecond
)

// A link is a connection whose peer uses package net.
type link struct {
	*testing.T
	b    eventloop.Backend
	h    eventloop.Handle
	peer *net.TCPConn
	sent int // by fill
}

func connect(t *testing.T) *link {
	t.Helper()
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	ln, err := b.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.CloseHandle(ln) }()
	a, err := b.LocalAddr(ln)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.DialTimeout("tcp4", a.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	if err := peer.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	l := &link{T: t, b: b, h: ln, peer: peer.(*net.TCPConn)}
	l.expect(eventloop.Readable)
	if l.h, _, err = b.Accept(ln); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.CloseHandle(l.h) }) // unless the test has closed it
	return l
}

// ready returns what is reported of the handle, waiting for d at most.
func (l *link) ready(i eventloop.Interest, d time.Duration) eventloop.Interest {
	l.Helper()
	if err := l.b.Add(l.h, 1, i); err != nil {
		l.Fatal(err)
	}
	var events [1]eventloop.Event
	_, err := l.b.Wait(events[:], d)
	if err = errors.Join(err, l.b.Remove(l.h)); err != nil {
		l.Fatal(err)
	}
	return events[0].Ready
}

func (l *link) expect(i eventloop.Interest) {
	l.Helper()
	if got := l.ready(i, patience); got&i != i {
		l.Fatalf("%03b is reported, want %03b", got, i)
	}
}

// pattern returns n bytes of the test data from offset at on.
func pattern(at, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((at+i)>>3 ^ (at + i))
	}
	return p
}

// fill writes until there is no room and none appears by itself.
func (l *link) fill() {
	l.Helper()
	for {
		if l.takes() {
			continue
		}
		if l.ready(eventloop.Writable, quiet) == 0 && !l.roomBelow() {
			return
		}
	}
}

// takes writes once, and reports whether anything was taken.
func (l *link) takes() bool {
	l.Helper()
	n, err := l.b.Write(l.h, pattern(l.sent, 48<<10))
	l.sent += n
	if err != nil && (err != eventloop.ErrWouldBlock || n != 0) {
		l.Fatalf("Write: %d, %v", n, err)
	}
	return err == nil
}

// roomBelow reports whether the system has room, so that the flusher will continue.
func (l *link) roomBelow() bool {
	l.Helper()
	var fd eventloop.Handle
	l.conn().use(func(h eventloop.Handle) { fd = h })
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	if err != nil && err != unix.EINTR {
		l.Fatal(err)
	}
	return n != 0
}

// gets makes the peer read everything that fill wrote.
func (l *link) gets(from int) {
	l.Helper()
	got := make([]byte, l.sent-from)
	if n, err := io.ReadFull(l.peer, got); err != nil {
		l.Fatalf("the peer got %d of %d bytes: %v", n, len(got), err)
	}
	if !bytes.Equal(got, pattern(from, len(got))) {
		l.Fatal("the peer got other bytes than were sent")
	}
}

func (l *link) getsEnd() {
	l.Helper()
	if n, err := l.peer.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		l.Fatalf("the peer read %d bytes, %v, want the end", n, err)
	}
}

func (l *link) reset() {
	l.Helper()
	if err := errors.Join(l.peer.SetLinger(0), l.peer.Close()); err != nil {
		l.Fatal(err)
	}
}

func (l *link) close() {
	l.Helper()
	if err := l.b.CloseHandle(l.h); err != nil {
		l.Fatal(err)
	}
}

func (l *link) conn() *conn {
	l.Helper()
	c, ok := sockets.get(l.h).(*conn)
	if !ok {
		l.Fatal("the handle is no connection")
	}
	return c
}

// until waits for a condition that will soon hold by itself.
func (l *link) until(what string, cond func() bool) {
	l.Helper()
	for end := time.Now().Add(patience); !cond(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("waited in vain until %s", what)
		}
	}
}

// The rules R13, R50 and R25 of pollertest.
func TestAStalledPeer(t *testing.T) {
	t.Run("Writable ends when Write would block and returns when the peer reads", func(t *testing.T) {
		l := connect(t)
		l.fill()
		l.gets(0)
		l.expect(eventloop.Writable)
		from := l.sent
		l.fill()
		l.gets(from)
	})
	t.Run("is told of a peer that is gone", func(t *testing.T) {
		l := connect(t)
		l.fill()
		l.reset()
		if got := l.ready(eventloop.Writable, patience); got&eventloop.HangUp == 0 {
			t.Fatalf("%03b is reported, want HangUp", got)
		}
		if _, err := l.b.Write(l.h, []byte("x")); err == nil || err == eventloop.ErrWouldBlock {
			t.Errorf("Write: %v", err)
		}
		l.expect(eventloop.Readable)
		if _, err := l.b.Read(l.h, make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) && err != io.EOF {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("costs its bound", func(t *testing.T) {
		l := connect(t)
		l.fill()
		c := l.conn()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.unsent != maxUnsent || len(c.out) > maxUnsent {
			t.Errorf("%d bytes unsent, %d of them in the buffer; the bound is %d", c.unsent, len(c.out), maxUnsent)
		}
	})
}

// netpoll treats such a peer as gone and does not say how much it had sent.
func TestAPeerThatShutsDownInTheMiddleOfAWriteGetsEverything(t *testing.T) {
	for range 5 {
		l := connect(t)
		if err := l.peer.SetReadBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
		l.fill()
		if err := l.peer.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		l.expect(eventloop.Readable | eventloop.HangUp)
		if _, err := l.b.Read(l.h, make([]byte, 1)); err != io.EOF {
			t.Fatalf("Read: %v, want io.EOF", err)
		}
		l.until("the flusher has the descriptor", func() bool {
			l.takes() // otherwise the system may have taken everything
			c := l.conn()
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.file != nil
		})
		if err := l.peer.SetReadBuffer(4 << 20); err != nil {
			t.Fatal(err)
		}
		l.gets(0)
		from := l.sent
		l.fill()
		if err := l.b.CloseWrite(l.h); err != nil {
			t.Fatal(err)
		}
		l.gets(from)
		l.getsEnd()
	}
}

func TestMoreThanMaxUnreadClosesTheConnection(t *testing.T) {
	l := connect(t)
	if _, err := l.peer.Write(make([]byte, maxUnread)); err != nil {
		t.Fatal(err)
	}
	c := l.conn()
	unread := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.in) - c.next
	}
	l.until("the limit is reached", func() bool { return unread() == maxUnread })
	l.expect(eventloop.Readable) // and nothing has happened
	if n, err := l.b.Read(l.h, make([]byte, 10)); n != 10 || err != nil {
		t.Fatalf("Read: %d, %v", n, err)
	}
	if _, err := l.peer.Write(make([]byte, 11)); err != nil {
		t.Fatal(err)
	}
	l.getsEnd()
	l.expect(eventloop.Readable | eventloop.HangUp)
	if n, err := l.b.Read(l.h, make([]byte, 10)); n != 0 || err != errUnread {
		t.Errorf("Read: %d, %v, want %v", n, err, errUnread)
	}
	if _, err := l.b.Write(l.h, []byte("x")); err != errUnread {
		t.Errorf("Write: %v, want %v", err, errUnread)
	}
	if n := unread(); n != 0 {
		t.Errorf("%d bytes are kept", n)
	}
}

func TestCloseWithAStalledPeer(t *testing.T) {
	t.Run("delivers what was written", func(t *testing.T) {
		l := connect(t)
		l.fill()
		l.close()
		l.gets(0)
		l.getsEnd()
	})
	for name, end := range map[string]func(l *link, c *conn){
		"ends with the peer":   func(l *link, _ *conn) { l.reset() },
		"ends after some time": func(_ *link, c *conn) { c.abort() },
		"ends after some time, without netpoll, too": func(l *link, c *conn) {
			if err := l.peer.CloseWrite(); err != nil {
				l.Fatal(err)
			}
			l.until("netpoll has released it", func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.file != nil
			})
			c.abort()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := connect(t)
			c := l.conn()
			l.fill()
			l.close()
			end(l, c)
			l.until("the flusher is gone and the descriptor closed", func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return !c.flushing && c.fd < 0
			})
		})
	}
}

func TestAnIdleConnectionHasNoGoroutine(t *testing.T) {
	connect(t)
	before := runtime.NumGoroutine()
	for range 50 {
		l := connect(t)
		if _, err := l.b.Write(l.h, []byte("line\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(l.peer, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
	}
	(&link{T: t}).until("all flushers are gone", func() bool { return runtime.NumGoroutine() <= before })
}

// A listener whose backlog is full does not answer.
func TestADialCanBeCancelled(t *testing.T) {
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ln, err := b.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{Backlog: 1})
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.LocalAddr(ln)
	if err != nil {
		t.Fatal(err)
	}
	handles := []eventloop.Handle{ln}
	for range 8 {
		h, err := b.Dial("tcp4", a.String())
		if err != nil {
			t.Fatal(err)
		}
		handles = append(handles, h)
	}
	for _, h := range handles { // goleak finds remaining goroutines
		if err := b.CloseHandle(h); err != nil {
			t.Error(err)
		}
	}
}

func TestSpareReportsThatDescriptorsRunOut(t *testing.T) {
	socktest.WithFiles(t, 32, func(t *testing.T) {
		if err := spare(40); err != eventloop.ErrTooManyFiles {
			t.Errorf("40 descriptors of 32: %v", err)
		}
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatalf("they were not given back: %v", err)
		}
		defer f.Close()
	})
}
