//go:build !windows

package sqlite_test

func onWine() bool { return false }
