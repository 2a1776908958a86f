package ws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/filter/ws"
)

// line is a chat message, about as JSON has it.
const line = `{"type":"message","room":"lobby","seq":%d,"from":"alice","text":"is anybody here? the kettle is on","at":"2026-11-29T09:00:00Z"}` + "\n"

func history(n int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, line, i)
	}
	return []byte(b.String()[:n])
}

func BenchmarkDecoder(b *testing.B) {
	for _, n := range []int{100, 1 << 10, 16 << 10} {
		message := string(history(n))
		for name, in := range map[string]string{
			"plain":      frame(fin|text, message),
			"compressed": frame(fin|rsv1|text, squeeze(message)),
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				d := ws.Decoder{Deflate: true}
				buf := make([]byte, len(in))
				b.ReportAllocs()
				b.SetBytes(int64(n))
				for b.Loop() {
					copy(buf, in)
					if ev, _, err := d.Next(buf); err != nil || len(ev.Payload) != n {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{100, 1 << 10, 16 << 10} {
		message := history(n)
		for name, encode := range map[string]func([]byte, ws.Kind, []byte) []byte{"plain": ws.AppendFrame, "compressed": ws.AppendCompressed} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					buf = encode(buf[:0], ws.Text, message)
				}
				b.ReportMetric(float64(len(buf)), "bytes")
			})
		}
	}
}
