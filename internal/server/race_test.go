//go:build race

package server_test

// With the race detector a sync.Pool drops values at random, so allocations can't be counted.
const raceEnabled = true
