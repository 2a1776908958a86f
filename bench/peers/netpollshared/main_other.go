//go:build !((linux || darwin || freebsd) && (amd64 || arm64))

// Command netpollshared needs cloudwego/netpoll, which is not for this platform.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "netpollshared: cloudwego/netpoll has no %s/%s\n", runtime.GOOS, runtime.GOARCH)
	os.Exit(1)
}
