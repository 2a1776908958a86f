package server_test

import (
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store/memory"
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

// Whatever a program sends instead of a login, it is answered with objects of the protocol, and
// it continues the session of another client only with its token, here TOKEN.
func FuzzResumeRequest(f *testing.F) {
	for _, line := range []string{
		`{"type":"resume","token":"TOKEN","cid":"r"}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"epoch":1,"seq":1}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"epoch":18446744073709551615,"seq":18446744073709551615},"#tea":{}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"epoch":18446744073709551616}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"epoch":-1,"seq":1.5}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"epoch":1e99,"seq":"1"}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#lobby":{"seq":1},"#lobby":{"seq":2}}}`,
		`{"type":"resume","token":"TOKEN","rooms":{"\ud800":{"seq":1}}}`,
		`{"type":"resume","token":"TOKEN\ud800","rooms":[]}`,
		`{"type":"resume","token":"TOKEN","private":18446744073709551615}` + "\n" + `{"type":"resume","token":"TOKEN","private":-1}`,
		`{"type":"resume","token":"TOKEN","rooms":null,"cid":"` + strings.Repeat("c", 65) + `"}`,
		`{"type":"resume","token":"TOKEN","rooms":{"#LOBBY":{"seq":1},"":{"seq":1},"lobby":{"seq":1}}}`,
		`{"type":"resume","token":"\u0054OKEN"}` + "\n" + `{"type":"resume","token":null}` + "\n" + `{"type":"resume"}`,
		`{"type":"resume","token":"TOKEN"}` + "\n" + `{"type":"resume","token":"TOKEN"}` + "\n" + `{"type":"post","text":"x","cid":"1"}`,
		`{"type":"login","name":"ada"}` + "\n" + `{"type":"resume","token":7}`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		x := startOn(t, memory.New(), speaksJSON)
		ada, key := x.resumable("ada")
		ada.asks(fields{"type": "post", "text": "hello", "cid": "1"})
		_ = ada.c.Close()
		x.settle()
		p := x.program()
		_, _ = p.c.Write([]byte(strings.ReplaceAll(lines, "TOKEN", key) + "\n"))
		for _, o := range p.objects() {
			if (o["type"] == "joined" || o["type"] == "whoami") && o["name"] == "ada" && !strings.Contains(lines, "TOKEN") {
				t.Errorf("without a token: %v", o)
			}
		}
		x.program() // the server still answers
	})
}
