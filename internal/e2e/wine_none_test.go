//go:build e2e && unix && !linux

package e2e

// stopWine does nothing: tests use Wine on Linux only.
func stopWine() error { return nil }
