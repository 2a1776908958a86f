//go:build e2e

package e2e

import "syscall"

// mortal makes the kernel kill a process when the thread that started it ends,
// as when the test is killed and can't clean up (prctl(2), PR_SET_PDEATHSIG).
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
