//go:build unix && !linux

package sock

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// wakerEnds is a pipe, which every system has. Because Wake coalesces, there is
// hardly ever more than one byte in it. The buffers are here so that nothing is
// allocated.
type wakerEnds struct {
	read, write int
	in          [64]byte
	out         [1]byte
}

func openEnds() (wakerEnds, error) {
	var p [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(p[:])
	if err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return wakerEnds{}, SysErr("pipe", err)
	}
	e := wakerEnds{read: p[0], write: p[1]}
	if err := errors.Join(unix.SetNonblock(e.read, true), unix.SetNonblock(e.write, true)); err != nil {
		return wakerEnds{}, errors.Join(SysErr("fcntl", err), e.close())
	}
	return e, nil
}

func (e *wakerEnds) signal() error {
	for {
		if _, err := unix.Write(e.write, e.out[:]); err != unix.EINTR {
			return err
		}
	}
}

func (e *wakerEnds) drain() {
	for {
		n, err := unix.Read(e.read, e.in[:])
		if n < len(e.in) && err != unix.EINTR {
			return
		}
	}
}

func (e *wakerEnds) close() error {
	return errors.Join(unix.Close(e.read), unix.Close(e.write))
}
