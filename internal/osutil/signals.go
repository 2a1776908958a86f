package osutil

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals delivers the requests to end: SIGINT and SIGTERM. On Windows those are
// Ctrl-C and Ctrl-Break, and the closing of the console, the log-off and the
// shutdown (see os/signal). After one of the last three the system waits about five
// seconds for the program to end (learn.microsoft.com, "HandlerRoutine"). Two are
// buffered for a busy reader, so that a second, impatient one is not lost.
//
// stop restores the default effect of the signals; the channel is not closed.
func Signals() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}
