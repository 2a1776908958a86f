//go:build e2e && unix && !linux

package e2e

import "syscall"

// mortal does nothing: this system can't kill a process together with the test.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
