//go:build e2e

package e2e

import (
	"io"
	"strings"
	"testing"
)

// A password that is typed at telnet stands on no screen; who has nc is warned.
func TestAPasswordStandsOnNoScreen(t *testing.T) {
	t.Parallel()
	requireClients(t)
	dir := keep(t, []Account{{Name: "alice", Role: "user"}})
	s := startKeeping(t, dir)
	password := Account{Name: "alice"}.Password()
	var ask []*client
	for _, kind := range clientKinds() {
		kind.echo = true
		c := kind.run(t, s, "alice", s.places[0])
		ask = append(ask, c)
		steps := []struct{ shows, types string }{
			{strings.TrimRight(prompt, " "), "alice"},
			{"Password:", password},
			{"*** you are in #lobby as alice", "/whoami"},
			{"*** you are alice", ""},
		}
		for _, step := range steps {
			if err := c.shows(s.ctx, step.shows); err != nil {
				t.Fatal(err)
			}
			if step.types == "" {
				break
			}
			if err := c.types(step.types); err != nil {
				t.Fatal(err)
			}
		}
		text, _ := c.out.look()
		warned := strings.Contains(text, strings.TrimSpace(shown))
		hidden := !strings.Contains(text, password)
		if kind.terminal && (!hidden || warned) || !kind.terminal && !warned {
			t.Errorf("%s: hidden %v, warned %v: %q", kind.name, hidden, warned, text)
		}
		// What is no secret is shown, so that the above proves something.
		if kind.terminal && !strings.Contains(text, "/whoami") {
			t.Errorf("%s shows nothing of what is typed: %q", kind.name, text)
		}
	}
	goHome(t, s, ask)
	s.stops(t)
}

// Whoever sits at the server's terminal types commands there; passwords are not shown.
func TestTheServersOwnTerminalTakesCommands(t *testing.T) {
	t.Parallel()
	operator, terminal, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if err := show(terminal); err != nil {
		t.Fatal(err)
	}
	p := native()
	p.terminal = terminal
	dir := folder(t)
	s := startProgram(t, p, "--bind", "127.0.0.1", "--sniff-window", "0", "--data", dir)
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	out := newScreen()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(out, operator) // ends when the server has no terminal any more
	}()
	types := func(line, want string) {
		t.Helper()
		if _, err := io.WriteString(operator, line+"\r"); err != nil {
			t.Fatal(err)
		}
		if text := out.wait(s.ctx, s.done, want); !strings.Contains(text, want) {
			t.Fatalf("after %q the terminal shows %q, want %q", line, text, want)
		}
	}
	if text := out.wait(s.ctx, s.done, "help lists them"); !strings.Contains(text, "help lists them") {
		t.Fatalf("the terminal shows %q", text)
	}
	password := Account{Name: "alice"}.Password()
	types("useradd alice", "assword")
	types(password, "nce more")
	types(password, "alice has an account now")
	types("role alice admin", "alice is an admin now")
	alice := registered(t, s, "alice")
	types("who", "127.0.0.1")
	types("announce soup", "announced")
	if _, err := alice.until("soup\r\n"); err != nil {
		t.Error(err)
	}
	types("frobnicate", "no command")
	leave(t, []*person{alice})
	types("shutdown 0 enough", "shut")
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
	<-read
	if text, _ := out.look(); strings.Contains(text, password) || !strings.Contains(text, "role alice admin") {
		t.Errorf("the terminal shows %q", text)
	}
}
