package sqlite_test

import "github.com/sudoXpg/netloop/internal/sock/socktest"

func onWine() bool { return socktest.Wine() }
