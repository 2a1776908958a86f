//go:build e2e && unix && !linux

package e2e

// stopWine has nothing to stop: Wine is tested with on Linux only.
func stopWine() error { return nil }
