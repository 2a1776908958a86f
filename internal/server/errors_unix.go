//go:build !windows

package server

// familiar returns err, which already has the words of package syscall.
func familiar(err error) error { return err }
