//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// editors returns the clients in character mode, by default or by request of their user.
func editors() []clientKind {
	var kinds []clientKind
	for _, k := range clientKinds() {
		if !k.terminal {
			continue
		}
		if args := k.args; k.name == "inetutils-telnet" { // without -E, Ctrl-] opens its prompt
			k.args = func(p place) []string {
				words := args(p)
				return append([]string{words[0], "-E"}, words[1:]...)
			}
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// typed contains bytes that Debian's telnet treats as its own keys in line mode:
// 0x9D opens its prompt, 0x83 interrupts, 0x9C is a break.
const typed = "“grüße” О у世界 😀"

// Typed text is shown below others' lines, all letters arrive, the keys edit, and an
// account remembers the setting.
func TestRealClientsEditTheirLines(t *testing.T) {
	requireClients(t)
	for _, kind := range editors() {
		t.Run(kind.name, func(t *testing.T) {
			s := start(t, "--bind", "127.0.0.1", "--data", keep(t, []Account{{Name: "alice", Role: "user"}}))
			watcher := gather(t, s, "watcher")[0]
			eve := kind.run(t, s, "eve", s.places[0])
			succeed(t, eve.shows(s.ctx, "Enter username"), eve.types("eve"), eve.shows(s.ctx, "*** you are in #lobby as eve"))
			if kind.name != "plink -telnet" { // which edits from the beginning
				succeed(t, eve.shows(s.ctx, "*** /set editing on keeps your line below"))
			}
			succeed(t, eve.types("/set editing on"), eve.shows(s.ctx, "*** editing is now on (with telnet clients, not with nc)"))
			typesBelow(t, s, eve, watcher)

			anywhere := registered(t, s, "alice")
			anywhere.asks(t, "/set editing on", "*** editing is now on (with telnet clients, not with nc)\r\n")
			leave(t, []*person{anywhere})
			alice := kind.run(t, s, "alice", s.places[0])
			succeed(t, alice.logsIn(s.ctx))
			typesBelow(t, s, alice, watcher)
			if shown := alice.shown(); strings.Contains(shown, "/set editing on") {
				t.Errorf("editing is offered though it was chosen: %q", shown)
			}
			leave(t, []*person{watcher})
			s.stops(t)
		})
	}
}

// typesBelow types a line while another user talks, edits it, and quits.
func typesBelow(t *testing.T, s *server, c *client, watcher *person) {
	t.Helper()
	mark := len(c.shown())
	succeed(t, c.presses(typed), c.showsSince(s.ctx, mark, regexp.QuoteMeta(typed)), watcher.send("meanwhile\r\n"))
	// Erased; the line of the other; drawn again below it.
	succeed(t, c.showsSince(s.ctx, mark, `\r\x1b\[Jwatcher: meanwhile\r*\n`+regexp.QuoteMeta(typed)+`$`))
	succeed(t, c.presses("\x1b[D\x1b[D!\x01>\x05<\r")) // before the blank and the emoji, at the beginning, at the end
	_, err := watcher.until(c.name + ": >“grüße” О у世界! 😀<\r\n")
	succeed(t, err, c.presses("gone\x15\x1b[A\x1b[B\x10+\r")) // up, down, up again
	_, err = watcher.until(c.name + ": >“grüße” О у世界! 😀<+\r\n")
	succeed(t, err, c.presses("watch\t"), c.showsSince(s.ctx, mark, `watcher: $`), c.presses("hello\r"))
	_, err = watcher.until(c.name + ": watcher: hello\r\n")
	succeed(t, err, c.presses("not said\x03"), c.shows(s.ctx, "*** /quit leaves the chat"))
	succeed(t, c.presses("\x04"), c.shows(s.ctx, "*** goodbye")) // end of file
	_, err = watcher.until("*** " + c.name + " left\r\n")
	succeed(t, err)
}

// succeed stops the test at the first error.
func succeed(t *testing.T, steps ...error) {
	t.Helper()
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The interrupt key of Debian's telnet in line mode reaches the server, and the
// server's answer is shown, not flushed with the rest of the output.
func TestDebiansTelnetShowsTheAnswerToCtrlC(t *testing.T) {
	requireClients(t)
	s := start(t, "--bind", "127.0.0.1", "--data", keep(t, nil))
	watcher := gather(t, s, "watcher")[0]
	kind := clientKinds()[0]
	kind.echo, kind.leader = true, true
	c := kind.run(t, s, "bob", s.places[0])
	for _, step := range []struct{ press, shows string }{
		{"", "Enter username"},
		{"nobody\x03", "*** /quit leaves the chat"},
		{"bob\r", "*** you are in #lobby as bob"},
		{"not said\x03", "*** /quit leaves the chat"},
		{"said\r", "said"},
		{"/register\r", "password"},
		{"secret\x03", "*** cancelled: nothing was changed"},
		{"/whoami\r", "*** you are bob (a guest)"},
	} {
		mark := len(c.shown())
		if step.press == "" {
			mark = 0
		}
		succeed(t, c.presses(step.press), c.showsSince(s.ctx, mark, regexp.QuoteMeta(step.shows)))
	}
	if said, err := watcher.until("bob: said\r\n"); err != nil || strings.Contains(said, "not") {
		t.Errorf("the watcher sees %q (%v)", said, err)
	}
	leave(t, []*person{watcher})
	succeed(t, c.types("/quit"))
	s.stops(t)
}

// logsIn makes the client's user log in to the account with its name.
func (c *client) logsIn(ctx context.Context) error {
	for _, step := range []struct{ shows, types string }{
		{"Enter username", c.name},
		{"Password:", Account{Name: c.name}.Password()},
	} {
		if err := c.shows(ctx, step.shows); err != nil {
			return err
		}
		if err := c.types(step.types); err != nil {
			return err
		}
	}
	return c.shows(ctx, "*** you are in #lobby as "+c.name)
}

// presses sends keys.
func (c *client) presses(keys string) error {
	_, err := io.WriteString(c.in, keys)
	return err
}

func (c *client) shown() string {
	shown, _ := c.out.look()
	return shown
}

// showsSince waits until the client has shown text that matches a pattern, after a
// mark in its output.
func (c *client) showsSince(ctx context.Context, mark int, pattern string) error {
	want := regexp.MustCompile(pattern)
	for {
		shown, changed := c.out.look()
		if want.MatchString(shown[mark:]) {
			return nil
		}
		select {
		case <-changed:
		case <-c.done:
			return fmt.Errorf("%s (%s) has ended, and shows %q, want %s", c.name, c.kind.name, shown, want)
		case <-ctx.Done():
			return fmt.Errorf("%s (%s) shows %q, want %s", c.name, c.kind.name, shown, want)
		}
	}
}

// lead makes a program the leader of a session, with its input as the terminal: keys
// send it signals.
func lead(attr *syscall.SysProcAttr) { attr.Setsid, attr.Setctty, attr.Ctty = true, true, 0 }
