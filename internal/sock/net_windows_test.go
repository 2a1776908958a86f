package sock

import (
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

const msgOOB = 1

func sendFlags(h eventloop.Handle, b byte, flags int) error {
	r, _, errno := syscall.SyscallN(procSend.Addr(), uintptr(h), uintptr(unsafe.Pointer(&b)), 1, uintptr(flags))
	if failed(r) {
		return errno
	}
	return nil
}

// await waits until h can be read from or written to.
func await(t *testing.T, h eventloop.Handle, write bool) {
	t.Helper()
	fd := struct {
		fd              windows.Handle
		events, revents int16
	}{fd: windows.Handle(h), events: 0x0100}
	if write {
		fd.events = 0x0010
	}
	r, _, errno := syscall.SyscallN(ws2.NewProc("WSAPoll").Addr(), uintptr(unsafe.Pointer(&fd)), 1, 10_000)
	if int32(r) != 1 {
		t.Fatalf("nothing happened to the socket: %d, %v", int32(r), errno)
	}
}

func TestNoSocketIsInherited(t *testing.T) {
	getHandleInformation := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	ln, _ := listener(t, "tcp4", "127.0.0.1:0")
	for _, h := range []eventloop.Handle{client, server, ln} {
		var flags uint32
		r, _, err := getHandleInformation.Call(uintptr(h), uintptr(unsafe.Pointer(&flags)))
		if r == 0 || flags&windows.HANDLE_FLAG_INHERIT != 0 {
			t.Errorf("flags %#x, %v: inherited", flags, err)
		}
	}
}

// Without exclusive use another socket could take the port with SO_REUSEADDR,
// and get half of the clients.
func TestThePortOfAListenerCannotBeTakenOver(t *testing.T) {
	_, address := listener(t, "tcp4", "127.0.0.1:0")
	thief, err := newSocket(afInet)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, eventloop.Handle(thief))
	if err := setsockoptInt(thief, solSocket, windows.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	a, err := parseTCP("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	_, sa, err := sockaddr(a.AddrPort)
	if err != nil {
		t.Fatal(err)
	}
	if err := bind(thief, sa); err == nil {
		t.Error("two sockets are bound to " + address)
	}
}

// The system would accept a send of any length at once, and keep it in memory
// that can't be paged out.
func TestOneSendIsBounded(t *testing.T) {
	client, _ := connected(t, "tcp4", "127.0.0.1:0")
	if n, err := (Net{}).Write(client, []byte(strings.Repeat("x", 10*maxSend))); n < 1 || n > maxSend || err != nil {
		t.Errorf("Write took %d bytes, %v", n, err)
	}
}
