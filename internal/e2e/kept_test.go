//go:build e2e && unix

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// startKeeping starts a server on 127.0.0.1 with the data folder dir.
func startKeeping(t *testing.T, dir string, flags ...string) *server {
	t.Helper()
	return start(t, append([]string{"--bind", "127.0.0.1", "--sniff-window", "0", "--data", dir}, flags...)...)
}

// dies kills the server, which can't delay that.
func (s *server) dies(t *testing.T) {
	t.Helper()
	if err := s.signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	<-s.done
}

// guest makes a guest join.
func guest(t *testing.T, s *server, name string) *person {
	t.Helper()
	p := meet(t, s, name, 0)
	if err := p.joins(); err != nil {
		t.Fatal(err)
	}
	return p
}

// registered makes a user with an account join.
func registered(t *testing.T, s *server, name string) *person {
	t.Helper()
	p := meet(t, s, name, 0)
	if err := p.logsIn(Account{Name: name}); err != nil {
		t.Fatal(err)
	}
	return p
}

// asks sends a line, and returns everything received up to and including end.
func (p *person) asks(t *testing.T, line, end string) string {
	t.Helper()
	if err := p.send(line + "\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := p.until(end)
	if err != nil {
		t.Fatal(err)
	}
	return text + end
}

// answer sends a line, and returns everything received until the server has acted on it.
func (p *person) answer(t *testing.T, line string) string {
	t.Helper()
	err := p.send(line + "\r\n")
	if err == nil {
		err = p.syncs()
	}
	if err != nil {
		t.Fatal(err)
	}
	text := string(p.in)
	p.in = nil
	return text
}

// on runs a command of chatsrv with a data folder, and returns what it prints.
func on(t *testing.T, dir string, words ...string) string {
	t.Helper()
	stdout, stderr, code := command(t, nil, append(words, "--data", dir)...)
	if code != 0 {
		t.Fatalf("chatsrv %s: code %d, %q, %q", strings.Join(words, " "), code, stdout, stderr)
	}
	return stdout
}

// posts returns the text of all messages in a data folder by number, whether a server
// has the folder or not.
func posts(t *testing.T, dir string) map[uint64]string {
	t.Helper()
	return exported(t, dir).posts
}

// An exportLine is a line of an export: one of its fields is set.
type exportLine struct {
	Account  *chat.Account
	Room     *chat.RoomState
	Sanction *chat.Sanction
	Post     *struct {
		ID   uint64
		Text string
	}
}

// exportedLines returns the lines of an export of a data folder.
func exportedLines(t *testing.T, dir string) (all []exportLine) {
	t.Helper()
	file := filepath.Join(folder(t), "export")
	on(t, dir, "export", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l exportLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}
