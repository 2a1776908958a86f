package socktest

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
)

// quirks: none is known here.
func quirks(*testing.T, func() (eventloop.Backend, error)) {}
