package certs

import (
	"fmt"
	"os"
	"testing"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) {
	if socktest.OldWine() {
		fmt.Println("Wine 8 does not remove a secret file that was replaced (unlinkat: Invalid function)")
		os.Exit(0)
	}
	os.Exit(m.Run())
}
