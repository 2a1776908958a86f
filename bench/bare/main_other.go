//go:build !linux

// Command bare is the broadcaster over package eventloop. The
// comparison runs on Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bare: this comparison is for Linux")
	os.Exit(1)
}
