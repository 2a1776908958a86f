package bench

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestALineComesBackWhateverTheServerPutsAroundIt(t *testing.T) {
	want := Line{Sender: 9, Seq: 12345, Sent: 3*time.Second + 7}
	text := AppendLine(nil, want, 64)
	if len(text) != 64 || bytes.IndexByte(text, '\n') != 63 {
		t.Fatalf("AppendLine = %q, want 64 bytes ending in the only line feed", text)
	}
	for _, around := range [][2]string{{"", ""}, {"u00017: ", ""}, {"[12:03:04] <[cb> ", "\r"}, {"\xff\xfd\x18", " (edited)"}} {
		line := around[0] + string(text[:63]) + around[1]
		if got, ok := ParseLine([]byte(line)); !ok || got != want {
			t.Errorf("ParseLine(%q) = %+v, %v; want %+v", line, got, ok, want)
		}
	}
}

func TestTheLargestNumbersFitIntoTheSmallestLine(t *testing.T) {
	want := Line{Sender: 15000, Seq: 9_999_999_999_999_999, Sent: time.Duration(1e18)}
	text := AppendLine(nil, want, MinSize)
	if len(text) != MinSize {
		t.Fatalf("%d bytes, want %d: %q", len(text), MinSize, text)
	}
	if got, ok := ParseLine(text); !ok || got != want {
		t.Errorf("ParseLine = %+v, %v; want %+v", got, ok, want)
	}
}

func TestOtherTextIsNotALine(t *testing.T) {
	for _, text := range []string{
		"", "hello", "u1 has joined", "[cb ", "[cb 1 2 3", "[cb 1 2 x]", "[cb 1  3]", "[cb -1 2 3]", "[cb 1 2 ]",
		"[cb 99999999999999999999 2 3]", "[cb 4294967296 2 3]",
	} {
		if got, ok := ParseLine([]byte(text)); ok {
			t.Errorf("ParseLine(%q) = %+v, want no line", text, got)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("u1: [cb 1 2 3] xxx"))
	f.Add([]byte("[cb 1 2 9223372036854775808]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, ok := ParseLine(text)
		if ok && (l.Sender < 0 || l.Sender > math.MaxInt32 || l.Sent < 0) {
			t.Errorf("ParseLine(%q) = %+v", text, l)
		}
	})
}

func TestLinesAreWholeHoweverSegmentsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.StringMatching(`[a-z\r]{0,5}`)).Draw(t, "lines")
		var stream []byte
		for _, l := range want {
			stream = append(stream, l+"\n"...)
		}
		stream = append(stream, "unfinished"...)
		var s splitter
		got := []string{}
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "segment")
			s.feed(stream[:n], func(l []byte) { got = append(got, string(l)) })
			stream = stream[n:]
		}
		if d := cmp.Diff(append([]string{}, want...), got); d != "" {
			t.Fatalf("lines differ (-sent +received):\n%s", d)
		}
	})
}
