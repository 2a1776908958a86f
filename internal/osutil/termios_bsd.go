//go:build darwin || freebsd || openbsd || netbsd || dragonfly

package osutil

import "golang.org/x/sys/unix"

const getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETA
