// Command chatsrv is a chat server for telnet, nc and anything else that sends
// lines. Commands, flags and environment: chatsrv --help.
//
// It exits with 0 after a shutdown, with 1 if it could not run or was told twice to
// stop, and with 2 for mistakes in its flags, its environment or its file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/osutil"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	signals, _ := osutil.Signals()
	hangups, ignored := osutil.Hangups()
	p := program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv,
		signals: signals, hangups: hangups, nohup: ignored, exit: os.Exit,
	}
	os.Exit(p.run(os.Args[1:]))
}

// A program is the process's environment: everything that main gets from the operating
// system.
type program struct {
	stdin          *os.File
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	signals        <-chan os.Signal
	hangups        <-chan os.Signal // nil: there are none
	nohup          bool             // hangups do not mean to end
	exit           func(code int)
	ready          func() // called when clients can connect, unless it is nil
}

// run carries out the command line and returns the exit code.
func (p program) run(args []string) int {
	err := p.obey(args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return exitFailure
	}
	p.explain(err)
	if _, usage := errors.AsType[*config.UsageError](err); usage {
		return exitUsage
	}
	return exitFailure
}

// explain writes an error to stderr. It waits for a limited time: stderr may be a full
// pipe that is not read.
func (p program) explain(err error) {
	var text strings.Builder
	for line := range strings.SplitSeq(err.Error(), "\n") {
		text.WriteString("chatsrv: " + line + "\n")
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(p.stderr, text.String()) // an error can't be reported anywhere
	}()
	select {
	case <-written:
	case <-time.After(flushTime):
	}
}

// obey finds the command, which comes before the flags.
func (p program) obey(args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return p.start(args)
	}
	c, err := findCommand(args[0])
	if err != nil {
		return err
	}
	return c.run(p, args[1:])
}

// start serves, or prints what the flags ask for instead.
func (p program) start(args []string) error {
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return config.WriteHelp(p.stdout, listed())
	case s.Config.Version:
		_, err = fmt.Fprintln(p.stdout, "chatsrv", version())
		return err
	case s.Config.Backend == config.BackendList:
		return listBackends(p.stdout)
	}
	return p.serve(args, s)
}
