package sock

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
)

func connected(t *testing.T, network, address string) (client, server eventloop.Handle) {
	t.Helper()
	ln, at := listener(t, network, address)
	client, err := Net{}.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeHandle(t, client) })
	await(t, client, true)
	if err := (Net{}).Connected(client); err != nil {
		t.Fatal(err)
	}
	awaitReadable(t, ln)
	server, _, err = Net{}.Accept(ln)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeHandle(t, server) })
	return client, server
}

func TestTCPHasNoDelayOnBothEnds(t *testing.T) {
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	for _, h := range []eventloop.Handle{client, server} {
		v, err := getsockoptInt(descriptor(h), ipprotoTCP, tcpNoDelay)
		if err != nil || v == 0 {
			t.Errorf("TCP_NODELAY is %d, %v", v, err)
		}
	}
}

func TestUrgentDataStaysInItsPlace(t *testing.T) {
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	for i, flags := range []int{0, msgOOB, 0} {
		if err := sendFlags(client, 'a'+byte(i), flags); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	for len(got) < 3 {
		awaitReadable(t, server)
		buf := make([]byte, 8)
		n, err := Net{}.Read(server, buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != "abc" {
		t.Errorf("read %q", got)
	}
}

// Package net makes MPTCP listeners where it can.
func TestAdoptedTCPHasNoDelayToo(t *testing.T) {
	origin, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	ln, err := Net{}.Adopt(origin)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, ln)
	client, err := Net{}.Dial("tcp4", origin.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, client)
	awaitReadable(t, ln)
	server, _, err := Net{}.Accept(ln)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, server)
	v, err := getsockoptInt(descriptor(server), ipprotoTCP, tcpNoDelay)
	if err != nil || v == 0 {
		t.Errorf("TCP_NODELAY is %d, %v", v, err)
	}
}

func TestConnectedDuringAConnectIsAnError(t *testing.T) {
	fd, err := newSocket(afInet)
	if err != nil {
		t.Fatal(err)
	}
	h := eventloop.Handle(fd)
	defer closeHandle(t, h)
	if err := (Net{}).Connected(h); !errors.Is(err, gone[0]) {
		t.Errorf("Connected of a socket that is not: %v", err)
	}
	if err := (Net{}).CloseWrite(h); err != nil {
		t.Errorf("CloseWrite of a socket that is not connected: %v", err)
	}
}

func TestConnectedReturnsTheReason(t *testing.T) {
	fd, err := newSocket(afInet)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, eventloop.Handle(fd))
	nobody := &sockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := bind(fd, nobody); err != nil { // a port without a listener
		t.Fatal(err)
	}
	a, err := Net{}.LocalAddr(eventloop.Handle(fd))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Net{}.Dial("tcp4", a.String())
	if err == nil {
		defer closeHandle(t, h)
		await(t, h, true)
		err = Net{}.Connected(h)
	}
	if !errors.Is(err, errRefused) {
		t.Errorf("Dial where nobody listens: %v, want ECONNREFUSED", err)
	}
}

func TestSystemErrorsNameTheCall(t *testing.T) {
	_, err := Net{}.Listen("tcp4", "192.0.2.1:0", eventloop.ListenOptions{}) // TEST-NET-1, RFC 5737
	var call *os.SyscallError
	if !errors.As(err, &call) || call.Syscall != "bind" {
		t.Errorf("Listen on an address of nobody: %v", err)
	}
	if _, err := (Net{}).Read(1<<20, make([]byte, 1)); !errors.As(err, &call) || !strings.HasPrefix(call.Syscall, "re") {
		t.Errorf("Read of no descriptor: %v", err)
	}
}

func TestOnlyListenersWithADescriptorAreAdopted(t *testing.T) {
	_, err := Net{}.Adopt(struct{ net.Listener }{})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Adopt: %v, want errors.ErrUnsupported", err)
	}
}

// listener listens until the test ends, and returns where to dial: over IPv4 if
// it listens on everything.
func listener(t *testing.T, network, address string) (eventloop.Handle, string) {
	t.Helper()
	ln, err := Net{}.Listen(network, address, eventloop.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeHandle(t, ln) })
	a, err := Net{}.LocalAddr(ln)
	if err != nil {
		t.Fatal(err)
	}
	return ln, strings.Replace(a.String(), "[::]", "127.0.0.1", 1)
}

func closeHandle(t *testing.T, h eventloop.Handle) {
	t.Helper()
	if err := (Net{}).CloseHandle(h); err != nil {
		t.Error(err)
	}
}

// awaitReadable waits until h can be read from (or accepted on), without a backend.
func awaitReadable(t *testing.T, h eventloop.Handle) {
	t.Helper()
	await(t, h, false)
}
