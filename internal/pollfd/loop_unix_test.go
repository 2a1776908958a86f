//go:build unix

package pollfd

import (
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

func TestCarriesTheLoop(t *testing.T) {
	looptest.Run(t, looptest.Options{Open: Open, LimitDescriptors: func() error {
		return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{
			Cur: looptest.ChildDescriptors, Max: looptest.ChildDescriptors,
		})
	}})
}
