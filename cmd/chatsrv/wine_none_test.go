//go:build !windows

package main

func onWine() bool { return false }
