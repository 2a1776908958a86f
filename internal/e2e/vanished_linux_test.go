//go:build e2e

package e2e

import (
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestAClientThatHasVanishedLeavesTheChat(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, s *server) {
		all := gather(t, s, "alice", "bob")
		socktest.Vanish(t, all[1].conn.(syscall.Conn))
		if err := all[0].sees("*** bob left (connection lost)\r\n"); err != nil {
			t.Error(err)
		}
		again := meet(t, s, "bob", 0) // the name is free
		if err := again.joins(); err != nil {
			t.Error(err)
		}
		leave(t, []*person{all[0], again})
		s.stops(t)
	}, "--keepalive", "1s")
}
