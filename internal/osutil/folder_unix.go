//go:build unix

package osutil

import "os"

// makeFolder creates folder for this user only, if it does not exist.
func makeFolder(folder string) error { return os.MkdirAll(folder, 0o700) }
