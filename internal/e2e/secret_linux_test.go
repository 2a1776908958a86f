//go:build e2e

package e2e

import (
	"io"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil/ptytest"
)

// A password typed in telnet is not on the screen; users of nc are warned.
func TestAPasswordIsNotOnTheScreen(t *testing.T) {
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
		// Other text is shown, so the check above is meaningful.
		if kind.terminal && !strings.Contains(text, "/whoami") {
			t.Errorf("%s shows nothing of what is typed: %q", kind.name, text)
		}
	}
	goHome(t, s, ask)
	s.stops(t)
}

// The server's own terminal takes commands; passwords are not shown.
func TestTheServersOwnTerminalTakesCommands(t *testing.T) {
	t.Parallel()
	operator, terminal := ptytest.Open(t)
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
	types(password, "epeat it")
	types(password, "alice now has an account")
	types("role alice admin", "alice is now an admin")
	alice := registered(t, s, "alice")
	types("who", "127.0.0.1")
	types("announce soup", "announced")
	if _, err := alice.until("soup\r\n"); err != nil {
		t.Error(err)
	}
	types("frobnicate", "unknown command")
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

// However often one dialogue asks for a password, none is on the screen, but text
// typed after it is. BusyBox shows text typed after a WONT ECHO that is followed at
// once by a WILL ECHO.
func TestNoPasswordOfADialogueIsOnTheScreen(t *testing.T) {
	t.Parallel()
	requireClients(t)
	s := startKeeping(t, folder(t))
	for _, kind := range clientKinds() {
		if !kind.terminal {
			continue
		}
		kind.echo = true
		c := kind.run(t, s, "ann-"+strings.Fields(kind.name)[0], s.places[0])
		name := c.name
		for _, step := range []struct{ shows, types string }{
			{strings.TrimRight(prompt, " "), name},
			{"*** you are in #lobby as " + name, "/register"},
			{"New password for " + name + ":", "2short"},
			{"try again (an empty line cancels)\r\nNew password for " + name + ":", "secret number 1"},
			{"Repeat it:", "secret number 2"},
			{"the two passwords differ: try again (an empty line cancels)\r\nNew password for " + name + ":", "secret number 3"},
			{"Repeat it: \r\n*** the two", ""}, // the second prompt comes before an empty line
		} {
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
		for _, step := range []struct{ types, shows string }{
			{"secret number 3", "*** " + name + " is now your account"},
			{"/whoami", "*** you are " + name + " (registered, user)"},
			{"/passwd", "Current password:"},
			{"secret number 4", "that is not your current password"},
			{"secret number 3", "New password for " + name + ":"},
			{"/cancel", "*** cancelled: nothing was changed"},
			{"said aloud", ""},
		} {
			// BusyBox in line mode no longer hides anything: its user is warned when it has
			// refused, but the test is too fast for that.
			if step.types == "/passwd" && kind.name == "busybox telnet" {
				step.types, step.shows = "said aloud", ""
			}
			if err := c.types(step.types); err != nil {
				t.Fatal(err)
			}
			if err := c.shows(s.ctx, step.shows); err != nil {
				t.Fatal(err)
			}
			if step.types == "said aloud" {
				break
			}
		}
		if err := c.shows(s.ctx, "said aloud"); err != nil {
			t.Error(err)
		}
		text, _ := c.out.look()
		before, after, warned := strings.Cut(text, strings.TrimSpace(shown))
		if warned && kind.name != "busybox telnet" { // which hides only once in line mode
			t.Errorf("%s is warned: %q", kind.name, after)
		}
		if strings.Contains(before, "secret number") || strings.Contains(before, "2short") || !strings.Contains(before, "/whoami") {
			t.Errorf("%s: %q", kind.name, text)
		}
		goHome(t, s, []*client{c})
	}
	s.stops(t)
}
