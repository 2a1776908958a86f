package telnet

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A log is the events of a connection in a form that does not depend on how the
// input was split: neighbouring replies are one.
type log []string

func (l *log) add(ev Event) {
	switch ev.Kind {
	case Line, TerminalType:
		*l = append(*l, fmt.Sprintf("%v %q", ev.Kind, ev.Text))
	case Reply:
		l.reply(ev.Text)
	case WindowSize:
		*l = append(*l, fmt.Sprintf("%v %dx%d", ev.Kind, ev.Cols, ev.Rows))
	default:
		*l = append(*l, ev.Kind.String())
	}
}

const replyPrefix = "Reply "

func (l *log) reply(b []byte) {
	if n := len(*l); n > 0 && strings.HasPrefix((*l)[n-1], replyPrefix) {
		(*l)[n-1] += string(b)
		return
	}
	*l = append(*l, replyPrefix+string(b))
}

// feed gives p to d and logs the events. It fails if d does not finish.
func feed(t testing.TB, d *Decoder, l *log, p []byte) {
	t.Helper()
	limit := 4*len(p) + 4
	for ev, p := d.Next(p); ev.Kind != None; ev, p = d.Next(p) {
		l.add(ev)
		if limit--; limit < 0 {
			t.Fatalf("no end of events, %q left", p)
		}
	}
}

// splits calls f with the input whole, byte by byte and split in two at every place.
func splits(in string, f func(how string, parts ...[]byte)) {
	b := []byte(in)
	f("whole", b)
	f("byte by byte", slices.Collect(slices.Chunk(b, 1))...)
	for i := 1; i < len(b); i++ {
		f(fmt.Sprintf("split at %d", i), b[:i], b[i:])
	}
}

const (
	doEcho   = "\xff\xfd\x01"
	dontEcho = "\xff\xfe\x01"
	willEcho = "\xff\xfb\x01"
	wontEcho = "\xff\xfc\x01"
	// The answer to a client that asks for our echo by itself.
	characterMode = willEcho + "\xff\xfb\x03"
	ttypeRequest  = "\xff\xfa\x18\x01\xff\xf0"
)

// TestInputGivesTheseEvents checks the rules one by one. Each input comes in
// every possible split in two.
func TestInputGivesTheseEvents(t *testing.T) {
	greet := func(d *Decoder) { d.Greeting(nil) }
	hide := func(d *Decoder) { d.HidePassword() }
	long := strings.Repeat("x", 20)
	tests := []struct {
		name  string
		setup func(*Decoder)
		in    string
		want  log
	}{
		{"the four line endings", nil, "a\r\nb\r\x00c\nd\re\n", log{`Line "a"`, `Line "b"`, `Line "c"`, `Line "d"`, `Line "e"`}},
		{"empty lines", nil, "\r\n\n\r\x00\r\r\n", log{`Line ""`, `Line ""`, `Line ""`, `Line ""`, `Line ""`}},
		{"a line feed belongs to one carriage return only", nil, "a\r\n\nb\n", log{`Line "a"`, `Line ""`, `Line "b"`}},
		{"a command between CR and LF", nil, "a\r\xff\xf1\nb\n", log{`Line "a"`, `Line "b"`}},
		{"the byte 255 between CR and LF", nil, "a\r\xff\xff\nb\n", log{`Line "a"`, `Line "\xff"`, `Line "b"`}},
		{"a line without an end is no line", nil, "abc", nil},
		{"NUL is nothing", nil, "a\x00b\n\x00\n", log{`Line "ab"`, `Line ""`}},
		{"UTF-8 and other controls are passed on", nil, "h\xc3\xa9\t\x01\x1b[m\x9b\n", log{"Line \"h\u00e9\\t\\x01\\x1b[m\\x9b\""}},
		{"IAC IAC is the byte 255", nil, "a\xff\xffb\xff\xff\n", log{`Line "a\xffb\xff"`}},
		{"commands inside a line", nil, "a\xff\xf1b\xff\xf2c\xff\xf9\xff\xefd\n", log{`Line "abcd"`}},
		{"what is no command after IAC is data", nil, "\xff\xf1\xff\xfc\x18\xffabc\xff\n", log{`Line "abc"`}},
		{"from a peer without Telnet the byte 255 is, too", nil, "\xffabc\xff\n", log{`Line "\xffabc\xff"`}},

		{"erasing in line mode", nil, "abc\x7f\x08d\n\x7f\x08x\n", log{`Line "ad"`, `Line "x"`}},
		{"erasing one rune", nil, "h\xc3\xa9\x7f\xe4\xb8\xad\x08i\n", log{`Line "hi"`}},
		{"erasing a rune with its marks", nil, "ae\xcc\x81\x7f\n", log{`Line "a"`}},
		{"erasing what is not UTF-8", nil, "a\xe9\xe8\x7f\n", log{`Line "a\xe9"`}},
		{"erasing the line", nil, "abc def\x15x\n", log{`Line "x"`}},
		{"erasing words", nil, "one two  \x17x\n\x17 \x17y\n", log{`Line "one x"`, `Line "y"`}},
		{"IAC EC and EL", nil, "abc\xff\xf7d\n\xff\xf7abc\xff\xf8d\n", log{`Line "abd"`, `Line "d"`}},
		{"no keys but those in line mode", nil, "a\x03\x04\n", log{`Line "a\x03\x04"`}},

		{"as long as allowed", nil, long + "\n" + long + "\r\n", log{`Line "` + long + `"`, `Line "` + long + `"`}},
		{"too long", nil, long + "yz\r\nok\n", log{"LineTooLong", `Line "ok"`}},
		{"much too long, once each", nil, long + long + long + "\n" + long + "\xff\xff\x7f\x15\n\n", log{"LineTooLong", "LineTooLong", `Line ""`}},
		{"erased in time", nil, long + "\x7f\x7fab\n", log{`Line "` + long[2:] + `ab"`}},
		{"commands in a line too long", nil, long + "x\xff\xf6x\xff\xf4ok\n", log{"LineTooLong", "Reply [Yes]\r\n", "Interrupt", `Line "ok"`}},

		{"interrupt drops the line", nil, "abc\xff\xf4d\xff\xf3e\xff\xeef\n", log{"Interrupt", "Interrupt", "Interrupt", `Line "f"`}},
		{"end of file", nil, "a\xff\xecb\n", log{"EOF", `Line "ab"`}},
		{"are you there", nil, "a\xff\xf6b\n", log{"Reply [Yes]\r\n", `Line "ab"`}},

		{"unknown options are refused", nil, "\xff\xfb\x22\xff\xfd\x00\xff\xfd\x06\xff\xfb\xff\n", log{"Reply \xff\xfe\x22\xff\xfc\x00\xff\xfc\x06\xff\xfe\xff", `Line ""`}},
		{"refusals are not answered", greet, "\xff\xfc\x18\xff\xfc\x1f\xff\xfe\x01\xff\xfc\x22\n", log{`Line ""`}},
		{"answers are not answered", greet, "\xff\xfb\x1f\xff\xfb\x1f\n", log{`Line ""`}},
		{"offers are taken once", nil, "\xff\xfb\x1f\xff\xfb\x1f\xff\xfb\x03\xff\xfb\x03", log{"Reply \xff\xfd\x1f\xff\xfd\x03"}},
		{"an end is confirmed", greet, "\xff\xfb\x1f\xff\xfc\x1f\xff\xfc\x1f", log{"Reply \xff\xfe\x1f"}},

		{"window size", greet, "\xff\xfb\x1f\xff\xfa\x1f\x01\x00\x00\x18\xff\xf0", log{"WindowSize 256x24"}},
		{"window size unknown", greet, "\xff\xfb\x1f\xff\xfa\x1f\x00\x00\x00\x00\xff\xf0", log{"WindowSize 0x0"}},
		{"window size with 255 in it", greet, "\xff\xfb\x1fab\xff\xfa\x1f\x00\xff\xff\x00\xff\xff\xff\xf0c\n", log{"WindowSize 255x255", `Line "abc"`}},
		{"window size of a wrong length", greet, "\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\xff\xf0\xff\xfa\x1f\x00\x50\x00\x18\x00\xff\xf0\xff\xfa\xff\xf0", nil},
		{"window size not agreed on", greet, "\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", nil},
		{"terminal type", greet, "\xff\xfb\x18\xff\xfa\x18\x00XTERM-256\xff\xf0", log{"Reply " + ttypeRequest, `TerminalType "XTERM-256"`}},
		{"terminal type offered", nil, "\xff\xfb\x18\xff\xfb\x18", log{"Reply \xff\xfd\x18" + ttypeRequest}},
		{"terminal type is cleaned", greet, "\xff\xfb\x18\xff\xfa\x18\x00a\x1b b\xff\xffc\xe9" + strings.Repeat("d", 99) + "\xff\xf0", log{"Reply " + ttypeRequest, `TerminalType "abc` + strings.Repeat("d", 37) + `"`}},
		{"subnegotiation of 256 bytes", greet, "\xff\xfb\x18\xff\xfa\x18\x00a" + strings.Repeat("\xe9", 253) + "\xff\xf0", log{"Reply " + ttypeRequest, `TerminalType "a"`}},
		{"subnegotiation too long", greet, "\xff\xfb\x18\xff\xfa\x18\x00a" + strings.Repeat("\xe9", 254) + "\xff\xf0b\n", log{"Reply " + ttypeRequest, `Line "b"`}},
		{"subnegotiation without an end", greet, "\xff\xfb\x1f\xff\xfa\x1f\x00\x50\xff\xf6a\n", log{"Reply [Yes]\r\n", `Line "a"`}},
		{"subnegotiation in a subnegotiation", greet, "\xff\xfb\x1f\xff\xfa\x18\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", log{"WindowSize 80x24"}},

		{"SGA alone is refused", nil, "\xff\xfd\x03\xff\xfd\x03", log{"Reply \xff\xfc\x03\xff\xfc\x03"}},
		{"SGA with the echo", nil, doEcho + "\xff\xfd\x03", log{"Reply " + characterMode}},
		{"leaving character mode", nil, doEcho + "\xff\xfd\x03\xff\xfe\x03" + dontEcho + "ab\n", log{"Reply " + characterMode + "\xff\xfc\x03" + wontEcho, `Line "ab"`}},
		{"asked for the echo twice", nil, doEcho + doEcho, log{"Reply " + characterMode}},

		{"a line stays on the screen", nil, doEcho + "hi\xc3\xa9\r\x00", log{"Reply " + characterMode + "hi\u00e9\r\n", "Line \"hi\u00e9\""}},
		{"every line ending is echoed once", nil, doEcho + "a\r\nb\nc\r\r", log{"Reply " + characterMode + "a\r\n", `Line "a"`, "Reply b\r\n", `Line "b"`, "Reply c\r\n", `Line "c"`, "Reply \r\n", `Line ""`}},
		{"the echo of 255", nil, doEcho + "\xff\xff\r", log{"Reply " + characterMode + "\xff\xff\r\n", `Line "\xff"`}},
		{"keys edit", nil, doEcho + "ab\x7f\x7f\x7fbc\x01a\x1b[F\x1b[D\x1b[3~d\r", log{"Reply " + characterMode + "abd\r\n", `Line "abd"`}},
		{"commands edit", nil, doEcho + "ab\xff\xf7c\xff\xf8x\r", log{"Reply " + characterMode + "x\r\n", `Line "x"`}},
		{"TAB is shown one column wide and kept", nil, doEcho + "a\tb\r", log{"Reply " + characterMode + "a b\r\n", `Line "a\tb"`}},
		{"history", nil, doEcho + "one\r\x1b[A!\r", log{"Reply " + characterMode + "one\r\n", `Line "one"`, "Reply one!\r\n", `Line "one!"`}},
		{"an escape sequence ends with the line", nil, doEcho + "a\x1b[1\rc\r", log{"Reply " + characterMode + "a\r\n", `Line "a"`, "Reply c\r\n", `Line "c"`}},
		{"a command inside an escape sequence", nil, doEcho + "ab\x1b[\xff\xf1Dc\r", log{"Reply " + characterMode + "acb\r\n", `Line "acb"`}},
		{"^C", nil, doEcho + "ab\x03c\x1b\x03\r", log{"Reply " + characterMode + "ab^C\r\n", "Interrupt", "Reply c^C\r\n", "Interrupt", "Reply \r\n", `Line ""`}},
		{"IAC IP in character mode", nil, doEcho + "ab\xff\xf4c\r", log{"Reply " + characterMode + "ab^C\r\n", "Interrupt", "Reply c\r\n", `Line "c"`}},
		{"^D on an empty line only", nil, doEcho + "a\x04\x7f\x04", log{"Reply " + characterMode, "EOF"}},
		{"too long in character mode", nil, doEcho + long + "x\x7f\t\x1b[A\r\ny\r", log{"Reply " + characterMode, "LineTooLong", "Reply y\r\n", `Line "y"`}},
		{"too long by TAB", nil, doEcho + long + "\t\r", log{"Reply " + characterMode, "LineTooLong"}},
		{"what was typed before is kept", nil, "ab" + doEcho + "c\r", log{"Reply " + characterMode + "abc\r\n", `Line "abc"`}},
		{"what was typed in it is kept", nil, doEcho + "ab" + dontEcho + "c\r", log{"Reply " + characterMode + wontEcho, `Line "abc"`}},

		{"a password is not echoed", hide, doEcho + "sek\x7fret\r\x00", log{"Reply \r\n", `Line "seret"`}},
		{"a client that keeps its echo", hide, dontEcho + "secret\r\n", log{`Line "secret"`}},
		{"^U in a password", hide, doEcho + "sek\x15secret\n", log{"Reply \r\n", `Line "secret"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			splits(test.in, func(how string, parts ...[]byte) {
				d := Decoder{MaxLine: int32(len(long))}
				if test.setup != nil {
					test.setup(&d)
				}
				var got log
				for _, p := range parts {
					feed(t, &d, &got, slices.Clone(p))
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("%s:\n got %q\nwant %q", how, got, test.want)
				}
			})
		})
	}
}

func TestLineInsideTheInputIsNotCopied(t *testing.T) {
	var d Decoder
	p := []byte("one\r\ntwo\n")
	for _, at := range []int{0, 5} {
		ev, rest := d.Next(p[at:])
		if ev.Kind != Line || &ev.Text[0] != &p[at] || cap(ev.Text) != 3 {
			t.Fatalf("%v %q (cap %d) at %d is not in the input", ev.Kind, ev.Text, cap(ev.Text), at)
		}
		if len(rest) == 0 && at == 0 {
			t.Fatal("nothing left after the first of two lines")
		}
	}
}

func TestHeldLineSurvivesReuseOfTheReadBuffer(t *testing.T) {
	var d Decoder
	var got log
	buf := make([]byte, 2)
	for _, part := range []string{"ab", "cd", "e\n"} {
		copy(buf, part)
		feed(t, &d, &got, buf)
	}
	if want := (log{`Line "abcde"`}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIdleDecoderIsSmallAndHoldsNothing(t *testing.T) {
	if size := reflect.TypeFor[Decoder]().Size(); size > 24 {
		t.Errorf("a Decoder has %d bytes, the documentation says 24", size)
	}
	var d Decoder
	var got log
	for _, in := range []string{"abc", "\n", "a\x7f", "\xff\xfa\x1f", "\xff\xf0", strings.Repeat("x", 2*DefaultMaxLine), "\n", "ab\x15", "ab\xff\xf4", "\xff\xff", "\r"} {
		feed(t, &d, &got, []byte(in))
		idle := !slices.Contains([]string{"abc", "\xff\xfa\x1f", "\xff\xff"}, in)
		if idle != (d.part == nil) {
			t.Errorf("after %.10q: memory held: %v", in, d.part != nil)
		}
	}
}

func TestMaxLineDefaultsTo4096Bytes(t *testing.T) {
	line := bytes.Repeat([]byte("x"), DefaultMaxLine)
	var d Decoder
	if ev, _ := d.Next(append(slices.Clone(line), '\n')); ev.Kind != Line || len(ev.Text) != 4096 {
		t.Errorf("%d bytes: %v of %d bytes", len(line), ev.Kind, len(ev.Text))
	}
	if ev, _ := d.Next(append(line, 'x', '\n')); ev.Kind != LineTooLong {
		t.Errorf("one more: %v", ev.Kind)
	}
}

func TestFlushReturnsTheUnfinishedLine(t *testing.T) {
	var d Decoder
	var got log
	feed(t, &d, &got, []byte("one\ntwo"))
	if b := d.Flush(); string(b) != "two" {
		t.Errorf("Flush gave %q", b)
	}
	if b := d.Flush(); b != nil {
		t.Errorf("a second Flush gave %q", b)
	}
	feed(t, &d, &got, []byte("three\n"))
	if want := (log{`Line "one"`, `Line "three"`}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k := None; k <= EOF; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if s := (Complete + 1).String(); s != "Kind(?)" {
		t.Errorf("an unknown kind is called %q", s)
	}
}

func TestWholeLinesAreReadWithoutAllocation(t *testing.T) {
	var d Decoder
	p := bytes.Repeat([]byte("sixty-four bytes of a chat line, as people write them in rooms.\r\n"), 16)
	lines := 0
	allocs := testing.AllocsPerRun(100, func() {
		for ev, p := d.Next(p); ev.Kind != None; ev, p = d.Next(p) {
			if text := Clean(nil, ev.Text); len(text) == 63 {
				lines++
			}
		}
	})
	if allocs != 0 || lines != 16*101 {
		t.Errorf("%v allocations, %d lines", allocs, lines)
	}
}
