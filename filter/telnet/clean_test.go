package telnet

import (
	"strings"
	"testing"
)

func TestCleanLeavesOnlyWhatIsHarmless(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"ASCII", "hello, world ~", "hello, world ~"},
		{"UTF-8", "h\u00e9llo \u4e2d \U0001f600 \u05e9\u05dc\u05d5\u05dd", "h\u00e9llo \u4e2d \U0001f600 \u05e9\u05dc\u05d5\u05dd"},
		{"TAB", "a\tb", "a\tb"},
		{"Latin-1", "caf\xe9 \xa0\xff", "caf\u00e9 \u00a0\u00ff"},
		{"Latin-1 as a whole", "\xc3\xa9\xe9", "\u00c3\u00a9\u00e9"},
		{"a rune cut short", "abc\xe4\xb8", "abc\u00e4\u00b8"},
		{"surrogates and overlong forms are not UTF-8", "\xed\xa0\x80\xc0\xae", "\u00ed\u00a0\u00c0\u00ae"},
		{"C0 and DEL", "a\x00\x01\a\b\n\v\f\r\x1a\x7fb", "ab"},
		{"C1 in UTF-8", "a\u0080\u0085\u009cb", "ab"},
		{"C1 in Latin-1", "\xe9 \x80\x85b", "\u00e9 b"},
		{"CSI", "a\x1b[31mred\x1b[0m\x1b[1;5H\x1b[?25l\x1b[0 qb", "aredb"},
		{"CSI as C1", "a\u009b31mb", "ab"},
		{"CSI as C1 in Latin-1", "\xe9\x9b31mb", "\u00e9b"},
		{"CSI without an end", "a\x1b[12", "a"},
		{"CSI broken off", "a\x1b[1\u00e9\x1b[2\tb", "a\u00e9\tb"},
		{"OSC until BEL", "a\x1b]0;title\ab", "ab"},
		{"OSC until ST", "a\x1b]8;;http://x\x1b\\link\x1b]8;;\u009cb", "alinkb"},
		{"OSC as C1", "a\u009d0;title\u009cb", "ab"},
		{"OSC without an end", "a\x1b]0;title", "a"},
		{"OSC broken off by a sequence", "a\x1b]0;t\x1b[mb", "ab"},
		{"OSC cancelled", "a\x1b]0;t\x18b\x1b]0;t\x1ac", "abc"},
		{"DCS, SOS, PM, APC", "a\x1bP1$q\x1b\\b\x1bXx\x1b\\c\x1b^x\x1b\\d\x1b_x\x1b\\e\u0090x\x1b\\\u0098x\x1b\\\u009ex\x1b\\\u009fx\x1b\\f", "abcdef"},
		{"two-byte sequences", "a\x1bc\x1b7\x1b8\x1bMb", "ab"},
		{"sequences with an intermediate", "a\x1b(Bb\x1b#8c\x1b%Gd", "abcd"},
		{"single shifts", "a\x1bOP\x1bNxb", "ab"},
		{"ESC ESC", "a\x1b\x1b[mb", "ab"},
		{"ESC at the end", "a\x1b", "a"},
		{"ESC before a letter that is none of its own", "a\x1b\u00e9\x1b(\u00e9\x1bO\u00e9", "a\u00e9\u00e9\u00e9"},
		{"what is left is not a sequence", "a\x1b\x1b[m[31mb", "a[31mb"},
		{"bidi overrides and isolates", "a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206fb", "ab"},
		{"bidi marks and joiners stay", "\u05d0\u200e\u200f\u061c\U0001f468\u200d\U0001f469\u200c", "\u05d0\u200e\u200f\u061c\U0001f468\u200d\U0001f469\u200c"},
		{"line separators", "a\u2028b\u2029c", "a b c"},
		{"BOM and annotations", "\ufeffa\ufff9b\ufffac\ufffbd", "abcd"},
		{"replacement character", "a\ufffdb", "a\ufffdb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := []byte(test.in)
			got := Clean([]byte("old"), line)
			if string(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if string(line) != test.in {
				t.Errorf("the line was changed to %q", line)
			}
			if test.in != "" && test.in == test.want && &got[0] != &line[0] {
				t.Error("a clean line was copied")
			}
		})
	}
}

func TestCleanUsesTheGivenMemory(t *testing.T) {
	dst := make([]byte, 0, 256)
	dirty := []byte(strings.Repeat("caf\xe9 \x1b[m", 10))
	if allocs := testing.AllocsPerRun(10, func() { dst = Clean(dst, dirty) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if want := strings.Repeat("caf\u00e9 ", 10); string(dst) != want {
		t.Errorf("got %q", dst)
	}
}

func TestAppendEncodesForTheWire(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ">"},
		{"plain \u00e9", ">plain \u00e9"},
		{"\n", ">\r\n"},
		{"a\nb\r\nc\n\n", ">a\r\nb\r\nc\r\n\r\n"},
		{"a\rb\r", ">a\r\x00b\r\x00"},
		{"\xff\xff", ">\xff\xff\xff\xff"},
	} {
		if got := Append([]byte(">"), []byte(test.in)); string(got) != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}
