package main

import (
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
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/names"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// operator is the name in the audit log of the user of the machine.
const operator = "operator"

// needsSecret are the commands that ask for a password.
var needsSecret = []string{"useradd", "passwd"}

// serveAdmin answers `chatsrv admin` until stop is called.
func serveAdmin(data *storage, srv *server.Server, log *journal) (stop func(), err error) {
	if data.folder == "" {
		return func() {}, nil
	}
	path, err := admin.Path(data.folder)
	if err != nil {
		return nil, err
	}
	own := log.With(logs.In(logs.Admin))
	handle := func(_ context.Context, r admin.Request) ([]string, int) {
		own.Info("command", slog.String("line", loggable(srv, r.Args)))
		return obey(data, srv, r)
	}
	door, err := admin.Open(path, handle, admin.DoorCheck, func(err error) {
		own.Error("admin_unreachable", slog.String("cause", err.Error()))
	})
	if err != nil {
		return nil, err
	}
	return func() { _ = door.Close() }, nil
}

// loggable returns the part of a request that may be logged.
func loggable(srv *server.Server, args []string) string {
	line := strings.Join(args, " ")
	if slices.ContainsFunc(tools(), func(t tool) bool { return len(args) > 0 && t.Name == args[0] }) {
		return line
	}
	return srv.Loggable(line)
}

// obey carries out a request in the server.
func obey(data *storage, srv *server.Server, r admin.Request) (lines []string, code int) {
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

// linesOf returns the lines of an answer, without their prefixes in the chat.
func linesOf(answer string) []string {
	var lines []string
	for line := range strings.Lines(answer) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "*** "))
	}
	return lines
}

// admin sends a command to the server that has the data folder.
func (p program) admin(args []string) error {
	s, words, err := config.LoadWords(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"admin"})
	case len(words) == 0:
		return &config.UsageError{Problem: "usage: chatsrv admin [flags] COMMAND (chatsrv admin help lists them)"}
	}
	r := admin.Request{Args: words}
	if len(r.Args) > 1 && slices.Contains(needsSecret, r.Args[0]) { // otherwise the usage is wrong
		// Before the user types a password in vain.
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

// usable returns an error if a command can't be about a user of that name.
func usable(verb, who string) error {
	name, err := names.Parse(who)
	switch {
	case err != nil:
		return errors.New(text.Words(chat.Why(err)))
	case verb == "useradd" && names.Reserved(name):
		return errors.New(text.Words(chat.ErrNameReserved.Note))
	}
	return nil
}

// door returns the path at which the server with the data folder of c listens.
func door(c config.Config) (path string, err error) {
	folder, err := storingFolder(c)
	if err != nil {
		return "", err
	}
	return admin.Path(folder)
}

// reachable returns an error if that server can't be reached.
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

// call makes the server with the data folder of c carry out r.
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

// errSaid is a failure that has been reported already.
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
