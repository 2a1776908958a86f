package main

import "github.com/sudoXpg/netloop/internal/sock/socktest"

// noPlaceholders reports whether placeholders in memory (VirtualAlloc2), which the
// SQLite library needs, are missing, as on Wine 8.
func noPlaceholders() bool { return socktest.OldWine() }
