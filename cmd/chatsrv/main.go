// Command chatsrv is a chat server for telnet, nc and anything else that sends
// lines. Commands, flags and environment: chatsrv --help.
//
// It exits with 0 after a shutdown, with 1 if it could not run or was told
// twice to stop, and with 2 if its flags, its environment or its file make no sense.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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

// A program is what main gets from the operating system.
type program struct {
	stdin          *os.File
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	signals        <-chan os.Signal
	hangups        <-chan os.Signal // nil: there are none
	nohup          bool             // hangups are not a wish to end
	exit           func(code int)
}

// run does what the arguments ask for and returns the exit code.
func (p program) run(args []string) int {
	err := p.obey(args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return exitFailure
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(p.stderr, "chatsrv:", line)
	}
	if _, usage := errors.AsType[*config.UsageError](err); usage {
		return exitUsage
	}
	return exitFailure
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
