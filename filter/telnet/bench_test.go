package telnet

import (
	"bytes"
	"testing"
)

// BenchmarkLine reads chat lines of 64 bytes, 16 to a read.
func BenchmarkLine(b *testing.B) {
	const line = "sixty-four bytes of a chat line, as people write them in room.\r\n"
	benchmarkNext(b, bytes.Repeat([]byte(line), 16), 16)
}

// BenchmarkPartialLine reads a line of which the end comes with the next read.
func BenchmarkPartialLine(b *testing.B) {
	benchmarkNext(b, []byte("the end of one line\r\nthe beginning of the next"), 1)
}

func benchmarkNext(b *testing.B, p []byte, lines int) {
	var d Decoder
	b.ReportAllocs()
	b.SetBytes(int64(len(p) / lines))
	for n := 0; n < b.N; n += lines {
		for ev, p := d.Next(p); ev.Kind != None; ev, p = d.Next(p) {
			if ev.Kind != Line {
				b.Fatal(ev.Kind)
			}
		}
	}
}
