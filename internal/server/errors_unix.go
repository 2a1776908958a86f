//go:build !windows

package server

import "syscall" //nolint:depguard // only the names of errors, no system call

// The failures of bind(2), socket(2) and connect(2) that have a remedy.
const (
	errInUse     = syscall.EADDRINUSE
	errNoAddress = syscall.EADDRNOTAVAIL
	errNoFamily  = syscall.EAFNOSUPPORT
	errRefused   = syscall.ECONNREFUSED
)
