//go:build unix

package osutil

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideInput keeps a terminal from showing what is typed, until restore.
func hideInput(in *os.File) (restore func() error, terminal bool, err error) {
	fd := int(in.Fd())
	mode, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, false, nil //nolint:nilerr // it is not a terminal
	}
	hidden := *mode
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, setTermios, &hidden); err != nil {
		return nil, false, os.NewSyscallError("tcsetattr", err)
	}
	return func() error {
		return os.NewSyscallError("tcsetattr", unix.IoctlSetTermios(fd, setTermios, mode))
	}, true, nil
}
