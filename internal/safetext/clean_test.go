package safetext

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanKeepsOnlyHarmlessCharacters(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"ASCII", "hello, world ~", "hello, world ~"},
		{"UTF-8", "h\u00e9llo \u4e2d \U0001f600 \u05e9\u05dc\u05d5\u05dd", "h\u00e9llo \u4e2d \U0001f600 \u05e9\u05dc\u05d5\u05dd"},
		{"TAB", "a\tb", "a\tb"},
		{"broken UTF-8 loses nothing else", "caf\u00e9 \xff\x9dafter", "caf\u00e9 \ufffd\ufffdafter"},
		{"a rune cut short", "abc\xe4\xb8", "abc\ufffd\ufffd"},
		{"surrogates and overlong forms are not UTF-8", "\xed\xa0\x80\xc0\xae", "\ufffd\ufffd\ufffd\ufffd\ufffd"},
		{"C0 and DEL", "a\x00\x01\a\b\v\f\x1a\x7fb", "ab"},
		{"what separates lines", "a\nb\r\nc\u2028d\n\ne\rf", "a b c d  ef"},
		{"C1 in UTF-8", "a\u0080\u0085\u009cb", "ab"},
		{"CSI", "a\x1b[31mred\x1b[0m\x1b[1;5H\x1b[?25l\x1b[0 qb", "aredb"},
		{"CSI as C1", "a\u009b31mb", "ab"},
		{"CSI without an end", "a\x1b[12", "a"},
		{"CSI broken off", "a\x1b[1\u00e9\x1b[2\tb", "a\u00e9\tb"},
		{"OSC until BEL", "a\x1b]0;title\ab", "ab"},
		{"OSC until ST", "a\x1b]8;;http://x\x1b\\link\x1b]8;;\u009cb", "alinkb"},
		{"OSC as C1", "a\u009d0;title\u009cb", "ab"},
		{"OSC without an end is a key pressed by mistake", "a\x1b]hello", "ahello"},
		{"DCS, SOS, PM, APC without an end", "a\x1bPb\x1bXc\x1b^d\x1b_e\u0090f\u0098g\u009eh\u009fi", "abcdefghi"},
		{"OSC broken off by a sequence", "a\x1b]0;t\x1b[mb", "a0;tb"},
		{"OSC broken off by another", "a\x1b]b\x1b]0;t\ac", "abc"},
		{"OSC inside a broken sequence", "a\x1b[\x1b]0;t\ab", "ab"},
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
		{"BOM and annotations", "\ufeffa\ufff9b\ufffac\ufffbd", "abcd"},
		{"replacement character", "a\ufffdb", "a\ufffdb"},
		{"four combining marks", "Z\u0300\u0301\u0302\u0303a", "Z\u0300\u0301\u0302\u0303a"},
		{"more combining marks", "Z\u0300\u0301\u0302\u0303\u0304\u202e\u0305a\u0300", "Z\u0300\u0301\u0302\u0303a\u0300"},
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
	dirty := []byte(strings.Repeat("caf\u00e9 \x1b[m", 10))
	if allocs := testing.AllocsPerRun(10, func() { dst = Clean(dst, dirty) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if want := strings.Repeat("caf\u00e9 ", 10); string(dst) != want {
		t.Errorf("got %q", dst)
	}
}

// FuzzClean checks the promises of Clean with the tables of package unicode.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"hello", "caf\xe9", "\x1b[31mred\x1b[0m", "a\u202eb\u2028", "\x1b]0;t\a\u009b1m\u009d", "\x1b\x1b[m[31m"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out := Clean(nil, in)
		switch {
		case !bytes.Equal(in, before):
			t.Fatalf("the line %q was changed to %q", before, in)
		case !utf8.Valid(out):
			t.Fatalf("%q is not UTF-8", out)
		case len(out) > 3*len(in):
			t.Fatalf("%d bytes became %d", len(in), len(out))
		}
		for _, r := range string(out) {
			isolates := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
			if r != '\t' && unicode.Is(unicode.Cc, r) || isolates || unicode.In(r, unicode.Zl, unicode.Zp) {
				t.Fatalf("%U is left in %q", r, out)
			}
		}
		if again := Clean(nil, out); !bytes.Equal(again, out) {
			t.Fatalf("cleaned again, %q becomes %q", out, again)
		}
	})
}

func BenchmarkClean(b *testing.B) {
	for _, bm := range []struct{ name, line string }{
		{"ASCII", "sixty-four bytes of a chat line, as people write them in a room."},
		{"UTF-8", "sixty-four bytes of a chat line, \u00e0s people write them in a r\u00f6om"},
		{"broken UTF-8", "sixty-four bytes of a chat line, as people write them in a r\xf6om."},
	} {
		b.Run(bm.name, func(b *testing.B) {
			line, dst := []byte(bm.line), make([]byte, 0, 256)
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				_ = Clean(dst, line)
			}
		})
	}
}
