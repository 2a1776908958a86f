// Command chatsrv is a chat server for telnet, nc and anything else that sends
// lines. Flags and environment: chatsrv --help.
//
// It exits with 0 after a shutdown, with 1 if it could not run or was told
// twice to stop, and with 2 if its flags or its environment make no sense.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

// readBuffer is how much is read from one connection at a time, in bytes: little
// enough that it does not fill the room's window even if it is all short lines,
// each of which is sent with a name.
const readBuffer = 16 << 10

// spareFiles is how many descriptors are kept for what is not a client.
const spareFiles = 64

func main() {
	signals, _ := osutil.Signals()
	p := program{stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv, signals: signals, exit: os.Exit}
	os.Exit(p.run(os.Args[1:]))
}

// A program is what main gets from the operating system.
type program struct {
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	signals        <-chan os.Signal
	exit           func(code int)
}

// run does what the arguments ask for and returns the exit code.
func (p program) run(args []string) int {
	c, err := config.Parse(args, p.env)
	switch {
	case err != nil:
	case c.Help:
		err = config.WriteHelp(p.stdout)
	case c.Version:
		_, err = fmt.Fprintln(p.stdout, "chatsrv", version())
	case c.Backend == config.BackendList:
		err = listBackends(p.stdout)
	default:
		err = p.serve(c)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(p.stderr, "chatsrv:", err)
	if _, usage := errors.AsType[*config.UsageError](err); usage {
		return exitUsage
	}
	return exitFailure
}

// serve runs the server until it is told to stop.
func (p program) serve(c config.Config) error {
	backend, err := findBackend(c.Backend)
	if err != nil {
		return err
	}
	places, err := c.Listeners()
	if err != nil {
		return err
	}
	log, flush := newLog(c, p.stderr)
	defer flush()
	files, err := osutil.RaiseFileLimit()
	if err != nil {
		log.Warn("file_limit_not_raised", slog.String("cause", err.Error()), slog.Uint64("limit", files))
	}
	if c.MaxClients == 0 && files > 2*spareFiles {
		c.MaxClients = int(min(files-spareFiles, 1<<30))
	}
	srv, err := server.New(options(c, backend, log))
	if err != nil {
		return err
	}
	for _, place := range places {
		if _, err := srv.Listen(place.Network, place.Address); err != nil {
			return errors.Join(err, srv.Close())
		}
	}
	srv.LogStart(version(), backend.Name)
	go p.obey(srv)
	if err := srv.Run(); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// obey waits for the signals: the first one asks for a shutdown, the second is meant.
func (p program) obey(srv *server.Server) {
	s, ok := <-p.signals
	if !ok {
		return
	}
	srv.Shutdown(s.String())
	if _, ok := <-p.signals; ok {
		p.exit(exitFailure)
	}
}

// options is the configuration in the server's words.
func options(c config.Config, backend netloop.BackendInfo, log *slog.Logger) server.Options {
	style := text.Default
	if c.Style == config.StyleClassic {
		style = text.Classic
	}
	return server.Options{
		Loop: eventloop.Options{
			Open: backend.Open, Loops: c.Loops, StallTimeout: c.StallTimeout,
			ReadBuffer: readBuffer,
		},
		Style:       style,
		Name:        c.Name,
		Log:         log,
		Chat:        chat.Options{Epoch: uint64(time.Now().UnixMilli()), Nearest: nearest.Find},
		SniffWindow: c.SniffWindow,
		Limits: server.Limits{
			MaxLine: c.MaxLine, LoginTimeout: c.LoginTimeout, MaxLag: c.MaxLag,
			MaxClients: c.MaxClients, MaxPerIP: c.MaxPerIP, NewPerIP: c.NewPerIP,
			NewPerIPWindow: c.NewPerIPWindow, Grace: c.Grace,
		},
	}
}
