//go:build !windows

package main

func noPlaceholders() bool { return false }
