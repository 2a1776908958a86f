package server

import "syscall" //nolint:depguard // only the names of errors, no system call

// The failures of bind, socket and connect that have a remedy (winsock2.h): the names in
// package syscall are inventions that no call returns on Windows.
const (
	errInUse     = syscall.Errno(10048) // WSAEADDRINUSE
	errNoAddress = syscall.Errno(10049) // WSAEADDRNOTAVAIL
	errNoFamily  = syscall.Errno(10047) // WSAEAFNOSUPPORT
	errRefused   = syscall.Errno(10061) // WSAECONNREFUSED
)
