package eventloop

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A typist is a handler with a trailer: a word that changes.
type typist struct {
	mute
	word, drawn string
}

func (h *typist) Undraw(dst []byte) []byte {
	if h.drawn != "" {
		dst = append(dst, "<gone>"...)
	}
	h.drawn = ""
	return dst
}

func (h *typist) Draw(dst []byte) []byte {
	if h.drawn == h.word {
		return dst
	}
	if h.drawn != "" {
		dst = append(dst, "<gone>"...)
	}
	if h.drawn = h.word; h.drawn != "" {
		dst = append(dst, "<"+h.word+">"...)
	}
	return dst
}

// Whatever is appended and written, and however little the peer takes at a time,
// nothing follows a trailer before it is erased, every message and every trailer
// is whole, and the trailer comes last in the end.
func TestATrailerStandsBehindEverything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t, 1)
		got := strings.Builder{}
		room := 0
		b.stubs[0].take = func(_ Handle, p []byte) int {
			n := min(len(p), room)
			room -= n
			got.Write(p[:n])
			return n
		}
		c := b.conn(0)
		h := &typist{}
		c.SetHandler(h)
		var topics []*Topic
		for range rapid.IntRange(0, 2).Draw(r, "topics") {
			topic := NewTopic(TopicOptions{Window: 64, LagNotice: func(uint64) []byte { return []byte("{missed}") }})
			topics = append(topics, topic)
			c.Subscribe(topic, 7, topic.Head())
		}
		for i := range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0:
				_, _ = c.Write(fmt.Appendf(nil, "{written %d}", i))
			case 1, 2:
				if len(topics) > 0 {
					author := uint64(rapid.IntRange(6, 7).Draw(r, "author"))
					topics[i%len(topics)].Append(author, 0, fmt.Appendf(nil, "{said %d}", i))
				}
			case 3:
				h.word = rapid.SampledFrom([]string{"", "a", "some", "something long"}).Draw(r, "word")
				c.Trail(true)
			case 4:
				room = rapid.IntRange(0, 40).Draw(r, "room")
				b.writable(c)
			default:
				b.step()
			}
		}
		room = 1 << 20
		b.writable(c)
		c.Trail(true)
		for range 10 {
			b.step()
		}
		checkTrailers(r, got.String(), h.word)
		if !strings.HasSuffix(got.String(), "<"+h.word+">") && h.word != "" {
			r.Errorf("%q does not end with the trailer %q", got.String(), h.word)
		}
		c.Abort(nil)
	})
}

func checkTrailers(r *rapid.T, stream, word string) {
	drawn := ""
	for rest := stream; rest != ""; {
		end := strings.IndexAny(rest, "}>") + 1
		if end == 0 || strings.ContainsAny(rest[1:end-1], "{<") {
			r.Fatalf("%q is not whole in %q", rest, stream)
		}
		switch token := rest[:end]; {
		case token == "<gone>" && drawn == "":
			r.Fatalf("nothing was there to be taken away: %q", stream)
		case token == "<gone>":
			drawn = ""
		case drawn != "":
			r.Fatalf("%s comes behind the trailer %s in %q", token, drawn, stream)
		case token[0] == '<':
			drawn = token
		}
		rest = rest[end:]
	}
	if drawn == "" && word != "" {
		r.Fatalf("the trailer %s is missing in %q", word, stream)
	}
}

func TestATrailerThatIsTurnedOffStaysInTheStream(t *testing.T) {
	b := newBench(t, 1)
	got := strings.Builder{}
	b.stubs[0].take = func(_ Handle, p []byte) int {
		got.Write(p)
		return len(p)
	}
	c := b.conn(0)
	h := &typist{word: "half a line"}
	c.SetHandler(h)
	c.Trail(true)
	b.step()
	c.Trail(false)
	_, _ = c.Write([]byte("after"))
	b.step()
	if got.String() != "<half a line>after" {
		t.Errorf("%q", got.String())
	}
	c.Abort(nil)
}
