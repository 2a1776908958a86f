package server_test

import (
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// The telnet options about echo, of the client and of the server.
const (
	willEcho, wontEcho = "\xff\xfb\x01", "\xff\xfc\x01"
	doEcho, dontEcho   = "\xff\xfd\x01", "\xff\xfe\x01"
	wontTermType       = "\xff\xfc\x18"
)

// startWithAccounts starts a server that stores accounts.
func startWithAccounts(t *testing.T, changes ...func(*server.Options)) *fixture {
	t.Helper()
	return startOn(t, memory.New(), changes...)
}

// startOn is startWithAccounts with a store of its own, which an earlier server may have used.
func startOn(t *testing.T, s *memory.Store, changes ...func(*server.Options)) *fixture {
	t.Helper()
	f := start(t, func(o *server.Options) {
		state, err := s.Load(o.Loop.Now())
		if err != nil {
			t.Fatal(err)
		}
		o.Chat.State = state
		w := store.NewWriter(s, store.Options{Inline: true, Now: o.Loop.Now})
		o.Chat.Journal, o.Chat.Archive, o.Chat.Passwords = stepped{w}, s, plain{}
		for _, change := range changes {
			change(o)
		}
	})
	return f
}

// stepped is a writer that writes at once.
type stepped struct{ *store.Writer }

func (s stepped) Write(done func(error), records ...chat.Record) {
	s.Writer.Write(done, records...)
	for s.Step() {
	}
}

// A client that refuses to hide a password says so after it was asked: BusyBox, the
// second time.
func TestAClientThatCannotHideAPasswordIsWarnedBeforeItIsTyped(t *testing.T) {
	f := startWithAccounts(t)
	p := f.join("ann")
	p.sends(wontTermType + "/register\r\n")
	p.sees(willEcho + "New password for ann: ")
	p.sends(dontEcho)
	p.sees("\r\n*** " + shownTyping + "\r\nNew password for ann: ")
	p.sends("correct horse\r\n")
	p.sees(willEcho + "Repeat it: ")
}

// A client that sends single keys once it does not echo has entered character mode,
// and would not enter it again.
func TestAClientThatSendsSingleKeysOfAPasswordStaysInCharacterMode(t *testing.T) {
	for name, c := range map[string]struct{ keys, after string }{
		"single keys":              {"c|o|r|r|e|c|t| |h|o|r|s|e|\r\n", ""},
		"one key before the paste": {"c|orrect horse\r\n", ""},
		"whole lines":              {"correct horse\r\n", wontEcho},
	} {
		t.Run(name, func(t *testing.T) {
			f := startWithAccounts(t)
			p := f.join("ann")
			p.sends(wontTermType + "/register\r\n")
			p.sees(willEcho + "New password for ann: ")
			p.sends(doEcho)
			for _, question := range []string{"\r\nRepeat it: ", "\r\n" + c.after + "*** ann is now your account: you are logged in\r\n"} {
				for key := range strings.SplitSeq(c.keys, "|") {
					p.sends(key)
				}
				if got := strings.TrimSuffix(p.reads(), "\r\x1b[J"); got != question {
					t.Errorf("%q, want %q", got, question)
				}
			}
			if c.after != "" {
				return
			}
			p.sends("/who")
			if got := p.reads(); !strings.HasSuffix(got, "/who") { // the server shows what is typed
				t.Errorf("%q", got)
			}
			p.sends("ami\r\n")
			if got := p.reads(); !strings.Contains(got, "ami\r\n*** you are ann (registered, user), in #lobby, from 192.0.2.1\r\n") {
				t.Errorf("%q", got)
			}
		})
	}
}

// In character mode ^D, in line mode IAC EOF: an end of file is for the dialogue first, and
// the part of the password that was typed is neither kept nor sent as a message.
func TestAnEndOfFileCancelsAPasswordDialogue(t *testing.T) {
	for name, c := range map[string]struct{ before, eof, cancelled string }{
		"character mode":       {doEcho, "\x04", "\r\x1b[J*** cancelled: nothing was changed\r\n"},
		"IAC EOF":              {wontTermType, "\xff\xec", wontEcho + "\r\n*** cancelled: nothing was changed\r\n"},
		"IAC EOF, begun":       {wontTermType, "sec\xff\xec", "\r\n" + wontEcho + "*** cancelled: nothing was changed\r\n"},
		"character mode begun": {doEcho, "sec\xff\xec", "\r\x1b[J*** cancelled: nothing was changed\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := startWithAccounts(t)
			p := f.join("ann")
			p.sends(c.before + "/register\r\n")
			if got := p.reads(); !strings.Contains(got, "New password for ann: ") {
				t.Fatalf("%q", got)
			}
			p.sends(c.eof)
			if got := p.reads(); !strings.Contains(got, "*** cancelled: nothing was changed\r\n") {
				t.Errorf("%q, want %q", got, c.cancelled)
			}
			p.sends("/whoami\r\n")
			if got := p.reads(); !strings.Contains(got, "*** you are ann (a guest), in #lobby") {
				t.Errorf("%q", got)
			}
			p.sends(c.eof[len(c.eof)-1:])
		})
	}
}

func TestAnInterruptCancelsAPasswordDialogue(t *testing.T) {
	f := startWithAccounts(t)
	p := f.join("ann")
	p.sends("/register\r\n")
	p.reads()
	p.sends("sec\xff\xf4\xff\xfd\x06") // IAC IP, IAC DO TIMING-MARK
	if got := p.reads(); got != "\xff\xfc\x06\r\n*** cancelled: nothing was changed\r\n" {
		t.Errorf("%q", got)
	}
	p.sends("hello\r\n/whoami\r\n")
	p.sees("*** you are ann (a guest), in #lobby, from 192.0.2.1\r\n")
}

func TestASessionIsSmallAgainAfterAPasswordDialogue(t *testing.T) {
	f := startWithAccounts(t)
	p := f.join("ann")
	p.sends("/set bell on\r\n")
	p.sends("/register\r\n")
	p.reads()
	if n := f.srv.Large(chat.Lobby); n != 1 {
		t.Errorf("%d sessions are large during the dialogue, want 1", n)
	}
	p.sends("correct horse\r\n")
	p.sends("correct horse\r\n")
	if got := p.reads(); !strings.HasSuffix(got, "*** ann is now your account: you are logged in\r\n") {
		t.Fatalf("%q", got)
	}
	if n := f.srv.Large(chat.Lobby); n != 0 {
		t.Errorf("%d sessions are still large after it", n)
	}
	p.sends("/whoami\r\n")
	if p.reads() == "" {
		t.Error("the session does not answer any more")
	}
}
