package telnet

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzDecoder gives any input in any pieces to a decoder whose server asks for
// a password after every other line, and compares with the same input in one piece.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("hello\r\nworld\r\x00"), []byte{3, 5}, byte(1))
	f.Add([]byte(doEcho+"ab\x7f\x1b[A\tc\x17\x03\x04\xff\xff\r"), []byte{1}, byte(2))
	f.Add([]byte(doEcho+"\xff\xfd\x03ab\r\nc"+dontEcho), []byte{1}, byte(4))
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
	if setup&4 != 0 {
		d.negotiated = true
		call(d.StartEditing())
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
	if ed := d.part.editor; ed != nil {
		if n := len(ed.Text()); n > maxLine {
			t.Fatalf("%d bytes of a line are edited", n)
		}
		d.Draw(nil)
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
