//go:build linux || solaris || illumos || aix

package osutil

import "golang.org/x/sys/unix"

const getTermios, setTermios = unix.TCGETS, unix.TCSETS
