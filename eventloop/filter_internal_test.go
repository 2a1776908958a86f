package eventloop

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// A bracket is a filter that shows where each record begins and ends.
type bracket struct {
	raw  []byte
	gone bool
}

func (f *bracket) Feed(raw []byte) { f.raw, f.gone = append(f.raw, raw...), len(raw) == 0 }
func (f *bracket) Idle()           {}

func (f *bracket) Read(dst []byte) (int, error) {
	n := copy(dst, f.raw)
	f.raw = f.raw[n:]
	switch {
	case n > 0:
		return n, nil
	case f.gone:
		return 0, io.EOF
	}
	return 0, ErrWouldBlock
}

func (f *bracket) Seal(dst, plain []byte) []byte {
	if len(plain) == 0 {
		return dst
	}
	return append(append(append(dst, '<'), plain...), '>')
}

func (f *bracket) End(dst []byte) []byte { return append(dst, "<end>"...) }

// bracketed returns a connection with a bracket, whose peer takes room bytes, and what
// that peer has received.
func (b *bench) bracketed(room *int) (*Conn, *bytes.Buffer) {
	b.Helper()
	got := new(bytes.Buffer)
	b.stubs[0].take = func(_ Handle, p []byte) int {
		n := min(len(p), *room)
		got.Write(p[:n])
		*room -= n
		return n
	}
	c := b.conn(0)
	if err := c.SetFilter(&bracket{}); err != nil {
		b.Fatal(err)
	}
	b.step()
	return c, got
}

func TestNothingFollowsTheEndOfAFilter(t *testing.T) {
	b, room := newBench(t, 1), 7
	c, got := b.bracketed(&room)
	topic := NewTopic(TopicOptions{Window: 100, LagNotice: func(uint64) []byte { return []byte("lag") }})
	c.Subscribe(topic, 0, 0)
	topic.Append(0, 0, []byte("hello"))
	c.Close()
	b.step()
	for range 10 { // the window passes the reader, whose End is sealed and not sent
		topic.Append(0, 0, make([]byte, 64<<10))
	}
	for range 5 {
		room = 2
		b.writable(c)
		b.step()
	}
	if got.String() != "<hello><end>" {
		t.Errorf("the peer got %q", got)
	}
}

func TestARecordIsSealedOnceHoweverLittleThePeerTakes(t *testing.T) {
	b, room := newBench(t, 1), 1
	c, got := b.bracketed(&room)
	topic := NewTopic(TopicOptions{})
	c.Subscribe(topic, 0, 0)
	c.Write([]byte("one "))
	topic.Append(0, 0, []byte("two "))
	b.step()
	for range 50 {
		room = 1
		b.writable(c)
		topic.Append(0, 0, []byte("."))
		b.step()
	}
	room = 1000
	b.writable(c)
	b.step()
	want := "<one two ><" + strings.Repeat(".", 50) + ">"
	if i := strings.Index(want, "><"); got.String()[:i+2] != want[:i+2] || strings.Count(got.String(), ".") != 50 {
		t.Errorf("the peer got %q", got)
	}
	if c.filter.rest != nil || c.out != nil {
		t.Error("an idle connection holds something")
	}
}

// A prompter is a handler with a trailer.
type prompter struct {
	mute
	drawn bool
}

func (p *prompter) Undraw(dst []byte) []byte {
	if p.drawn {
		dst = append(dst, "\b\b"...)
	}
	p.drawn = false
	return dst
}

func (p *prompter) Draw(dst []byte) []byte {
	if !p.drawn {
		dst = append(dst, "> "...)
	}
	p.drawn = true
	return dst
}

func TestATrailerIsSealedWithTheMessagesThatReplaceIt(t *testing.T) {
	b, room := newBench(t, 1), 1000
	c, got := b.bracketed(&room)
	topic := NewTopic(TopicOptions{})
	c.Subscribe(topic, 0, 0)
	c.SetHandler(&prompter{})
	c.Trail(true)
	b.step()
	topic.Append(0, 0, []byte("message "))
	c.Write([]byte("reply "))
	b.step()
	c.Close()
	b.step()
	if want := "<> ><\b\bmessage reply > ><\b\b><end>"; got.String() != want {
		t.Errorf("the peer got %q, want %q", got, want)
	}
}

func TestAFanOutThroughAFilterAllocatesNothing(t *testing.T) {
	const readers = 100
	b := newBench(t, 1)
	topic := NewTopic(TopicOptions{})
	for range readers {
		c := b.conn(0)
		if err := c.SetFilter(&bracket{}); err != nil {
			t.Fatal(err)
		}
		c.Subscribe(topic, 0, 0)
	}
	b.step()
	turn := func() {
		topic.Append(1, 1, make([]byte, 0, 64)[:64])
		b.step()
	}
	turn()
	before := b.g.Stats().Writes
	if n := testing.AllocsPerRun(1000, turn); n > 1 { // that of a chunk or its index, now and then
		t.Errorf("%v allocations for %d deliveries", n, readers)
	}
	if n := b.g.Stats().Writes - before; n != 1001*readers {
		t.Errorf("%d writes in 1001 turns of %d readers", n, readers)
	}
}

// BenchmarkFanOutFiltered is BenchmarkFanOut's first through a filter that copies.
func BenchmarkFanOutFiltered(b *testing.B) {
	const readers = 1000
	s := newBench(b, 1)
	topic := NewTopic(TopicOptions{})
	for range readers {
		c := s.conn(0)
		if err := c.SetFilter(&bracket{}); err != nil {
			b.Fatal(err)
		}
		c.Subscribe(topic, 0, 0)
	}
	s.step()
	message := make([]byte, 64)
	p := s.g.loops[0].fan.parts[topic]
	b.ReportAllocs()
	for b.Loop() {
		topic.Append(1, 1, message)
		for topic.Head() != p.served.Load() {
			s.step()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/readers, "ns/delivery")
}
