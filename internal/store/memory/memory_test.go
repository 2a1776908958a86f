package memory_test

import (
	"testing"

	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Open {
		s := memory.New()
		return func() (store.Store, error) { return s, nil }
	})
}
