package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
)

func alone(name string) string {
	return "*** you are in #lobby as " + name + ", with nobody else; /help lists the commands\r\n"
}

func TestUsersSeeEachOthersLines(t *testing.T) {
	f := start(t, nil)
	bob := f.dial()
	bob.sees(greeting)
	bob.sends("bob\r\n")
	bob.sees(alone("bob"))
	eve := f.dial()
	eve.sends("eve\n")
	eve.sees(greeting + "*** you are in #lobby as eve, with 1 other; /help lists the commands\r\n")
	bob.sees("*** eve joined\r\n")
	bob.sends("hello\r\n\r\n  \r\n/me waves\r\n//etc\r\n")
	bob.sees("")
	eve.sees("bob: hello\r\n* bob waves\r\nbob: /etc\r\n")
	eve.sends("/nick Eva\r\nhi\r\n")
	eve.sees("*** you are now known as Eva\r\n")
	bob.sees("*** eve is now known as Eva\r\nEva: hi\r\n")
	eve.sends("/quit  so long\r\nnever said\r\n")
	eve.sees("*** goodbye\r\n")
	eve.isClosed()
	bob.sees("*** Eva left (so long)\r\n")
	bob.sends("/lst\r\n")
	bob.sees("*** unknown command /lst: did you mean /list? (//lst sends it as a message)\r\n")
	bob.sends("/list\r\n")
	bob.sees("*** 1 person here in #lobby: bob\r\n")
	f.logged("msg=connect", "conn=1", "address=192.0.2.1:")
	f.logged("msg=login", "conn=2", "name=eve")
	f.logged("msg=leave", "conn=2", "name=Eva", `reason="quit: so long"`, "duration=0s")
}

func TestARefusedNameGetsTheReasonAndAnotherPrompt(t *testing.T) {
	f := start(t, nil)
	f.join("Bob")
	p := f.dial()
	p.sees(greeting)
	for _, c := range []struct{ name, reason string }{
		{"", "a name is required"},
		{"   ", "a name is required"},
		{"bOB", "that name is taken"},
		{"a b", "a name can have only letters, digits, _ - and ."},
		{"a\x00/", "a name can have only letters, digits, _ - and ."},
		{strings.Repeat("x", 30), "a name can have at most 29 characters"},
		{"/list", "/list needs a name: enter yours first"},
		{"/frob", "unknown command /frob: /help lists the commands (//frob sends it as a message)"},
	} {
		p.sends(c.name + "\r\n")
		if got := p.reads(); got != "*** "+c.reason+"\r\n"+prompt {
			t.Errorf("%q: %q", c.name, got)
		}
	}
	p.sends(" bob2 \r\n")
	p.sees("*** you are in #lobby as bob2, with 1 other; /help lists the commands\r\n")
}

func TestHelpAndQuitWorkAtTheNamePrompt(t *testing.T) {
	f := start(t, nil)
	p := f.dial()
	p.sends("/help\r\n")
	got := p.reads()
	for _, v := range chat.Verbs() {
		if is := strings.Contains(got, "*** /"+v.Name+" "); is != v.Outside {
			t.Errorf("/%s in %q: %v", v.Name, got, is)
		}
	}
	if !strings.HasSuffix(got, "\r\n"+prompt) {
		t.Errorf("not asked again: %q", got)
	}
	p.sends("/quit\r\n")
	p.sees("*** goodbye\r\n")
	p.isClosed()
}

// Lines of two clients are read in one turn, in either order.
func TestNothingFollowsTheGoodbye(t *testing.T) {
	for name, quitters := range map[string][2]int{"the first to connect quits": {0, 1}, "the last to connect quits": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			f := start(t, nil)
			all := []*peer{f.join("ann"), f.join("bob")}
			all[0].reads() // bob joined
			quits, talks := all[quitters[0]], all[quitters[1]]
			for p, line := range map[*peer]string{quits: "/quit\r\n", talks: "hello\r\n"} {
				if n, err := p.c.Write([]byte(line)); n != len(line) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := quits.reads(); !strings.HasSuffix(got, "*** goodbye\r\n") {
				t.Errorf("%q", got)
			}
			quits.isClosed()
		})
	}
}

func TestHistoryStandsBetweenMarkers(t *testing.T) {
	f := start(t, nil)
	bob := f.join("bob")
	for i := range 60 {
		bob.sends(fmt.Sprintf("%d\r\n", i))
	}
	bob.sends("/nick rob\r\n")
	bob.reads()
	eve := f.dial()
	eve.reads()
	eve.sends("eve\r\n")
	var want strings.Builder
	want.WriteString("*** --- the last 50 lines ---\r\n")
	for i := 10; i < 60; i++ {
		fmt.Fprintf(&want, "bob: %d\r\n", i)
	}
	want.WriteString("*** --- end of the last lines ---\r\n" +
		"*** you are in #lobby as eve, with 1 other; /help lists the commands\r\n")
	eve.sees(want.String())
}

func TestTheServerWaitsForTheSniffWindow(t *testing.T) {
	f := start(t, func(o *server.Options) { o.SniffWindow = 150 * time.Millisecond })
	quiet, quick := f.dial(), f.dial()
	quick.sends("bob\r\n")
	quick.sees(greeting + alone("bob"))
	f.advance(140 * time.Millisecond)
	quiet.sees("")
	f.advance(20 * time.Millisecond)
	quiet.sees(greeting)
	quiet.sends("eve\r\n")
	if got := quiet.reads(); !strings.Contains(got, "as eve") {
		t.Errorf("%q", got)
	}
}

func TestOtherProtocolsAreClosedUnansweredAndNeverPublished(t *testing.T) {
	for name, c := range map[string]struct {
		first string
		late  bool // answered before the greeting
	}{
		"a client hello":           {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", false},
		"half a client hello":      {"\x16", false},
		"SSH":                      {"SSH-2.0-OpenSSH_9.2p1\r\n", false},
		"a header of a proxy":      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nbob\r\n", false},
		"a binary header":          {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", false},
		"an HTTP request":          {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
		"HTTP/2":                   {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true},
		"a request without an end": {"OPTIONS * HTTP/1.0", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, func(o *server.Options) { o.SniffWindow = 150 * time.Millisecond })
			bob := f.join("bob")
			if !c.late {
				p := f.dial()
				p.sends(c.first)
				p.isClosed()
			}
			late := f.dial()
			f.advance(time.Second)
			late.sees(greeting)
			late.sends(c.first)
			late.isClosed()
			bob.sees("")
			f.logged("leave", "not chat")
		})
	}
}

func TestAnHTTPRequestInPiecesIsNotTakenForAName(t *testing.T) {
	f := start(t, nil)
	bob, p := f.join("bob"), f.dial()
	p.sends("GE")
	p.sends("T / HT")
	p.sends("TP/1.1\r\nHost: x\r\n")
	p.sees(greeting)
	p.isClosed()
	bob.sees("")
}

func TestLoginTimesOutWithTheReason(t *testing.T) {
	f := start(t, nil)
	p := f.dial()
	p.sends("not a name\r\n")
	p.reads()
	f.advance(59 * time.Second)
	p.sees("")
	f.advance(2 * time.Second)
	p.sees("\r\n*** no user name within 60 seconds: goodbye\r\n")
	p.isClosed()
	f.logged("leave", `reason="login timeout"`, "duration=1m1s")
	bob := f.join("bob")
	f.advance(time.Hour)
	bob.sees("")
	if !bob.open {
		t.Error("who has logged in was closed, too")
	}
}

// It sends what `printf 'bob\nhello\n' | nc -N` does.
func TestHalfCloseDeliversEarlierLines(t *testing.T) {
	for name, tail := range map[string]string{"whole lines": "hello\n", "an unfinished last line": "hello"} {
		t.Run(name, func(t *testing.T) {
			f := start(t, func(o *server.Options) { o.SniffWindow = 150 * time.Millisecond })
			eve := f.join("eve")
			p := f.dial()
			p.sends("bob\n" + tail)
			if err := p.c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			f.settle()
			eve.sees("*** bob joined\r\nbob: hello\r\n*** bob left (connection closed)\r\n")
			if got := p.reads(); !strings.Contains(got, "as bob") || p.open {
				t.Errorf("read %q, open %v", got, p.open)
			}
		})
	}
}

func TestAHalfTypedLineIsDroppedWhenATelnetUserCloses(t *testing.T) {
	f := start(t, nil)
	eve, p := f.join("eve"), f.dial()
	p.sends("\xff\xfc\x18bob\r\nhalf a thou")
	if err := p.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	eve.sees("*** bob joined\r\n*** bob left (connection closed)\r\n")
}

func TestALostConnectionLeavesTheChat(t *testing.T) {
	f := start(t, nil)
	eve, bob := f.join("eve"), f.join("bob")
	eve.reads()
	if err := bob.c.Reset(); err != nil {
		t.Fatal(err)
	}
	eve.sees("*** bob left (connection lost)\r\n")
	bob = f.join("bob") // the name is free again
	eve.sees("*** bob joined\r\n")
	bob.sees("")
}

func TestATooLongLineIsReportedOnceAndTheThirdCloses(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxLine = 100 })
	eve, bob := f.join("eve"), f.join("bob")
	eve.reads()
	long := strings.Repeat("x", 101)
	bob.sends(long[:100] + "\r\n")
	eve.sees("bob: " + long[:100] + "\r\n")
	for range 2 {
		for range 50 {
			bob.sends(long)
		}
		bob.sends("\r\nok\r\n")
		bob.sees("*** that line was longer than 100 bytes and was dropped\r\n")
	}
	bob.sends(long + "\r\nnot said\r\n")
	bob.sees("*** another line longer than 100 bytes: goodbye\r\n")
	bob.isClosed()
	eve.sees("bob: ok\r\nbob: ok\r\n*** bob left (lines too long)\r\n")
}

func TestControlCharactersInMessagesDoNotReachTerminals(t *testing.T) {
	f := start(t, nil)
	eve, bob := f.join("eve"), f.join("bob")
	eve.reads()
	bob.sends("\x1b]0;title\x07a\x1b[31mred\x00\u202e\r\n/me 2J\x00 \x1b[2Jcursor\r\n/nick \x1b[2Jx\r\n")
	got := eve.reads()
	for _, r := range strings.ReplaceAll(got, "\r\n", "") {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e {
			t.Errorf("%U in %q", r, got)
		}
	}
	if want := "bob: ared\r\n* bob 2J cursor\r\n*** bob is now known as x\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTelnetKeysAndOptions(t *testing.T) {
	f := start(t, nil)
	eve, p := f.join("eve"), f.dial()
	p.sees(greeting)
	p.sends("\xff\xfd\x01") // DO ECHO: a character-mode client
	p.sees("\xff\xfb\x01\xff\xfb\x03\r\x1b[J" + prompt)
	p.sends("bib\x7f\x7fob\r\x00")
	if got := p.reads(); !strings.HasPrefix(got, "\r\x1b[J"+prompt+"bob\r\n") {
		t.Errorf("echo %q", got)
	}
	eve.sees("*** bob joined\r\n")
	p.sends("wrong\x15right\r\x00")
	p.reads()
	eve.sees("bob: right\r\n")
	p.sends("nothing\x03")
	if got := p.reads(); !strings.HasSuffix(got, "*** /quit leaves the chat\r\n") {
		t.Errorf("^C: %q", got)
	}
	p.sends("\x04")
	if got := p.reads(); !strings.HasSuffix(got, "*** goodbye\r\n") || p.open {
		t.Errorf("^D: %q, open %v", got, p.open)
	}
	eve.sees("*** bob left\r\n")
}

// Debian's telnet shows nothing of what comes before the answer to the TIMING-MARK
// (RFC 860) that it sends behind an interrupt.
func TestAnInterruptIsAnsweredBehindItsTimingMark(t *testing.T) {
	const interrupt, wontMark = "\xff\xf4\xff\xfd\x06", "\xff\xfc\x06" // IAC IP IAC DO TIMING-MARK; IAC WONT TIMING-MARK
	f := startWithAccounts(t)
	p := f.dial()
	p.sees(greeting)
	p.sends("nobo" + interrupt)
	p.sees(wontMark + "\r\n*** /quit leaves the chat\r\n" + prompt)
	p.sends("ann\r\n")
	p.reads()
	p.sends("not said" + interrupt)
	p.sees(wontMark + "\r\n*** /quit leaves the chat\r\n")
	p.sends("not said" + interrupt + "/set zone\r\n")
	p.sees(wontMark + "\r\n*** /quit leaves the chat\r\n*** usage: /set zone VALUE: your time zone, for example Europe/Berlin\r\n")
	p.sends("/register\r\n")
	p.reads()
	p.sends("sec" + interrupt + "/whoami\r\n")
	p.sees(wontMark + "\r\n*** cancelled: nothing was changed\r\n*** you are ann (a guest), in #lobby, from 192.0.2.1\r\n")
}

func TestALaggingReaderIsToldHowMuchItMissed(t *testing.T) {
	f := start(t, func(o *server.Options) { o.Loop.StallTimeout = time.Hour; o.MaxLag = 256 << 10 })
	stalled, eve, bob := f.join("stalled"), f.join("eve"), f.join("bob")
	stalled.reads()
	eve.reads()
	line := strings.Repeat("x", 1000)
	for range 1000 {
		bob.sends(line + "\r\n")
		eve.sees("bob: " + line + "\r\n")
	}
	got := stalled.reads()
	before, after, found := strings.Cut(got, "*** you missed ")
	var missed int
	if _, err := fmt.Sscanf(after, "%d lines\r\n", &missed); err != nil || !found {
		t.Fatalf("no notice: %v", err)
	}
	seen := strings.Count(before, "bob: ") + strings.Count(after, "bob: ")
	if seen+missed != 1000 || missed == 0 {
		t.Errorf("saw %d, missed %d of 1000", seen, missed)
	}
}

func TestAReaderThatTakesNothingIsClosed(t *testing.T) {
	f := start(t, func(o *server.Options) { o.Loop.StallTimeout = 30 * time.Second })
	stalled, eve, bob := f.join("stalled"), f.join("eve"), f.join("bob")
	eve.reads()
	stalled.c.SetReadBuffer(1)
	for range 200 {
		bob.sends(strings.Repeat("x", 4000) + "\r\n")
		eve.reads()
	}
	f.advance(40 * time.Second)
	eve.sees("*** stalled left (too slow)\r\n")
	f.logged("leave", "name=stalled", `reason="too slow"`)
}

// Unread replies stop the reading of further commands, but not the server.
func TestAClientThatDoesNotReadItsRepliesIsReadNoFurther(t *testing.T) {
	f := start(t, func(o *server.Options) { o.Loop.StallTimeout = time.Hour })
	greedy, eve := f.join("greedy"), f.join("eve")
	greedy.c.SetReadBuffer(1)
	asked := 0
	for asked < 1<<20 {
		n, err := greedy.c.Write([]byte(strings.Repeat("/help\r\n", 100)))
		f.settle()
		if asked += n; err != nil {
			break
		}
	}
	if asked >= 1<<20 {
		t.Error("all of it was read")
	}
	eve.sends("hello\r\n")
	greedy.c.SetReadBuffer(1 << 20)
	if got := greedy.reads(); !greedy.open || !strings.Contains(got, "eve: hello\r\n") {
		t.Errorf("open %v after %d bytes", greedy.open, len(got))
	}
}
