//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"errors"
	"net"
	"net/netip"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// network is the eventloop.Net. It has no state: the sockets are in the table.
type network struct{ system sock.Net }

// Listen implements eventloop.Net.
func (n network) Listen(network, address string, o eventloop.ListenOptions) (eventloop.Handle, error) {
	fd, err := n.system.Listen(network, address, o)
	if err != nil {
		return 0, err
	}
	return sockets.add(&listener{socket: socket{fd: int(fd)}}), nil
}

// Adopt implements eventloop.Net.
func (n network) Adopt(ln net.Listener) (eventloop.Handle, error) {
	fd, err := n.system.Adopt(ln)
	if err != nil {
		return 0, err
	}
	return sockets.add(&listener{socket: socket{fd: int(fd)}}), nil
}

// Accept implements eventloop.Net.
func (n network) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	l, ok := sockets.get(ln).(*listener)
	if !ok {
		return 0, netip.AddrPort{}, badHandle("accept")
	}
	fd, peer, err := l.accept()
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	c := newConn(fd)
	if err := c.attach(); err != nil {
		return 0, netip.AddrPort{}, errors.Join(err, c.close())
	}
	return sockets.add(c), peer, nil
}

// Dial implements eventloop.Net.
func (n network) Dial(network, address string) (eventloop.Handle, error) {
	fd, err := n.system.Dial(network, address)
	if err != nil {
		return 0, err
	}
	c := newConn(int(fd))
	c.dial()
	return sockets.add(c), nil
}

// Connected implements eventloop.Net.
func (n network) Connected(h eventloop.Handle) error {
	c, ok := sockets.get(h).(*conn)
	if !ok {
		return badHandle("connect")
	}
	return c.connected()
}

// LocalAddr implements eventloop.Net.
func (n network) LocalAddr(h eventloop.Handle) (addr net.Addr, err error) {
	s := sockets.get(h)
	if s == nil {
		return nil, badHandle("getsockname")
	}
	s.use(func(h eventloop.Handle) { addr, err = n.system.LocalAddr(h) })
	return addr, err
}

// Read implements eventloop.Net.
func (n network) Read(h eventloop.Handle, p []byte) (int, error) {
	c, ok := sockets.get(h).(*conn)
	if !ok {
		return 0, badHandle("read")
	}
	return c.read(p)
}

// Write implements eventloop.Net.
func (n network) Write(h eventloop.Handle, p []byte) (int, error) {
	c, ok := sockets.get(h).(*conn)
	if !ok {
		return 0, badHandle("write")
	}
	return c.write(p)
}

// CloseWrite implements eventloop.Net.
func (n network) CloseWrite(h eventloop.Handle) error {
	c, ok := sockets.get(h).(*conn)
	if !ok {
		return badHandle("shutdown")
	}
	return c.closeWrite()
}

// CloseHandle implements eventloop.Net.
func (n network) CloseHandle(h eventloop.Handle) error {
	s := sockets.take(h)
	if s == nil {
		return badHandle("close")
	}
	return s.close()
}

// KeepAlive implements eventloop.KeepAliver.
func (n network) KeepAlive(h eventloop.Handle, k eventloop.KeepAlive) (inherited bool, err error) {
	s := sockets.get(h)
	if s == nil {
		return false, badHandle("setsockopt")
	}
	s.use(func(h eventloop.Handle) { inherited, err = n.system.KeepAlive(h, k) })
	return inherited, err
}

// Unlink implements eventloop.Unlinker.
func (n network) Unlink(address string) error { return n.system.Unlink(address) }
