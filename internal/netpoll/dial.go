//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// dial waits for the end of connecting: netpoll's own dialling can't be
// cancelled and loses the reason of a failure.
func (c *conn) dial() {
	c.dialling = true
	f := c.ownFile()
	go func() {
		var err error
		waitErr := waitWritable(f, func(fd uintptr) bool {
			err = sock.Net{}.Connected(eventloop.Handle(fd))
			return !errors.Is(err, syscall.ENOTCONN) // not yet
		})
		if waitErr != nil {
			err = waitErr
		}
		if err == nil {
			err = c.handOver()
		}
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.dialling = false
			c.fail(err)
		}
	}()
}

// handOver moves a new connection from Go's runtime to netpoll. A file can't be
// separated from its descriptor, so there are two for a moment.
func (c *conn) handOver() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errAborted
	}
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		c.mu.Unlock()
		return sock.SysErr("fcntl", err)
	}
	err = c.file.Close()
	c.fd, c.file = fd, nil
	c.mu.Unlock()
	return errors.Join(err, c.attach())
}

func (c *conn) connected() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dialling {
		return eventloop.ErrWouldBlock
	}
	return c.err
}
