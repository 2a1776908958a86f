//go:build unix

package osutil

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// IsTerminal tells whether f is one.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// IgnoreBackgroundReads has this process, which reads from its terminal, go on
// when it is put into the background: the read fails instead of stopping it.
func IgnoreBackgroundReads() { signal.Ignore(syscall.SIGTTIN) }
