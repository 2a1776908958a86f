//go:build !windows

package sqlite_test

func noPlaceholders() bool { return false }

func onWine() bool { return false }
