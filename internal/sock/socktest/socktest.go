//go:build unix

package socktest

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// Main runs the tests of a package from its TestMain and fails them if they
// leave goroutines or descriptors behind.
func Main(m *testing.M) {
	before, err := openFiles()
	if err != nil {
		fmt.Fprintln(os.Stderr, "socktest:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "socktest:", err)
		code = 1
	}
	if after, err := openFiles(); err != nil || after != before {
		fmt.Fprintf(os.Stderr, "socktest: %d descriptors open before the tests, %d after (%v)\n", before, after, err)
		code = 1
	}
	os.Exit(code)
}

// openFiles counts the open descriptors below 4096. It uses package net first,
// which opens descriptors of its own once and for all.
func openFiles() (n int, err error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	if err := ln.Close(); err != nil {
		return 0, err
	}
	for fd := range 4096 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n, nil
}

// childVar tells a child of WithFiles which test it is to run.
const childVar = "SOCKTEST_CHILD"

// WithFiles runs f in a child process that may have limit descriptors: the
// test calls it and does nothing else. A limit in this process would hit every
// other test in it.
func WithFiles(t *testing.T, limit int, f func(t *testing.T)) {
	t.Helper()
	if os.Getenv(childVar) == t.Name() {
		var lim unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
		set(&lim.Cur, limit)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
		f(t)
		return
	}
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	cmd := looptest.Again(t.Context(), "-test.run="+pattern, "-test.v")
	cmd.Env = append(os.Environ(), childVar+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a child with %d descriptors: %v\n%s", limit, err, out)
	}
}

// set exists because the systems don't agree on the type of a limit.
func set[T int64 | uint64](limit *T, n int) { *limit = T(n) }
