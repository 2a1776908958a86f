package bench

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A secure is TLS on top of a descriptor that does not block.
type secure struct {
	*tls.Conn
	w wire
}

// handshake makes TLS on a descriptor that is connected, or is being connected. It
// waits for the server, a time at most: what else arrives meanwhile has to wait, too.
func handshake(fd int, limit time.Duration) (*secure, error) {
	s := &secure{w: wire{fd: fd, waits: limit}}
	s.Conn = tls.Client(&s.w, &tls.Config{InsecureSkipVerify: true}) // this machine's server, and nothing secret
	if err := s.w.wait(unix.POLLOUT); err != nil {
		return nil, err
	}
	if err := s.Handshake(); err != nil {
		return nil, fmt.Errorf("bench: TLS: %w", err)
	}
	s.w.waits = 0
	return s, nil
}

// seal encrypts p. The records are in w.out then.
func (s *secure) seal(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := s.Write(p)
	return err
}

// A wire is the connection below TLS. While it waits it is an ordinary one. After that
// a read that would block is unix.EAGAIN, which crypto/tls takes for temporary, and what
// is written is kept in out.
type wire struct {
	net.Conn // nil: crypto/tls needs no more than what follows
	fd       int
	waits    time.Duration
	out      []byte
}

func (w *wire) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(w.fd, p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN && w.waits > 0:
			if err := w.wait(unix.POLLIN); err != nil {
				return 0, err
			}
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (w *wire) Write(p []byte) (int, error) {
	if w.waits == 0 {
		w.out = append(w.out, p...)
		return len(p), nil
	}
	for sent := 0; sent < len(p); {
		n, err := unix.Write(w.fd, p[sent:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := w.wait(unix.POLLOUT); err != nil {
				return sent, err
			}
		case err != nil:
			return sent, os.NewSyscallError("write", err)
		default:
			sent += n
		}
	}
	return len(p), nil
}

// wait waits until the descriptor is ready.
func (w *wire) wait(events int16) error {
	ready := []unix.PollFd{{Fd: int32(w.fd), Events: events}}
	for end := time.Now().Add(w.waits); ; {
		n, err := unix.Poll(ready, int(max(time.Until(end), 0).Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			return fmt.Errorf("bench: the server does not answer a TLS handshake within %v: %w", w.waits, os.ErrDeadlineExceeded)
		default:
			return nil
		}
	}
}

// clientHello returns the first message of a TLS handshake.
func clientHello() ([]byte, error) {
	var w recorder
	if err := tls.Client(&w, &tls.Config{InsecureSkipVerify: true}).Handshake(); len(w.sent) == 0 {
		return nil, fmt.Errorf("bench: no ClientHello: %w", err)
	}
	return w.sent, nil
}

// A recorder keeps what is written, and has nothing to read.
type recorder struct {
	net.Conn
	sent []byte
}

func (r *recorder) Read([]byte) (int, error) { return 0, io.EOF }

func (r *recorder) Write(p []byte) (int, error) {
	r.sent = append(r.sent, p...)
	return len(p), nil
}
