package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/admin"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/names"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// operator is what the audit log calls whoever has the machine.
const operator = "operator"

// needsSecret are the commands that ask for a password.
var needsSecret = []string{"useradd", "passwd"}

// serveAdmin answers `chatsrv admin` until the listener is closed, which close does.
func serveAdmin(data *keeper, srv *server.Server, log *journal) (stop func(), err error) {
	if data.folder == "" {
		return func() {}, nil
	}
	path, err := admin.Path(data.folder)
	if err != nil {
		return nil, err
	}
	l, err := admin.Listen(path)
	if err != nil {
		return nil, err
	}
	own := log.With(logs.In(logs.Admin))
	done := make(chan struct{})
	go func() {
		defer close(done)
		admin.Serve(l, func(_ context.Context, r admin.Request) ([]string, int) {
			own.Info("command", slog.String("line", strings.Join(r.Args, " ")))
			return obey(data, srv, r)
		})
	}()
	return func() {
		_ = l.Close()
		<-done
	}, nil
}

// obey carries out a request in the server.
func obey(data *keeper, srv *server.Server, r admin.Request) (lines []string, code int) {
	for _, t := range tools() {
		if len(r.Args) == 0 || t.Name != r.Args[0] {
			continue
		}
		disk, ok := data.store.(*sqlite.Store)
		if !t.online || !ok || len(r.Args) != 1+t.args {
			return []string{"chatsrv " + t.Name + " can't be used while the server runs"}, exitFailure
		}
		var out bytes.Buffer
		err := t.run(disk, r.Args[1:], &out)
		lines := linesOf(out.String())
		switch {
		case errors.Is(err, fs.ErrPermission), osutil.IsReadOnly(err):
			return append(lines, err.Error()+" (the server writes it: name a file in "+data.folder+", or where else its user may write)"), exitFailure
		case err != nil:
			return append(lines, err.Error()), exitFailure
		}
		return lines, 0
	}
	answer, ok := srv.Operate(operator, strings.Join(r.Args, " "), func(string, bool) (string, bool) { return r.Secret, r.HasSecret })
	if !ok {
		code = exitFailure
	}
	return linesOf(answer), code
}

// linesOf are the lines of an answer, without what marks them in a chat.
func linesOf(answer string) []string {
	var lines []string
	for line := range strings.Lines(answer) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "*** "))
	}
	return lines
}

// admin sends a command to the server that has the data folder.
func (p program) admin(args []string) error {
	n := 0
	for n < len(args) && strings.HasPrefix(args[n], "-") {
		if n++; !strings.Contains(args[n-1], "=") && args[n-1] != "-h" && args[n-1] != "--help" {
			n++
		}
	}
	n = min(n, len(args))
	s, err := config.Load(args[:n], p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"admin"})
	case n == len(args):
		return &config.UsageError{Problem: "usage: chatsrv admin [flags] COMMAND (chatsrv admin help lists them)"}
	}
	r := admin.Request{Args: args[n:]}
	if len(r.Args) > 1 && slices.Contains(needsSecret, r.Args[0]) { // else it is used wrongly
		// Before anybody types a password in vain.
		if err := errors.Join(usable(r.Args[0], r.Args[1]), reachable(s.Config)); err != nil {
			return failure{err}
		}
		if r.Secret, err = p.readSecret("New password for " + r.Args[1] + ": "); err != nil {
			return failure{err}
		}
		r.HasSecret = true
	}
	return p.call(s.Config, r)
}

// usable tells whether a command can be about somebody of that name.
func usable(verb, text string) error {
	name, err := names.Parse(text)
	switch {
	case err != nil:
		return errors.New(names.Reason(err))
	case verb == "useradd" && names.Reserved(name):
		return errors.New(chat.ErrNameReserved.Reason)
	}
	return nil
}

// door returns where the server that has the data folder of c listens.
func door(c config.Config) (path string, err error) {
	folder, err := dataFolder(c)
	switch {
	case err != nil:
		return "", err
	case folder == "":
		return "", errNoFolder
	}
	return admin.Path(folder)
}

// reachable tells whether that server is there.
func reachable(c config.Config) error {
	path, err := door(c)
	if err != nil {
		return err
	}
	conn, err := admin.Dial(path)
	if err != nil {
		return err
	}
	return conn.Close()
}

// call has the server that has the data folder of c carry out r.
func (p program) call(c config.Config, r admin.Request) error {
	path, err := door(c)
	if err != nil {
		return failure{err}
	}
	code, err := admin.Call(path, r, p.stdout)
	switch {
	case err != nil:
		return failure{err}
	case code != 0:
		return errSaid
	}
	return nil
}

// errSaid is a failure that has been told already.
var errSaid = errors.New("")

// readSecret reads a password: from the terminal, which does not show it, or the
// first line of the standard input.
func (p program) readSecret(question string) (string, error) {
	secret, err := osutil.ReadSecret(p.stdin, p.stderr, question)
	if err != nil {
		return "", fmt.Errorf("no password was given: %w", err)
	}
	return secret, nil
}

// console obeys the commands that are typed at the server's own terminal, if it
// has one, until its input ends.
func (p program) console(srv *server.Server) {
	if p.stdin == nil || !osutil.IsTerminal(p.stdin) {
		return
	}
	osutil.IgnoreBackgroundReads()
	_, _ = fmt.Fprintln(p.stdout, "Commands can be typed here: help lists them.")
	lines := bufio.NewScanner(p.stdin)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		answer, _ := srv.Operate(operator, line, func(question string, _ bool) (string, bool) {
			// Not where others are asked: that is where the log goes.
			secret, err := osutil.ReadSecret(p.stdin, p.stdout, question)
			return secret, err == nil
		})
		for _, line := range linesOf(answer) {
			_, _ = fmt.Fprintln(p.stdout, line)
		}
	}
}
