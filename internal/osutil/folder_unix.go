//go:build unix

package osutil

import "os"

// MakeFolder creates folder for this user only, if it does not exist.
func MakeFolder(folder string) error { return os.MkdirAll(folder, 0o700) }
