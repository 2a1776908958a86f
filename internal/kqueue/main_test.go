//go:build unix

package kqueue

import (
	"testing"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }
