package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
)

// A console is the terminal that the server was started at, if it was.
type console struct {
	in *os.File // nil for none
	// left is set when the terminal is still there, but is no longer read, because
	// its input has ended or the server is in the background.
	left atomic.Bool
}

// findConsole returns the console of the program.
func (p program) findConsole() *console {
	if p.stdin == nil || !osutil.IsTerminal(p.stdin) {
		return &console{}
	}
	return &console{in: p.stdin}
}

// gone reports whether the terminal at which commands are typed has been closed.
func (c *console) gone() bool {
	return c.in != nil && !c.left.Load() && !osutil.IsTerminal(c.in)
}

// obeyConsole obeys the commands that are typed at the console until its input
// ends.
func (p program) obeyConsole(c *console, srv *server.Server) {
	if c.in == nil {
		return
	}
	osutil.IgnoreBackgroundReads()
	_, _ = fmt.Fprintln(p.stdout, "Commands can be typed here: help lists them.")
	lines := bufio.NewScanner(c.in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		answer, _ := srv.Operate(operator, line, func(question string, _ bool) (string, bool) {
			// Not on stderr, as elsewhere: the log goes there.
			secret, err := osutil.ReadSecret(c.in, p.stdout, question)
			return secret, err == nil
		})
		for _, line := range linesOf(answer) {
			_, _ = fmt.Fprintln(p.stdout, line)
		}
	}
	// When a window is closed the read may fail before the terminal is gone, so a
	// failure alone does not mean that the terminal stays.
	if osutil.IsTerminal(c.in) && (lines.Err() == nil || osutil.InBackground(c.in)) {
		c.left.Store(true)
	}
}
