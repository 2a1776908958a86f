package osutil

import "errors"

// ErrNoReader is wrapped by the error of OpenAppend for a FIFO without a reader.
var ErrNoReader = errors.New("no process reads it")
