//go:build unix

package osutil

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// IgnoreBackgroundReads makes reads from the terminal fail, instead of stopping
// this process, when it is in the background.
func IgnoreBackgroundReads() { signal.Ignore(syscall.SIGTTIN) }

// InBackground reports whether the terminal f belongs to other processes now, so
// that this one can't read from it.
func InBackground(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	own, err2 := unix.Getpgid(0)
	return err == nil && err2 == nil && group != own
}
