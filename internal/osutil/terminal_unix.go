//go:build unix

package osutil

import (
	"os/signal"
	"syscall"
)

// IgnoreBackgroundReads has this process, which reads from its terminal, go on
// when it is put into the background: the read fails instead of stopping it.
func IgnoreBackgroundReads() { signal.Ignore(syscall.SIGTTIN) }
