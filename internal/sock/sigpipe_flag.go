//go:build unix && !linux && !darwin

package sock

import "golang.org/x/sys/unix"

const writeFlags = unix.MSG_NOSIGNAL

func noSigpipe(int) error { return nil }
