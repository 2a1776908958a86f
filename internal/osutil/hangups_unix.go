//go:build unix

package osutil

import (
	"os"
	"os/signal"
	"syscall"
)

// Hangups delivers SIGHUP: the terminal is gone, or the settings are to be read
// again. ignored reports whether the program was started with that signal
// ignored, as by nohup(1). The channel is nil where there is no such signal.
func Hangups() (signals <-chan os.Signal, ignored bool) {
	ignored = signal.Ignored(syscall.SIGHUP)
	c := make(chan os.Signal, 1) // several unread ones count as one
	signal.Notify(c, syscall.SIGHUP)
	return c, ignored
}
