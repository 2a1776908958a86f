//go:build e2e && unix && !linux

package e2e

import "syscall"

// mortal would have a process killed together with the test, but this system
// has no way to.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
