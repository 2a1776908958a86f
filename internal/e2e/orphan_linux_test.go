//go:build e2e

package e2e

import "syscall"

// mortal has a process killed when the thread that started it ends, as it does
// when the test is killed, which can clean nothing up then (prctl(2),
// PR_SET_PDEATHSIG).
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
