package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/server"
)

// The bytes of the C chat server, for each of its users.
func TestClassicIsByteExact(t *testing.T) {
	f := start(t, classicStyle)
	bob := f.dial()
	bob.sees("chat restoring . . .\nChat Restored\nEnter username : ")
	eve := f.dial()
	eve.sees("chat restoring . . .\nChat Restored\nEnter username : ")
	bob.sends("bob  \t\r\n")
	bob.sees("")
	eve.sees("")
	bob.sends("hello\n")
	bob.sends("one\ntwo\r\n\n/quit\n")
	bob.sees("")
	// Nobody needs a name to read.
	eve.sees("bob: hello\nbob: one\nbob: two\nbob: \nbob: /quit\n")
	eve.sends("eve\nhi bob\n")
	bob.sees("eve: hi bob\n")
	eve.sees("")
	late := f.dial()
	late.sees("chat restoring . . .\n" +
		"bob: hello\nbob: one\nbob: two\nbob: \nbob: /quit\neve: hi bob\n" +
		"Chat Restored\nEnter username : ")
	bob.sends("still here\n")
	late.sees("bob: still here\n")
	if err := late.c.Close(); err != nil {
		t.Fatal(err)
	}
	bob.sends("gone?\n")
	eve.sees("bob: still here\nbob: gone?\n")
	bob.sees("")
}

func TestClassicNamesAreCutNotRefused(t *testing.T) {
	for given, want := range map[string]string{
		strings.Repeat("x", 40):             strings.Repeat("x", 29),
		strings.Repeat("ü", 20):             strings.Repeat("ü", 14), // 29 bytes end inside the 15th
		strings.Repeat("y", 29) + "  z":     strings.Repeat("y", 29),
		"":                                  "",
		" a b ":                             " a b",
		"\x1b[31mred":                       "red",
		"watcher" + strings.Repeat(" ", 30): "watcher",
	} {
		t.Run(given, func(t *testing.T) {
			f := start(t, classicStyle)
			reader := f.dial()
			reader.reads()
			f.dial().sends(given + "\nx\n")
			reader.sees(want + ": x\n")
		})
	}
}

func TestClassicLinesAreWholeHoweverTheySplit(t *testing.T) {
	f := start(t, classicStyle)
	reader, a, b := f.dial(), f.dial(), f.dial()
	reader.reads()
	a.sends("a\n")
	b.sends("b\n")
	for _, c := range "one\r\ntwo\n" {
		a.sends(string(c))
		b.sends("x")
	}
	b.sends("\n")
	reader.sees("a: one\na: two\nb: xxxxxxxxx\n")
}

func TestClassicTextIsKeptByteForByteAndTerminalsAreSafe(t *testing.T) {
	f := start(t, classicStyle)
	reader, a := f.dial(), f.dial()
	reader.reads()
	a.sends("a\n" + "tab\there ~!@#$%^&*() grüße 王 👩\u200d🚀\n" + "nul\x00 bell\x07 esc\x1b[2J cr\rmid\n")
	reader.sees("a: tab\there ~!@#$%^&*() grüße 王 👩\u200d🚀\n" + "a: nul bell esc crmid\n")
}

func TestClassicReplaysTheLastMebibyteInWholeLines(t *testing.T) {
	f := start(t, classicStyle)
	a := f.dial()
	a.sends("a\n")
	line := strings.Repeat("x", 996) + "\n" // "a: " and this are 1000 bytes
	for range 30 {
		a.sends(strings.Repeat(line, 100))
	}
	got := f.dial().reads()
	got, ok1 := strings.CutPrefix(got, "chat restoring . . .\n")
	got, ok2 := strings.CutSuffix(got, "Chat Restored\nEnter username : ")
	if !ok1 || !ok2 {
		t.Fatalf("around the log: %.40q ... %q", got, got[max(0, len(got)-40):])
	}
	want := (1 << 20) / 1000
	if got != strings.Repeat("a: "+line, want) {
		t.Errorf("%d bytes, want %d whole lines of 1000", len(got), want)
	}
}

func TestClassicATooLongLineIsReportedOnceAndTheThirdCloses(t *testing.T) {
	f := start(t, classicStyle)
	reader, a := f.dial(), f.dial()
	reader.reads()
	a.sends("a\n")
	a.reads()
	full := strings.Repeat("x", 4096)
	a.sends(full + "\n")
	reader.sees("a: " + full + "\n")
	a.sends(full + "x\nok\n")
	a.sees("*** that line was longer than 4096 bytes and was dropped\n")
	for range 100 {
		a.sends(full)
	}
	a.sends("\nok\n")
	a.sees("*** that line was longer than 4096 bytes and was dropped\n")
	a.sends(full + full)
	a.sees("*** another line longer than 4096 bytes: goodbye\n")
	a.isClosed()
	reader.sees("a: ok\na: ok\n")
}

func TestClassicHalfCloseDeliversEarlierLines(t *testing.T) {
	f := start(t, classicStyle)
	reader, a := f.dial(), f.dial()
	reader.reads()
	a.sends("a\nhello\nlast without an end")
	if err := a.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	reader.sees("a: hello\na: last without an end\n")
	a.reads()
	a.isClosed()
}

func TestClassicClosesConnectionsOfOtherProtocols(t *testing.T) {
	for name, first := range map[string]string{
		"tls": "\x16\x03\x01\x02\x00\x01", "http": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, classicStyle)
			reader, a := f.dial(), f.dial()
			reader.reads()
			a.reads()
			a.sends(first)
			a.isClosed()
			reader.sees("")
			f.logged("leave", "reason=\"not chat: "+name)
		})
	}
}

func TestClassicLoginTimesOut(t *testing.T) {
	f := start(t, classicStyle)
	a, b := f.dial(), f.dial()
	a.reads()
	b.reads()
	b.sends("b\n")
	f.advance(61 * time.Second)
	a.sees("\n*** no user name within 60 seconds: goodbye\n")
	a.isClosed()
	b.sees("")
	if !b.open {
		t.Error("who has a name was closed, too")
	}
}

// A lagging reader misses lines, is told so, and stops nobody.
func TestClassicAStalledReaderDoesNotBlockOthers(t *testing.T) {
	f := start(t, func(o *server.Options) {
		classicStyle(o)
		o.Loop.StallTimeout = time.Hour
	})
	stalled, reader, a := f.dial(), f.dial(), f.dial()
	a.sends("a\n")
	reader.reads()
	stalled.reads()
	line := strings.Repeat("x", 999) + "\n"
	for range 80 {
		a.sends(strings.Repeat(line, 50))
		if got := reader.reads(); got != strings.Repeat("a: "+line, 50) {
			t.Fatalf("the healthy reader got %d bytes", len(got))
		}
	}
	got := stalled.reads()
	before, after, found := strings.Cut(got, "*** you missed ")
	missed, after, _ := strings.Cut(after, " lines\n")
	lines := strings.Count(before, "\n") + strings.Count(after, "\n")
	if !found || missed == "0" || lines >= 4000 || strings.ReplaceAll(before+after, "a: "+line, "") != "" {
		t.Errorf("%d lines, missed %q, %d bytes", lines, missed, len(got))
	}
}
