package main

import (
	"testing"

	"github.com/sudoXpg/netloop/internal/config"
)

func TestDescriptorsAreDivided(t *testing.T) {
	for files, want := range map[uint64]struct{ clients, refused int }{
		0:       {0, 128},
		16:      {1, 1},
		42:      {1, 2},
		64:      {20, 4},
		100:     {44, 6},
		128:     {56, 8},
		256:     {176, 16},
		1024:    {896, 64},
		65536:   {65344, 128},
		1 << 40: {1<<30 - 192, 128},
	} {
		clients, refused := shareFiles(files)
		if clients != want.clients || refused != want.refused {
			t.Errorf("of %d: %d clients and %d refused, want %+v", files, clients, refused, want)
		}
	}
}

func TestMaxClientsIsNeverMoreThanTheDescriptorsAllow(t *testing.T) {
	for given, want := range map[int]int{0: 896, 10: 10, 896: 896, 100_000: 896} {
		if got := limits(config.Config{MaxClients: given}, 1024).MaxClients; got != want {
			t.Errorf("--max-clients %d is %d with 1024 descriptors, want %d", given, got, want)
		}
	}
	if got := limits(config.Config{MaxClients: 100_000}, 0).MaxClients; got != 100_000 {
		t.Errorf("--max-clients 100000 is %d with an unknown number of descriptors", got)
	}
}
