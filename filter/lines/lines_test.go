package lines_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/filter/lines"
)

// split gives the pieces to s and returns what comes out: lines in quotes, errors,
// and what Flush has.
func split(s *lines.Splitter, pieces ...string) (out []string) {
	for _, p := range pieces {
		data := []byte(p)
		for {
			line, rest, err := s.Next(data)
			if errors.Is(err, lines.ErrIncomplete) {
				break
			}
			data = rest
			if err != nil {
				out = append(out, err.Error())
				continue
			}
			out = append(out, fmt.Sprintf("%q", line))
		}
	}
	if last := s.Flush(); last != nil {
		out = append(out, "last "+string(last))
	}
	return out
}

const tooLong = "lines: line too long"

func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   []string
	}{
		"nothing":                         {[]string{"", ""}, nil},
		"line feeds":                      {[]string{"a\nb\n\nc\n"}, []string{`"a"`, `"b"`, `""`, `"c"`}},
		"CR LF":                           {[]string{"a\r\n\r\nb\r\n"}, []string{`"a"`, `""`, `"b"`}},
		"CR alone":                        {[]string{"a\r\rb\r"}, []string{`"a"`, `""`, `"b"`}},
		"CR NUL":                          {[]string{"a\r\x00b\r\x00"}, []string{`"a"`, `"b"`}},
		"NUL elsewhere is text":           {[]string{"\x00a\x00\n\x00\n"}, []string{`"\x00a\x00"`, `"\x00"`}},
		"CR LF in two pieces":             {[]string{"a\r", "\nb\n"}, []string{`"a"`, `"b"`}},
		"CR, and the next line":           {[]string{"a\r", "b\n"}, []string{`"a"`, `"b"`}},
		"CR LF LF":                        {[]string{"a\r", "\n", "\nb\n"}, []string{`"a"`, `""`, `"b"`}},
		"byte by byte":                    {[]string{"h", "i", "\r", "\n", "y", "o", "\n"}, []string{`"hi"`, `"yo"`}},
		"no ending":                       {[]string{"a\nb", "c"}, []string{`"a"`, "last bc"}},
		"as long as may be":               {[]string{"12345678\n1234", "5678\n"}, []string{`"12345678"`, `"12345678"`}},
		"too long":                        {[]string{"123456789\nb\n"}, []string{tooLong, `"b"`}},
		"too long in pieces":              {[]string{"12345", "6789", "0", "1\nb\n"}, []string{tooLong, `"b"`}},
		"too long and then one that is":   {[]string{"123456789\n123456789\n"}, []string{tooLong, tooLong}},
		"too long, ended by CR LF":        {[]string{"123456789\r", "\nb\n"}, []string{tooLong, `"b"`}},
		"too long without an ending":      {[]string{"123456789", "0"}, []string{tooLong}},
		"a blank line after one too long": {[]string{"123456789\n\n"}, []string{tooLong, `""`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := split(&lines.Splitter{Max: 8}, c.pieces...); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAWholeLineIsNotCopied(t *testing.T) {
	var s lines.Splitter
	data := []byte(strings.Repeat("hello, world\r\n", 100))
	if n := testing.AllocsPerRun(100, func() {
		for p := data; len(p) > 0; {
			_, p, _ = s.Next(p)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAtMostOneLineIsHeld(t *testing.T) {
	var s lines.Splitter
	for range 1000 {
		for p := []byte(strings.Repeat("x", 1000)); len(p) > 0; {
			_, p, _ = s.Next(p)
		}
	}
	if got := s.Flush(); got != nil {
		t.Errorf("%d bytes are held", len(got))
	}
}

// However a stream is cut, the same lines come out.
func FuzzNext(f *testing.F) {
	f.Add("hello\r\nworld\r\x00\n\ra", uint8(3), uint8(4))
	f.Add("123456789\r\n123", uint8(1), uint8(8))
	f.Fuzz(func(t *testing.T, stream string, step, most uint8) {
		if most == 0 || step == 0 {
			return
		}
		want := split(&lines.Splitter{Max: int(most)}, stream)
		var pieces []string
		for p := range slices.Chunk([]byte(stream), int(step)) {
			pieces = append(pieces, string(p))
		}
		if got := split(&lines.Splitter{Max: int(most)}, pieces...); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, in one: %q", step, got, want)
		}
		for _, line := range want {
			if strings.HasPrefix(line, `"`) && strings.ContainsAny(line, "\r\n") {
				t.Errorf("a line with an ending inside: %s", line)
			}
		}
	})
}

func ExampleSplitter() {
	var s lines.Splitter
	for _, data := range []string{"hello\r", "\nhow are", " you?\n"} { // as a handler receives it
		p := []byte(data)
		for {
			line, rest, err := s.Next(p)
			if errors.Is(err, lines.ErrIncomplete) {
				break
			}
			p = rest
			fmt.Printf("%q %v\n", line, err)
		}
	}
	// Output:
	// "hello" <nil>
	// "how are you?" <nil>
}
