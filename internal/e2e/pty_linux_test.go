//go:build e2e

package e2e

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new pseudo-terminal (see pty(7)): what a
// person at it has, and what a program has, which shows nothing of what is typed
// unless the program changes that.
func openTerminal() (person, program *os.File, err error) {
	person, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			person.Close()
		}
	}()
	raw, err := person.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var number uint32
	var failed error
	if err = raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetUint32(int(fd), unix.TIOCGPTN)
		}
	}); err == nil {
		err = failed
	}
	if err != nil {
		return nil, nil, err
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	if err = silence(int(program.Fd())); err != nil {
		program.Close()
		return nil, nil, err
	}
	return person, program, nil
}

// silence turns the echo of a terminal off.
func silence(fd int) error {
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return os.NewSyscallError("tcgetattr", err)
	}
	mode.Lflag &^= unix.ECHO
	return os.NewSyscallError("tcsetattr", unix.IoctlSetTermios(fd, unix.TCSETS, mode))
}

// show turns the echo of a terminal on.
func show(terminal *os.File) error {
	fd := int(terminal.Fd())
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return os.NewSyscallError("tcgetattr", err)
	}
	mode.Lflag |= unix.ECHO | unix.ICANON
	mode.Iflag |= unix.ICRNL
	return os.NewSyscallError("tcsetattr", unix.IoctlSetTermios(fd, unix.TCSETS, mode))
}
