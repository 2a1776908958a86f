//go:build unix

package osutil

import "os"

// makeFolder makes folder for this user only, if there is none.
func makeFolder(folder string) error { return os.MkdirAll(folder, 0o700) }
