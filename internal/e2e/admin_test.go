//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// An operator gives commands to the server of a data folder.
type operator struct {
	dir  string
	user *syscall.Credential // nil for this one
}

// gives runs `chatsrv admin`, with typed on its standard input.
func (o operator) gives(t *testing.T, typed string, words ...string) (answer string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, chatsrv, append([]string{"admin", "--data", o.dir}, words...)...)
	cmd.Env, cmd.SysProcAttr = environment(), mortal()
	cmd.SysProcAttr.Credential = o.user
	cmd.Stdin = strings.NewReader(typed)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s", words, err, out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// does is gives for a command that has to succeed, with the answer want.
func (o operator) does(t *testing.T, typed, want string, words ...string) string {
	t.Helper()
	answer, code := o.gives(t, typed, words...)
	if code != 0 || !strings.Contains(answer, want) {
		t.Errorf("admin %q: code %d, %q, want %q", words, code, answer, want)
	}
	return answer
}

// fails is gives for a command that has to fail.
func (o operator) fails(t *testing.T, typed, want string, words ...string) {
	t.Helper()
	if answer, code := o.gives(t, typed, words...); code != 1 || !strings.Contains(answer, want) {
		t.Errorf("admin %q: code %d, %q, want %q", words, code, answer, want)
	}
}

func TestAnOperatorRunsTheServerFromOutside(t *testing.T) {
	t.Parallel()
	o := operator{dir: folder(t)}
	o.fails(t, "", "no chatsrv is running", "who")
	s := startKeeping(t, o.dir)
	o.does(t, "alice's password\n", "alice", "useradd", "alice")
	o.fails(t, "alice's password\n", "alice", "useradd", "alice")
	o.fails(t, "", "no password was given", "useradd", "carol")
	o.fails(t, "", "that name is reserved", "useradd", "nobody")
	o.does(t, "", "moderator", "role", "alice", "moderator")
	alice := registered(t, s, "alice")
	if me := alice.answer(t, "/whoami"); !strings.Contains(me, "moderator") {
		t.Errorf("alice is %q", me)
	}
	o.does(t, "another password\n", "alice", "passwd", "alice")
	old := meet(t, s, "alice", 0)
	old.asks(t, "alice", "Password: ")
	if said := old.asks(t, Account{Name: "alice"}.Password(), "\r\n"); strings.Contains(said, "logged in") {
		t.Errorf("the old password: %q", said)
	}
	newer := meet(t, s, "alice", 0)
	newer.asks(t, "alice", "Password: ")
	newer.asks(t, "another password", "*** you are in #lobby as alice")

	mallory, bob := guest(t, s, "mallory"), guest(t, s, "bob")
	o.does(t, "", "mallory", "who")
	whois := o.does(t, "", "bob", "whois", "bob")
	number := regexp.MustCompile(`connection (\d+) from`).FindStringSubmatch(whois)
	if number == nil {
		t.Fatalf("no number of bob's connection in %q", whois)
	}
	o.does(t, "", "", "drop", number[1])
	if _, err := bob.until("\r\n"); err != nil {
		t.Error(err)
	}
	bob.gone(t)
	o.does(t, "", "mallory", "ban", "mallory", "1h", "spam")
	mallory.gone(t)
	o.does(t, "", "mallory", "bans")
	o.does(t, "", "mallory", "unban", "mallory")
	back := guest(t, s, "mallory")
	o.does(t, "", "", "announce", "tea is ready")
	if _, err := back.until("tea is ready\r\n"); err != nil {
		t.Error(err)
	}
	o.does(t, "", "connection", "stats")
	o.fails(t, "", "frobnicate", "frobnicate")
	for _, want := range []string{`"operator" useradd target="alice"`, `"operator" role target="alice"`, `"operator" passwd target="alice"`, `"operator" ban target="mallory"`, `"operator" unban target="mallory"`} {
		if acts := on(t, o.dir, "audit"); !strings.Contains(acts, want) {
			t.Errorf("the audit log lacks %s:\n%s", want, acts)
		}
	}
	o.does(t, "", "set key: on", "in", "lobby", "room", "key", "open-sesame")
	s.expect(t, record{"msg": "command", "line": "in #lobby room key ***"})
	leave(t, []*person{alice, old, newer, mallory, bob, back})
	o.does(t, "", "", "shutdown", "0", "enough")
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
	o.fails(t, "", "no chatsrv is running", "who")
}

// gone reads until the server closes.
func (p *person) gone(t *testing.T) {
	t.Helper()
	for !p.ended {
		if err := p.read(); err != nil {
			t.Error(err)
			return
		}
	}
}

// This includes a user who may read the folder.
func TestAnotherUserCannotBeAnOperator(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	o := operator{dir: folder(t)}
	s := startKeeping(t, o.dir)
	stranger := operator{o.dir, &syscall.Credential{Uid: 65534, Gid: 65534}}
	stranger.fails(t, "", "permission denied", "who")
	for path, mode := range map[string]os.FileMode{o.dir: 0o755, filepath.Join(o.dir, "admin.sock"): 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	stranger.fails(t, "", "it answers only to its own user", "who")
	o.does(t, "", "", "who")
	s.stops(t)
}

// The data folder can be maintained while the server runs, and when it does not.
func TestTheDataFolderCanBeMaintained(t *testing.T) {
	t.Parallel()
	dir, out := keep(t, []Account{{Name: "alice", Role: "admin"}}), folder(t)
	s := startKeeping(t, dir)
	p := registered(t, s, "alice")
	p.asks(t, "/set receipts on", "\r\n")
	p.asks(t, "the first line", "saved #")
	running, stopped := filepath.Join(out, "running"), filepath.Join(out, "stopped")
	for _, to := range []string{running, stopped} {
		on(t, dir, "backup", to+".db")
		on(t, dir, "export", to+".json")
		// The server's messages go to the standard output.
		if stdout, stderr, code := command(t, nil, "export", to+".json", "--data", dir); code != 1 || !strings.Contains(stdout+stderr, to+".json") {
			t.Errorf("over a file that is there: %d, %q, %q", code, stdout, stderr)
		}
		if text := on(t, dir, "verify"); text != "ok\n" {
			t.Errorf("verify: %q", text)
		}
		on(t, dir, "audit")
		if to == running {
			if _, stderr, code := command(t, nil, "import", to+".json", "--data", dir); code != 1 || !strings.Contains(stderr, dir) {
				t.Errorf("import into what is served: %d, %q", code, stderr)
			}
			if _, stderr, code := command(t, nil, "restore", to+".db", "--data", dir); code != 1 || !strings.Contains(stderr, dir) {
				t.Errorf("restore into what is served: %d, %q", code, stderr)
			}
			p.asks(t, "the second line", "saved #")
			leave(t, []*person{p})
			s.stops(t)
		}
	}
	for way, want := range map[string]string{running: "the first line", stopped: "the second line"} {
		restored, imported := filepath.Join(out, filepath.Base(way)+" restored"), filepath.Join(out, filepath.Base(way)+" imported")
		on(t, restored, "restore", way+".db")
		on(t, imported, "import", way+".json")
		for _, dir := range []string{restored, imported} {
			s := startKeeping(t, dir)
			p := registered(t, s, "alice")
			if text := p.answer(t, "/history"); !strings.Contains(text, "alice: "+want) || way == running && strings.Contains(text, "second") {
				t.Errorf("%s: the history is %q", dir, text)
			}
			leave(t, []*person{p})
			s.stops(t)
		}
	}
	if _, stderr, code := command(t, nil, "restore", running+".db", "--data", dir); code != 1 || !strings.Contains(stderr, "replace") {
		t.Errorf("restore over what is there: %d, %q", code, stderr)
	}
	stdout, stderr, code := command(t, nil, "restore", running+".db", "replace", "--data", dir)
	if code != 0 || !strings.Contains(stdout, "the previous database is now ") {
		t.Errorf("restore replace: %d, %q, %q", code, stdout, stderr)
	}
}
