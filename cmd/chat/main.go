// Command chat is a client for chatsrv in a terminal. Flags: chat --help.
//
// It exits with 0 when the session has ended as asked for, with 1 if something was refused or
// went wrong, with 2 for mistakes in its arguments, and with 3 if the server can't be reached.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/safetext"
	"github.com/sudoXpg/netloop/internal/texts"
)

// Exit codes.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// sendTime is how long --send waits for the acknowledgement.
const sendTime = 30 * time.Second

func main() {
	signals, _ := osutil.Signals()
	hangups, nohup := osutil.Hangups()
	p := program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, signals: signals, hangups: hangups, nohup: nohup, exit: os.Exit, user: userName, env: os.Getenv,
		told: make(chan string, 16), onScreen: new(atomic.Bool),
	}
	if folder, err := os.UserConfigDir(); err == nil {
		p.folder = filepath.Join(folder, "chat")
	}
	os.Exit(p.run(os.Args[1:]))
}

// A program is the process's environment: everything that main gets from the operating
// system.
type program struct {
	stdin          *os.File
	stdout, stderr io.Writer
	signals        <-chan os.Signal
	hangups        <-chan os.Signal // the terminal is gone
	nohup          bool             // which is to be ignored, but for the full-screen mode
	exit           func(code int)
	user           func() (string, error) // the name of the system's user
	env            func(name string) string
	texts          *texts.Language
	folder         string // for the configuration, or ""
	// told has sentences for the user while the full-screen mode runs.
	told     chan string
	onScreen *atomic.Bool
}

// A usageError is a mistake in the arguments.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// run carries out the command line and returns the exit code.
func (p program) run(args []string) int {
	err := p.obey(args)
	if err == nil {
		return 0
	}
	if !errors.Is(err, chatclient.ErrEnded) { // its reason was shown
		p.tell(err.Error())
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*unreachableError](err); ok {
		return exitUnreachable
	}
	return exitFailure
}

// tell writes a text to stderr, cleaned: servers have a part in some. The full-screen mode shows
// it, unless too many wait.
func (p program) tell(text string) {
	if p.onScreen != nil && p.onScreen.Load() {
		select {
		case p.told <- text:
		default:
		}
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(p.stderr, "chat: %s\n", safetext.Clean(nil, []byte(line)))
	}
}

// obey reads the arguments and does what they ask for.
func (p program) obey(args []string) error {
	o, err := readArgs(args, p.folder)
	switch {
	case err != nil:
		return err
	case o.help:
		return writeHelp(p.stdout)
	case o.version:
		_, err := fmt.Fprintf(p.stdout, "chat %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
	p.texts = language(&o, p.env)
	if p.nohup && !p.wantsScreen(&o) {
		p.hangups = nil
	}
	ctx, stop := p.interruptible()
	defer stop()
	if o.forget {
		return p.forget(ctx, &o)
	}
	if o.again {
		p.tell(p.texts.T("chat.lastTarget", "target", o.word))
	}
	c, err := p.connect(ctx, &o)
	if err != nil {
		return err
	}
	p.remember(&o)
	switch {
	case o.send != "":
		return p.send(ctx, c, o)
	case p.wantsScreen(&o):
		return p.screen(ctx, c, &o)
	case o.json:
		s := chatclient.Objects{Client: c, Out: p.stdout, Room: o.room(), Only: o.follow != "", Tell: p.tell, Language: p.texts}
		if !s.Only {
			s.In = p.stdin
		}
		return explain(p.texts, s.Run(ctx))
	}
	s := chatclient.Plain{Client: c, Out: p.stdout, Room: o.room(), Only: o.follow != "", Zone: time.Local, Language: p.texts}
	if !s.Only {
		s.In = p.stdin
		s.Hide = func() (func() error, bool, error) { return osutil.HideInput(p.stdin) }
	}
	return explain(p.texts, s.Run(ctx))
}

// remember makes the target the last one.
func (p program) remember(o *options) {
	target := o.remembered()
	if target == "" || p.folder == "" {
		return
	}
	if err := lastTarget(p.folder).Write(target); err != nil {
		p.tell(p.texts.T("chat.notRemembered", "why", err))
	}
}

// send sends the message of --send.
func (p program) send(ctx context.Context, c *client.Client, o options) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := chatclient.Send(ctx, c, o.send, o.text)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &unreachableError{errors.New(p.texts.T("chat.sendTime", "limit", p.texts.Duration(sendTime)))}
	case errors.Is(err, context.Canceled):
		return p.interrupted()
	}
	return explain(p.texts, err)
}

func (p program) interrupted() error { return errors.New(p.texts.T("chat.interrupted")) }

// interruptible returns a context that the first signal ends, or the end of the terminal. The
// second signal ends the program.
func (p program) interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		select {
		case <-p.signals:
		case <-p.hangups:
		case <-done:
			return
		}
		cancel()
		select {
		case <-p.signals:
			p.exit(exitFailure)
		case <-done:
		}
	}()
	return ctx, func() {
		close(done)
		cancel()
	}
}

// version returns the number of this build, with its commit if that is known.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "(devel)"
}
