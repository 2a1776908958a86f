//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	engine "github.com/cloudwego/netpoll"
	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// maxUnread is how many bytes of a connection netpoll may have read that the
// loop has not. With more the connection is closed, because nothing else stops
// netpoll from reading.
const maxUnread = 1 << 20

// A conn is a connection. It belongs to netpoll from attach to released, and is
// read and written without it after that.
type conn struct {
	socket
	changed sync.Cond // engine or inside
	engine  engine.Connection
	file    *os.File // owns fd, if Go's runtime watches it

	in   []byte // read by netpoll; from next on not yet by the loop
	next int

	out      []byte      // written by the loop, not yet taken by the flusher
	unsent   int         // bytes of out and of the flusher's present data
	flushing bool        // there is a flusher
	inside   bool        // it is in netpoll's Flush
	linger   *time.Timer // ends a flusher after close

	dialling bool
	finished bool  // closeWrite was called
	shut     bool  // and the peer has been told
	closed   bool  // close was called
	err      error // the connection failed
}

func newConn(fd int) *conn {
	c := &conn{socket: socket{fd: fd}}
	c.changed.L = &c.mu
	return c
}

func (c *conn) ready(asked eventloop.Interest) (r eventloop.Interest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.dialling {
		return 0
	}
	if asked&eventloop.Readable != 0 {
		if len(c.in) > 0 {
			r |= eventloop.Readable
		}
		if c.engine == nil {
			r |= eventloop.Readable | eventloop.HangUp
		}
	}
	if c.err != nil || c.engine == nil && c.shut {
		r |= eventloop.Readable | eventloop.HangUp
	}
	if asked&eventloop.Writable != 0 && (c.unsent < maxUnsent || c.finished || c.err != nil) {
		r |= eventloop.Writable
	}
	return r
}

// attach passes the connection to netpoll. If that fails, which only happens
// for lack of memory, netpoll has closed the descriptor.
func (c *conn) attach() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errAborted
	}
	e, err := engine.NewFDConnection(c.fd)
	if err != nil {
		c.fd = -1
		c.mu.Unlock()
		return fmt.Errorf("netpoll: watch a connection: %w", err)
	}
	c.engine, c.dialling = e, false
	c.mark()
	c.mu.Unlock()
	_ = e.AddCloseCallback(c.released) // it has no errors to return
	_ = e.SetOnRequest(c.received)     // the same
	if !e.IsActive() {
		// The peer was gone before the callbacks were set.
		_ = e.Close()
	}
	return nil
}

// received is called by netpoll, on its own goroutine, when it has read
// something, until everything is taken.
func (c *conn) received(_ context.Context, e engine.Connection) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := e.Reader()
	n := r.Len()
	p, err := r.Next(n)
	if err != nil {
		return err
	}
	if c.closed || c.err != nil {
		return r.Release() // it is not needed
	}
	if len(c.in)-c.next+n > maxUnread {
		c.in, c.next = nil, 0
		_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // tell the peer now, whenever the loop closes
		c.fail(errUnread)
		return errors.Join(r.Release(), e.Close())
	}
	if c.next > len(c.in)/2 {
		c.in = append(c.in[:0], c.in[c.next:]...)
		c.next = 0
	}
	c.in = append(c.in, p...)
	c.mark()
	return r.Release()
}

// released is called by netpoll when it is done with the connection: the stream
// has ended, something failed, or it was told to close. It is about to close
// the descriptor, which released prevents.
func (c *conn) released(e engine.Connection) error {
	// Data between the last call of received and the end, if any.
	for e.Reader().Len() > 0 {
		if c.received(context.Background(), e) != nil {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	cut := c.inside && filterStays
	for c.inside { // it was told to return
		c.changed.Wait()
	}
	if d, ok := e.(interface{ Detach() error }); ok && !cut {
		_ = d.Detach() // it is closed already: this only sets a flag
	} else {
		c.fd = -1
		c.fail(errCut)
	}
	if c.fd >= 0 && c.wasReset() {
		c.fail(errReset)
	}
	c.engine = nil
	c.changed.Broadcast()
	c.mark()
	if c.closed && !c.flushing {
		_ = c.giveUp()
	}
	return nil
}

// filterStays: on a kqueue netpoll leaves its write filter behind when it
// detaches a connection during a Flush, so that the descriptor must be closed.
const filterStays = runtime.GOOS != "linux"

// fail ends the connection. Read and Write return err. mu is held.
func (c *conn) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.out, c.unsent = nil, 0
	c.mark()
}

func (c *conn) read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if n := copy(p, c.in[c.next:]); n > 0 {
		if c.next += n; c.next == len(c.in) {
			c.in, c.next = nil, 0
		}
		return n, nil
	}
	switch {
	case c.err == errUnread || c.fd < 0:
		return 0, c.err
	case c.engine != nil || c.dialling:
		return 0, eventloop.ErrWouldBlock
	}
	return c.readAlone(p)
}

// readAlone reads from the socket why netpoll has released the connection. It
// reads the rest, which is usually the end. mu is held.
func (c *conn) readAlone(p []byte) (int, error) {
	n, err := sock.Net{}.Read(eventloop.Handle(c.fd), p)
	switch {
	case err == eventloop.ErrWouldBlock && c.err != nil:
		return 0, c.err
	case err == eventloop.ErrWouldBlock:
		return 0, errGivenUp
	case err == io.EOF && c.err == errReset:
		return 0, errReset
	}
	return n, err
}

// wasReset checks whether the connection that netpoll has released was reset;
// netpoll has consumed that error. A TCP socket that was reset has no peer; but
// neither has one with both sides shut down, nor, on some systems, a Unix socket
// whose peer has closed. mu is held.
func (c *conn) wasReset() bool {
	if _, err := unix.Getpeername(c.fd); err != unix.ENOTCONN || c.shut {
		return false
	}
	a, err := sock.Net{}.LocalAddr(eventloop.Handle(c.fd))
	return err == nil && a.Network() == "tcp"
}

// closeWrite shuts down the sending side after everything that was written.
func (c *conn) closeWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	if c.flushing || c.fd < 0 {
		return nil
	}
	return c.shutDown()
}

// shutDown does what closeWrite asked for. mu is held.
func (c *conn) shutDown() error {
	if c.shut || c.err != nil {
		return nil
	}
	c.shut = true
	return sock.Net{}.CloseWrite(eventloop.Handle(c.fd))
}

// close gives up the connection; the flusher may still use it for a while.
func (c *conn) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.in, c.next, c.watched = nil, 0, nil
	if c.flushing && c.err == nil {
		c.linger = time.AfterFunc(closeTimeout, c.abort)
		return nil
	}
	return c.giveUp()
}

// giveUp closes the descriptor, now or when netpoll has released it. mu is held.
func (c *conn) giveUp() error {
	if e := c.engine; e != nil {
		c.mu.Unlock()
		_ = e.Close() // released closes the descriptor
		c.mu.Lock()
		return nil
	}
	fd := c.fd
	c.fd = -1
	switch {
	case fd < 0:
		return nil
	case c.file != nil:
		return c.file.Close()
	}
	return sock.Net{}.CloseHandle(eventloop.Handle(fd))
}
