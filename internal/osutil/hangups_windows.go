package osutil

import "os"

// Hangups returns nil: there is no SIGHUP, and the end of a console is a request
// to end (see Signals).
func Hangups() (signals <-chan os.Signal, ignored bool) { return nil, false }
