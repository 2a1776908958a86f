//go:build unix

package osutil

import "golang.org/x/sys/unix"

// MaxSocketPath is the longest path of a Unix socket on this system, in bytes:
// sun_path without the NUL (unix(7)).
const MaxSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1
