//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"os"
	"reflect"
	"strconv"
	"syscall"
	"time"

	engine "github.com/cloudwego/netpoll"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

const (
	// maxUnsent is the most bytes written to a connection that netpoll has not
	// sent. At this limit Write returns ErrWouldBlock.
	maxUnsent = 32 << 10
	// closeTimeout is how long bytes written before close are still sent.
	closeTimeout = 10 * time.Second
)

// write passes a copy of p to the flusher, as much as there is room for.
func (c *conn) write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case c.dialling:
		return 0, eventloop.ErrWouldBlock
	case c.finished:
		return 0, os.NewSyscallError("write", syscall.EPIPE)
	case len(p) == 0:
		return 0, nil
	case c.unsent >= maxUnsent:
		return 0, eventloop.ErrWouldBlock
	}
	p = p[:min(len(p), maxUnsent-c.unsent)]
	c.out = append(c.out, p...)
	c.unsent += len(p)
	if !c.flushing {
		c.flushing = true
		go c.flush()
	}
	return len(p), nil
}

// flush is the flusher: it sends what was written and ends when everything is
// sent. netpoll blocks it while the peer does not read, but nothing else.
func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.out) > 0 {
		p := c.out
		c.out = nil
		if err := c.send(p); err != nil {
			c.fail(err)
			break
		}
		if c.unsent == maxUnsent {
			c.mark()
		}
		c.unsent = max(0, c.unsent-len(p)) // fail may have changed it
	}
	c.flushing = false
	if c.linger != nil {
		c.linger.Stop()
	}
	if c.finished && c.fd >= 0 {
		_ = c.shutDown() // the peer is gone: a read returns the error
	}
	if c.closed {
		_ = c.giveUp()
	}
}

// send sends all of p. mu is held, but not while it waits.
func (c *conn) send(p []byte) error {
	if e := c.engine; e != nil {
		c.inside = true
		c.mu.Unlock()
		left := flushInto(e, p)
		c.mu.Lock()
		c.inside = false
		c.changed.Broadcast()
		if left == 0 {
			return nil
		}
		c.mu.Unlock()
		_ = e.Close() // it is closed already, or no longer needed
		c.mu.Lock()
		for c.engine != nil {
			c.changed.Wait()
		}
		p = p[len(p)-left:]
	}
	if c.err != nil {
		return c.err
	}
	return c.sendAlone(p)
}

// flushInto sends p with netpoll and returns how much of it is left, which is
// not 0 if the connection is closed or broken.
func flushInto(e engine.Connection, p []byte) (left int) {
	w := e.Writer()
	if _, err := w.WriteBinary(p); err != nil {
		return len(p)
	}
	if w.Flush() == nil {
		return 0
	}
	return min(w.MallocLen()+unflushed(e), len(p))
}

// unflushed returns how many bytes netpoll has not sent. netpoll has no API for
// that, and without it nothing more could be sent to a peer that shuts down its
// side during a write.
func unflushed(e engine.Connection) int {
	if c := reflect.ValueOf(e); c.Kind() == reflect.Pointer && c.Elem().Kind() == reflect.Struct {
		if f := c.Elem().FieldByName("outputBuffer"); f.IsValid() && f.Type() == reflect.TypeFor[*engine.LinkBuffer]() {
			return (*engine.LinkBuffer)(f.UnsafePointer()).Len()
		}
	}
	return 0
}

// sendAlone sends all of p without netpoll, which has released the connection.
// mu is held, but not while it waits.
func (c *conn) sendAlone(p []byte) error {
	f := c.ownFile()
	c.mu.Unlock()
	defer c.mu.Lock()
	var err error
	waitErr := waitWritable(f, func(fd uintptr) bool {
		for len(p) > 0 && err == nil {
			var n int
			n, err = sock.Net{}.Write(eventloop.Handle(fd), p)
			p = p[n:]
		}
		if err == eventloop.ErrWouldBlock {
			err = nil
			return false
		}
		return true
	})
	if err == nil {
		err = waitErr
	}
	return err
}

// waitWritable calls f, now and whenever there may be room, until it returns true.
func waitWritable(file *os.File, f func(fd uintptr) (done bool)) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Write(f)
}

// ownFile makes Go's runtime watch the descriptor. mu is held.
func (c *conn) ownFile() *os.File {
	if c.file == nil {
		c.file = os.NewFile(uintptr(c.fd), "socket "+strconv.Itoa(c.fd))
	}
	return c.file
}

// abort ends a flusher that outlives its connection.
func (c *conn) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(errAborted)
	switch {
	case c.engine != nil:
		_ = c.giveUp()
	case c.file != nil:
		_ = c.file.SetWriteDeadline(time.Unix(1, 0)) // long ago
	}
}
