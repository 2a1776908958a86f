package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/internal/osutil"
)

const (
	// pipeBuffer is how many bytes each direction of a pipe holds. The system
	// takes it as advice only.
	pipeBuffer = 4 << 10
	// pipePatience is how long dialLocal waits for the listener to make its next
	// instance, which it does at once after a connection.
	pipePatience = 2 * time.Second
	pipePause    = 10 * time.Millisecond
)

// listenLocal listens on a named pipe, such as \\.\pipe\chatsrv, for processes of this
// user, of administrators and of the system on this machine only. If the pipe exists
// already, whoever created it, the error is osutil.ErrSomebodyListens.
func listenLocal(name string) (net.Listener, error) {
	// Wine 8 does not support FILE_FLAG_FIRST_PIPE_INSTANCE, so ask. Windows does not need
	// this.
	if pipe, err := openPipe(name); err == nil {
		_ = windows.CloseHandle(pipe)
		return nil, fmt.Errorf("listen %s: %w", name, osutil.ErrSomebodyListens)
	}
	sd, err := osutil.OwnersOnly("")
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", name, err)
	}
	l := &pipeListener{name: name, security: sd}
	if l.stop, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return nil, os.NewSyscallError("CreateEvent", err)
	}
	// Created at once, so that a second listener fails here and a client finds the first.
	if l.next, err = l.instance(windows.FILE_FLAG_FIRST_PIPE_INSTANCE); err != nil {
		_ = windows.CloseHandle(l.stop)
		if err == windows.ERROR_ACCESS_DENIED || err == windows.ERROR_PIPE_BUSY {
			return nil, fmt.Errorf("listen %s: %w", name, osutil.ErrSomebodyListens)
		}
		return nil, fmt.Errorf("listen %s: %w", name, err)
	}
	return l, nil
}

// A pipeListener always has one instance of its pipe that waits for a client.
type pipeListener struct {
	name     string
	security *windows.SECURITY_DESCRIPTOR
	stop     windows.Handle // an event: set when the listener is closed

	accepting sync.Mutex     // held in Accept
	next      windows.Handle // the instance that waits; Accept's

	mu     sync.Mutex // guards closed
	closed bool
}

// instance creates one more instance of the pipe.
func (l *pipeListener) instance(flags uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(l.name)
	if err != nil {
		return 0, err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: l.security}
	sa.Length = uint32(unsafe.Sizeof(sa))
	return windows.CreateNamedPipe(name,
		windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, pipeBuffer, pipeBuffer, 0, &sa)
}

// Accept waits for a client, and creates the instance for the next one.
func (l *pipeListener) Accept() (net.Conn, error) {
	l.accepting.Lock()
	defer l.accepting.Unlock()
	for {
		if l.isClosed() {
			return nil, l.err(net.ErrClosed)
		}
		if l.next == 0 {
			next, err := l.instance(0)
			if err != nil {
				return nil, l.err(err)
			}
			l.next = next
		}
		err := l.connect(l.next)
		if err == net.ErrClosed {
			return nil, l.err(err)
		}
		pipe := l.next
		l.next = 0
		if err != nil { // the client has gone already
			_ = windows.CloseHandle(pipe)
			continue
		}
		// Before the client is served, so that the next one finds an instance.
		// Without it Accept tries again.
		if next, err := l.instance(0); err == nil {
			l.next = next
		}
		return newPipeConn(pipe, l.name), nil
	}
}

// connect waits until a client has opened pipe, or until Close, which is
// net.ErrClosed.
func (l *pipeListener) connect(pipe windows.Handle) error {
	done, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return os.NewSyscallError("CreateEvent", err)
	}
	defer func() { _ = windows.CloseHandle(done) }()
	o := &windows.Overlapped{HEvent: done}
	switch err := windows.ConnectNamedPipe(pipe, o); err {
	case nil, windows.ERROR_PIPE_CONNECTED:
		return nil
	case windows.ERROR_IO_PENDING:
	default:
		return os.NewSyscallError("ConnectNamedPipe", err)
	}
	which, err := windows.WaitForMultipleObjects([]windows.Handle{done, l.stop}, false, windows.INFINITE)
	stopped := err != nil || which != windows.WAIT_OBJECT_0
	if stopped {
		_ = windows.CancelIoEx(pipe, o)
	}
	// The system owns o until this returns.
	var n uint32
	err = windows.GetOverlappedResult(pipe, o, &n, true)
	if stopped {
		return net.ErrClosed
	}
	return os.NewSyscallError("ConnectNamedPipe", err)
}

func (l *pipeListener) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Close ends Accept and removes the pipe. Connections stay open.
func (l *pipeListener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return l.err(net.ErrClosed)
	}
	l.closed = true
	l.mu.Unlock()
	err := windows.SetEvent(l.stop)
	l.accepting.Lock() // when nobody accepts any more
	defer l.accepting.Unlock()
	if l.next != 0 {
		err = errors.Join(err, windows.CloseHandle(l.next))
		l.next = 0
	}
	return errors.Join(err, windows.CloseHandle(l.stop))
}

// Addr returns the pipe's name.
func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.name) }

func (l *pipeListener) err(err error) error {
	return &net.OpError{Op: "accept", Net: "pipe", Addr: l.Addr(), Err: err}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// A pipeConn is one end of a pipe. The file supports deadlines, because the
// handle is an overlapped one (os.NewFile).
type pipeConn struct {
	*os.File
	addr pipeAddr
}

func newPipeConn(pipe windows.Handle, name string) net.Conn {
	return pipeConn{File: os.NewFile(uintptr(pipe), name), addr: pipeAddr(name)}
}

func (c pipeConn) LocalAddr() net.Addr  { return c.addr }
func (c pipeConn) RemoteAddr() net.Addr { return c.addr }

// dialLocal connects to the listener at the pipe called name. The errors are
// errNobodyListens, errNotOurs, or others of the system. The listener must
// belong to this user, an administrator, or a service. It can't act in this
// user's name.
func dialLocal(name string) (net.Conn, error) {
	for deadline := time.Now().Add(pipePatience); ; {
		pipe, err := openPipe(name)
		switch {
		case err == nil:
			if err := checkPipeOwner(pipe); err != nil {
				_ = windows.CloseHandle(pipe)
				return nil, fmt.Errorf("dial %s: %w", name, err)
			}
			return newPipeConn(pipe, name), nil
		case errors.Is(err, fs.ErrNotExist):
			err = errNobodyListens
		case err == windows.ERROR_ACCESS_DENIED:
			err = errNotOurs
		case err == windows.ERROR_PIPE_BUSY && time.Now().Before(deadline):
			<-time.After(pipePause)
			continue
		}
		return nil, fmt.Errorf("dial %s: %w", name, err)
	}
}

// openPipe opens a pipe so that the other end can identify this user, but not act
// in their name.
func openPipe(name string) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OVERLAPPED|windows.SECURITY_SQOS_PRESENT|windows.SECURITY_IDENTIFICATION, 0)
}

// checkPipeOwner returns errNotOurs if the pipe was created by an untrusted
// user, to whom no password may be sent: anybody may create a pipe of any name.
func checkPipeOwner(pipe windows.Handle) error {
	sd, err := windows.GetSecurityInfo(pipe, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return os.NewSyscallError("GetSecurityInfo", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return os.NewSyscallError("GetSecurityDescriptorOwner", err)
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return os.NewSyscallError("GetTokenInformation", err)
	}
	if !trusted(owner, user.User.Sid) {
		return errNotOurs
	}
	return nil
}

// trusted reports whether self may talk to a pipe of owner.
func trusted(owner, self *windows.SID) bool {
	if owner.Equals(self) {
		return true
	}
	for _, known := range []windows.WELL_KNOWN_SID_TYPE{
		windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid,
		windows.WinLocalServiceSid, windows.WinNetworkServiceSid,
	} {
		if owner.IsWellKnown(known) {
			return true
		}
	}
	// A service with its own account: S-1-5-80-…
	return owner.IdentifierAuthority() == windows.SECURITY_NT_AUTHORITY &&
		owner.SubAuthorityCount() > 0 && owner.SubAuthority(0) == 80
}
