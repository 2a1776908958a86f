package server_test

import (
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/server"
)

// Whatever a client sends, in whatever pieces, the others see whole lines
// without control characters, the first of which has the client's name, and the
// server keeps running.
func FuzzSession(f *testing.F) {
	f.Add([]byte("bob\r\nhello\r\n/me waves\r\n/quit\r\n"), uint8(3), false)
	f.Add([]byte("bob\nhello\r\x00\xff\xfd\x01\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0x\x7fy\x03\x04"), uint8(1), false)
	f.Add([]byte("bob  \nhello\n\x1b[2J\n\xff\n"), uint8(2), true)
	f.Fuzz(func(t *testing.T, input []byte, piece uint8, classic bool) {
		x := start(t, func(o *server.Options) {
			o.MaxLine = 64
			if classic {
				classicStyle(o)
			}
		})
		end := "\r\n"
		if classic {
			end = "\n"
		}
		eve, p := x.join("eve"), x.dial()
		for len(input) > 0 {
			n := min(len(input), int(piece)+1)
			if _, err := p.c.Write(input[:n]); err != nil {
				break // closed
			}
			x.settle()
			input = input[n:]
		}
		_ = p.c.CloseWrite()
		p.reads()
		seen := eve.reads()
		if seen != "" && !strings.HasSuffix(seen, end) {
			t.Fatalf("%q ends inside a line", seen)
		}
		for _, line := range strings.Split(seen, end) {
			for _, r := range line {
				if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
					t.Fatalf("%U in %q", r, line)
				}
			}
		}
		x.dial().sends("late" + end)
		if !eve.open {
			t.Fatal("eve was closed")
		}
	})
}
