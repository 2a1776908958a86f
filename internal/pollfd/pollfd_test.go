package pollfd

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

func TestContract(t *testing.T) {
	pollertest.Run(t, pollertest.Options{Open: Open, Skip: socktest.ContractSkips()})
}

func TestDescriptors(t *testing.T) { socktest.Backend(t, Open) }
