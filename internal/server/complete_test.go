package server_test

import (
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/flood"
)

// inCharacterMode lets a person join whose lines are edited.
func (f *fixture) inCharacterMode(name string) *peer {
	f.t.Helper()
	p := f.join(name)
	p.sends(doEcho)
	p.reads()
	return p
}

func TestTABCompletesWords(t *testing.T) {
	f := start(t, nil)
	p := f.inCharacterMode("bob")
	for _, name := range []string{"alice", "Alina", "carol"} {
		f.join(name)
	}
	p.sends("/join #teapot\r/join #tea-time\r/join #lobby\r")
	p.reads()
	for _, test := range []struct{ name, keys, line string }{
		{"a name at the beginning of a line", "ca\t", "carol: "},
		{"a name elsewhere", "hello CA\t", "hello carol "},
		{"a name of a command", "/msg ca\t", "/msg carol "},
		{"a mention", "ask @ca\t", "ask carol "},
		{"what several names have in common", "al\t", "Ali"},
		{"and then one of them", "al\tc\t", "alice: "},
		{"a room", "/join #teap\t", "/join #teapot "},
		{"what several rooms have in common", "/join #t\t", "/join #tea"},
		{"a command", "/whoa\t", "/whoami "},
		{"what several commands have in common", "/wh\t", "/who"},
		{"a slash elsewhere", "1 /wh\t", "1 /wh "},
		{"no such name", "zo\t", "zo "},
		{"in the middle of a line", "ca there\x1bb\x02\t", "carol:  there"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.sends(test.keys)
			p.reads()
			p.sends("\f") // draws the whole line again
			if got := p.reads(); !strings.Contains(got, "\x1b[J"+test.line) {
				t.Errorf("%q, want %q", got, test.line)
			}
			p.sends("\x15\x0b")
			p.reads()
		})
	}
	p.sends("ali\t")
	if got := p.reads(); !strings.Contains(got, "*** Alina, alice\r\n") || !strings.HasSuffix(got, "ali") {
		t.Errorf("the names are not shown above the line: %q", got)
	}
}

// There is nothing to complete before the name is chosen, in an answer, or in a password.
func TestTABIsTextOutsideOfTheChat(t *testing.T) {
	f := startWithAccounts(t)
	f.join("carol")
	p := f.dial()
	p.reads()
	p.sends(doEcho + "car\t")
	if got := p.reads(); strings.Contains(got, "carol") {
		t.Errorf("%q", got)
	}
	p.sends("\x15bob\r/register\r")
	p.reads()
	p.sends("ca\trol words\rca\trol words\r")
	if got := p.reads(); !strings.Contains(got, "bob is now your account") || strings.Contains(got, "carol") {
		t.Errorf("%q", got)
	}
}

// Whoever keeps TAB pressed is slowed down like everybody else.
func TestTABIsUnderFloodControl(t *testing.T) {
	f := start(t, nil)
	limits := flood.Defaults()
	f.srv.SetFlood(&limits)
	f.join("bobby")
	p := f.inCharacterMode("bob")
	p.sends("bo" + strings.Repeat("\t", 200)) // a key that repeats
	if got := p.reads(); strings.Count(got, "*** ") != 1 || !strings.Contains(got, "*** bob, bobby\r\n") {
		t.Errorf("%q", got)
	}
	p.sends(strings.Repeat("\x15bob\t", 200))
	if got := p.reads(); !strings.Contains(got, "*** you are sending commands too fast") {
		t.Errorf("%q", got)
	}
}
