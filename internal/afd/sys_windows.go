package afd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// The events of a poll (AFD_POLL_*). The driver calls the peer's orderly end a
// disconnect and a reset an abort.
const (
	pollReceive     = 0x0001
	pollSend        = 0x0004
	pollDisconnect  = 0x0008
	pollAbort       = 0x0010
	pollLocalClose  = 0x0020 // the handle was closed, here
	pollAccept      = 0x0080
	pollConnectFail = 0x0100

	// pollFailed are the ends of a connection both ways.
	pollFailed = pollAbort | pollConnectFail
)

const (
	ioctlPoll        = 0x00012024 // IOCTL_AFD_POLL
	sioBaseHandle    = 0x48000022 // SIO_BASE_HANDLE
	sioBSPHandlePoll = 0x4800001D // SIO_BSP_HANDLE_POLL
	skipSetEvent     = 2          // FILE_SKIP_SET_EVENT_ON_HANDLE
	forEver          = 1<<63 - 1
)

// pollInfo is AFD_POLL_INFO for one handle.
type pollInfo struct {
	timeout   int64
	handles   uint32
	exclusive uint32
	handle    windows.Handle
	events    uint32
	status    int32
}

// statusBlock is IO_STATUS_BLOCK, whose status has the width of a pointer.
type statusBlock struct {
	status      uintptr
	information uintptr
}

// A packet is OVERLAPPED_ENTRY. The overlapped is what was given as the context of
// a poll: a number, never followed as a pointer.
type packet struct {
	key        uintptr
	overlapped uintptr
	internal   uintptr
	bytes      uint32
}

// Procedures that package windows does not have.
var (
	ntdll                 = windows.NewLazySystemDLL("ntdll.dll")
	procDeviceIoControl   = ntdll.NewProc("NtDeviceIoControlFile")
	procCancelIo          = ntdll.NewProc("NtCancelIoFileEx")
	kernel32              = windows.NewLazySystemDLL("kernel32.dll")
	procGetQueuedStatuses = kernel32.NewProc("GetQueuedCompletionStatusEx")
)

// openDevice opens the driver and makes the ends of polls arrive at port. Errors
// are errors.ErrUnsupported: a sandbox may forbid access.
func openDevice(port windows.Handle) (windows.Handle, error) {
	const path = `\Device\Afd\netloop`
	name, err := windows.NewNTUnicodeString(path)
	if err != nil {
		return 0, err
	}
	attributes := windows.OBJECT_ATTRIBUTES{ObjectName: name}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	var status windows.IO_STATUS_BLOCK
	var device windows.Handle
	err = windows.NtCreateFile(&device, windows.SYNCHRONIZE, &attributes, &status, nil, 0,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, windows.FILE_OPEN, 0, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("afd: open %s: %w", path, errors.Join(err, errors.ErrUnsupported))
	}
	if _, err = windows.CreateIoCompletionPort(device, port, pollKey, 0); err != nil {
		err = os.NewSyscallError("CreateIoCompletionPort", err)
	} else {
		err = os.NewSyscallError("SetFileCompletionNotificationModes",
			windows.SetFileCompletionNotificationModes(device, skipSetEvent))
	}
	if err != nil {
		_ = windows.CloseHandle(device)
		return 0, err
	}
	return device, nil
}

// startPoll starts a poll of a socket. Its end arrives as a packet, even if it
// ends at once; an error means that no packet will arrive.
func startPoll(device windows.Handle, context uintptr, b *block) windows.NTStatus {
	r, _, _ := syscall.SyscallN(procDeviceIoControl.Addr(), uintptr(device), 0, 0, context,
		uintptr(unsafe.Pointer(&b.status)), ioctlPoll,
		uintptr(unsafe.Pointer(&b.info)), unsafe.Sizeof(b.info),
		uintptr(unsafe.Pointer(&b.info)), unsafe.Sizeof(b.info))
	return windows.NTStatus(uint32(r))
}

// cancelPoll makes the poll end soon, if it has not ended: its packet arrives
// in either case.
func cancelPoll(device windows.Handle, b *block) {
	var status statusBlock
	_, _, _ = syscall.SyscallN(procCancelIo.Addr(), uintptr(device),
		uintptr(unsafe.Pointer(&b.status)), uintptr(unsafe.Pointer(&status)))
}

// receive takes packets from port. It returns none when the timeout has passed.
func receive(port windows.Handle, packets []packet, timeout time.Duration) (int, error) {
	var n uint32
	r, _, errno := syscall.SyscallN(procGetQueuedStatuses.Addr(), uintptr(port),
		uintptr(unsafe.Pointer(unsafe.SliceData(packets))), uintptr(len(packets)),
		uintptr(unsafe.Pointer(&n)), uintptr(uint32(sock.Milliseconds(timeout))), 0)
	switch {
	case r != 0:
		return int(n), nil
	case errno == syscall.Errno(windows.WAIT_TIMEOUT):
		return 0, nil
	default:
		return 0, os.NewSyscallError("GetQueuedCompletionStatusEx", errno)
	}
}

// baseSocket returns the socket of the driver below h: other providers may be
// layered above it, and not all of them answer the first query (wepoll names
// one that breaks it on purpose).
func baseSocket(h eventloop.Handle) (windows.Handle, error) {
	s := windows.Handle(h)
	for range 8 {
		base, err := askSocket(s, sioBaseHandle)
		if err == nil {
			return base, nil
		}
		below, pollErr := askSocket(s, sioBSPHandlePoll)
		if pollErr != nil || below == s {
			return 0, os.NewSyscallError("WSAIoctl", err)
		}
		s = below
	}
	return 0, os.NewSyscallError("WSAIoctl", windows.WSAENOTSOCK)
}

// askSocket returns the answer to one of the two queries above.
func askSocket(s windows.Handle, question uint32) (answer windows.Handle, err error) {
	var n uint32
	err = windows.WSAIoctl(s, question, nil, 0,
		(*byte)(unsafe.Pointer(&answer)), uint32(unsafe.Sizeof(answer)), &n, nil, 0)
	return answer, err
}
