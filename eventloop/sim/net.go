package sim

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/sudoXpg/netloop/eventloop"
)

func (b *backend) Listen(network, address string, o eventloop.ListenOptions) (eventloop.Handle, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	ln, err := w.listen(network, address, o)
	if err != nil {
		w.record(opListen, 0, 0, 0, err)
		return 0, err
	}
	h := w.assign(ln)
	w.record(opListen, ln.name, 0, int(ln.address.port), nil)
	return h, nil
}

// Adopt is not supported: a standard listener is not part of the simulation.
func (b *backend) Adopt(net.Listener) (eventloop.Handle, error) {
	return 0, errors.ErrUnsupported
}

func (b *backend) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.acceptFor(ln)
	if err != nil {
		w.record(opAccept, int64(ln), 0, 0, err)
		return 0, netip.AddrPort{}, err
	}
	h := w.assign(s)
	w.record(opAccept, int64(ln), 0, int(h), nil)
	return h, s.remote, nil
}

func (w *World) acceptFor(h eventloop.Handle) (*socket, error) {
	ln := w.lookup(h)
	if ln == nil {
		return nil, os.NewSyscallError("accept", syscall.EBADF)
	}
	if len(ln.queue) > 0 {
		if w.noFiles(ln.name) {
			return nil, eventloop.ErrTooManyFiles
		}
		if w.hit(faultWouldBlock, ln.name) {
			return nil, eventloop.ErrWouldBlock
		}
	}
	return ln.accept()
}

func (b *backend) Dial(network, address string) (eventloop.Handle, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.dial(network, address, netip.Addr{})
	if err != nil {
		w.record(opDial, 0, 0, 0, err)
		return 0, err
	}
	h := w.assign(s)
	w.record(opDial, s.name, 0, int(s.local.Port()), nil)
	return h, nil
}

func (b *backend) Connected(h eventloop.Handle) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	err := os.NewSyscallError("connect", syscall.EBADF)
	if s := w.lookup(h); s != nil {
		err = s.connected()
	}
	w.record(opConnected, int64(h), 0, 0, err)
	return err
}

func (b *backend) LocalAddr(h eventloop.Handle) (net.Addr, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.lookup(h)
	if s == nil {
		return nil, os.NewSyscallError("getsockname", syscall.EBADF)
	}
	return s.localAddr(), nil
}

func (b *backend) Read(h eventloop.Handle, p []byte) (int, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.read(h, p)
	w.record(opRead, int64(h), 0, n, err)
	return n, err
}

// read is Read with the faults that may occur.
func (w *World) read(h eventloop.Handle, p []byte) (int, error) {
	s := w.lookup(h)
	if s == nil {
		return 0, os.NewSyscallError("read", syscall.EBADF)
	}
	if len(p) == 0 {
		return 0, nil
	}
	w.mayReset(s)
	n, err := s.readable()
	if err == eventloop.ErrWouldBlock || w.hit(faultWouldBlock, s.name) {
		return 0, eventloop.ErrWouldBlock
	}
	n = min(n, len(p))
	if n > 1 && w.hit(faultShortRead, s.name) {
		p = p[:w.some(n)]
	}
	return s.read(p)
}

func (b *backend) Write(h eventloop.Handle, p []byte) (int, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.write(h, p)
	w.record(opWrite, int64(h), 0, n, err)
	return n, err
}

// write is Write with the faults that may occur.
func (w *World) write(h eventloop.Handle, p []byte) (int, error) {
	s := w.lookup(h)
	if s == nil {
		return 0, os.NewSyscallError("write", syscall.EBADF)
	}
	if len(p) == 0 {
		return 0, nil
	}
	w.mayReset(s)
	n, err := s.writable()
	if err == eventloop.ErrWouldBlock || w.hit(faultWouldBlock, s.name) {
		return 0, eventloop.ErrWouldBlock
	}
	n = min(n, len(p))
	if n > 1 && w.hit(faultShortWrite, s.name) {
		p = p[:w.some(n)]
	}
	return s.write(p)
}

// mayReset may break a connection that is still open.
func (w *World) mayReset(s *socket) {
	if !s.listening && !s.connecting && s.err == nil && w.hit(faultReset, s.name) {
		s.reset()
	}
}

func (b *backend) CloseWrite(h eventloop.Handle) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	err := os.NewSyscallError("shutdown", syscall.EBADF)
	if s := w.lookup(h); s != nil {
		err = s.closeWrite()
	}
	w.record(opCloseWrite, int64(h), 0, 0, err)
	return err
}

func (b *backend) CloseHandle(h eventloop.Handle) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.lookup(h)
	if s == nil {
		err := os.NewSyscallError("close", syscall.EBADF)
		w.record(opClose, int64(h), 0, 0, err)
		return err
	}
	w.sockets[h-1] = nil
	w.free = append(w.free, h)
	s.close()
	w.record(opClose, int64(h), 0, 0, nil)
	return nil
}
