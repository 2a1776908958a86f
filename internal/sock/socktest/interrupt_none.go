//go:build unix && !linux

package socktest

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
)

func interrupted(t *testing.T, _ eventloop.Backend) {
	t.Skip("a signal can be sent to one thread on Linux only")
}
