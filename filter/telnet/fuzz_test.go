package telnet

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzDecoder gives any input in any pieces to a decoder whose server asks for
// a password after every other line, and compares with the same input in one piece.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("hello\r\nworld\r\x00"), []byte{3, 5}, byte(1))
	f.Add([]byte(doEcho+"ab\x7f\x1b[A\tc\x17\x03\x04\xff\xff\r"), []byte{1}, byte(2))
	f.Add([]byte("\xff\xfb\x18\xff\xfa\x18\x00XTERM\xff\xf0\xff\xf4\xff\xfd\x06"), []byte{2, 9}, byte(3))
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte{7}, byte(0))
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte, setup byte) {
		want := converse(t, in, nil, setup)
		for _, c := range [][]byte{cuts, {1}} {
			if got := converse(t, in, c, setup); !slices.Equal(got, want) {
				t.Errorf("cut by %v:\n got %q\nwant %q", c, got, want)
			}
		}
	})
}

// converse cuts in to pieces of the given lengths, over and over.
func converse(t *testing.T, in, cuts []byte, setup byte) (l log) {
	const maxLine = 40
	d := Decoder{MaxLine: maxLine}
	sent, lines := 0, 0
	call := func(b []byte) {
		if len(b) > 0 {
			l.reply(b)
		}
	}
	if setup&1 != 0 {
		call(d.Greeting(nil))
	}
	if setup&2 != 0 {
		call(d.HidePassword())
	}
	for i := 0; len(in) > 0; i++ {
		n := len(in)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		part := slices.Clone(in[:n])
		in = in[n:]
		for ev, p := d.Next(part); ev.Kind != None; ev, p = d.Next(p) {
			l.add(ev)
			switch ev.Kind {
			case Line:
				if len(ev.Text) > maxLine {
					t.Fatalf("a line of %d bytes", len(ev.Text))
				}
				if lines++; lines%2 == 1 {
					call(d.HidePassword())
				} else {
					call(d.ShowPassword())
				}
			case Reply:
				sent += len(ev.Text)
			}
		}
		clear(part) // what the decoder holds must be its own
		checkBounded(t, &d, maxLine)
	}
	return l
}

func checkBounded(t *testing.T, d *Decoder, maxLine int) {
	t.Helper()
	if d.part == nil {
		return
	}
	if n := len(d.part.line); n > maxLine {
		t.Fatalf("%d bytes of a line are held", n)
	}
	if n := len(d.part.sub); n > maxSub+1 {
		t.Fatalf("%d bytes of a subnegotiation are held", n)
	}
	if len(d.part.line) == 0 && d.state < inSub {
		t.Fatal("memory is held for nothing")
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
		case len(out) > 2*len(in):
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
