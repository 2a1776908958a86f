//go:build unix

package osutil

import (
	"os"
	"os/signal"
	"syscall"
)

// Hangups delivers SIGHUP: the terminal is gone, or somebody wants the settings
// to be read again. ignored tells whether the program was started with that
// signal ignored, as nohup(1) does. It is nil where there is no such signal.
func Hangups() (signals <-chan os.Signal, ignored bool) {
	ignored = signal.Ignored(syscall.SIGHUP)
	c := make(chan os.Signal, 1) // several before one is looked at are one
	signal.Notify(c, syscall.SIGHUP)
	return c, ignored
}
