//go:build !windows

package server

// familiar returns err in the words of package syscall: it has them already.
func familiar(err error) error { return err }
