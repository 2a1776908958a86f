package socktest

import (
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package from its TestMain and fails them if they
// leave goroutines or descriptors behind.
func Main(m *testing.M) {
	before, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, "socktest:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "socktest:", err)
		code = 1
	}
	if after, err := open(); err != nil || after != before {
		fmt.Fprintf(os.Stderr, "socktest: %d descriptors open before the tests, %d after (%v)\n", before, after, err)
		code = 1
	}
	os.Exit(code)
}

// open counts the open descriptors, on Windows the sockets. It uses package net
// first, which opens some that it never closes.
func open() (int, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	if err := ln.Close(); err != nil {
		return 0, err
	}
	return OpenHandles(), nil
}
