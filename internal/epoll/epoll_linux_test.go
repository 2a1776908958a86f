package epoll

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

func TestContract(t *testing.T) { pollertest.Run(t, pollertest.Options{Open: Open}) }

func TestDescriptors(t *testing.T) { socktest.Backend(t, Open) }

// It would be reported as a Wake.
func TestTheWakersTokenIsRefused(t *testing.T) {
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Add(0, wakeToken, eventloop.Readable); err == nil {
		t.Error("Add under the waker's token is no error")
	}
}
