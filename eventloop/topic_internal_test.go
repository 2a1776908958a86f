package eventloop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"
)

// alive reports whether the garbage collector has left a chunk.
func alive(p weak.Pointer[byte]) bool {
	runtime.GC()
	return p.Value() != nil
}

// firstChunk returns the oldest chunk that t holds.
func firstChunk(t *Topic) weak.Pointer[byte] { return weak.Make(&t.chunks[0].buf[0]) }

func TestAStalledReaderKeepsNoChunkAlive(t *testing.T) {
	for name, takes := range map[string]int{"between messages": 100, "inside a message": 30, "before the first": 0} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			left := takes
			b.stubs[0].take = func(h Handle, p []byte) int {
				if h > 1 {
					return len(p)
				}
				n := min(left, len(p))
				left -= n
				return n
			}
			topic := NewTopic(TopicOptions{Window: 4 << 10})
			stalled := b.conn(0).Subscribe(topic, 0, 0)
			b.conn(0).Subscribe(topic, 0, 0)
			message := make([]byte, 100)
			topic.Append(1, 1, message)
			topic.Append(1, 2, message)
			first := firstChunk(topic)
			b.step()
			if stalled.cursor != uint64(takes) || !alive(first) {
				t.Fatalf("the reader is at %d", stalled.cursor)
			}
			for range 1000 {
				topic.Append(1, 3, message)
			}
			b.step()
			if alive(first) {
				t.Error("the first chunk is alive still")
			}
			if base, _ := topic.base(); stalled.cursor != base || stalled.missed == 0 {
				t.Errorf("the reader is at %d, the topic begins at %d, %d missed", stalled.cursor, base, stalled.missed)
			}
			if n := stalled.conn.Buffered(); n >= 100 {
				t.Errorf("%d bytes in the outbox, want less than a message", n)
			}
			runtime.KeepAlive(topic)
			runtime.KeepAlive(b)
		})
	}
}

func TestAQuietTopicHoldsNothing(t *testing.T) {
	b := newBench(t, 2)
	topic := NewTopic(TopicOptions{})
	b.conn(0).Subscribe(topic, 0, 0)
	b.conn(1).Subscribe(topic, 0, 0)
	for range 3 { // it warms up again
		topic.Append(1, 1, make([]byte, 5000))
		first := firstChunk(topic)
		b.step()
		for range 3 {
			b.now = b.now.Add(coolTime)
			b.step()
		}
		if len(topic.chunks) != 0 || alive(first) {
			t.Errorf("after a while it holds %d chunks, its first is alive: %v", len(topic.chunks), alive(first))
		}
		for _, l := range b.g.loops {
			if p := l.fan.parts[topic]; len(p.view) != 0 || cap(p.view) != 0 || len(l.fan.warm) != 0 || l.fan.cooler != nil {
				t.Errorf("a loop still looks after it: %d chunks", len(p.view))
			}
		}
	}
}

func TestMessagesAppendedAfterTheCoolDownAreKeptForEveryLoop(t *testing.T) {
	b := newBench(t, 2)
	topic := NewTopic(TopicOptions{})
	leaver := b.conn(0).Subscribe(topic, 0, 0)
	reader := b.conn(1).Subscribe(topic, 0, 0)
	for range 3 {
		b.step()
		b.now = b.now.Add(coolTime)
	}
	topic.Append(1, 1, []byte("hello"))
	leaver.Close() // its loop does not need the chunk, and the other one has not seen it yet
	b.step()
	if s := b.g.Stats(); s.BytesOut != 5 || s.Lagged != 0 || reader.cursor != topic.Head() {
		t.Errorf("%d bytes were sent, %d times lagged", s.BytesOut, s.Lagged)
	}
}

func TestAQuietTopicKeepsItsLastBytes(t *testing.T) {
	b := newBench(t, 1)
	topic := NewTopic(TopicOptions{Keep: 1000, Window: 20000})
	b.conn(0).Subscribe(topic, 0, 0)
	for range 100 {
		topic.Append(1, 1, make([]byte, 300))
	}
	for range 3 {
		b.step()
		b.now = b.now.Add(coolTime)
	}
	if got := topic.Head() - topic.Oldest(); got != 900 {
		t.Errorf("%d bytes are there for newcomers, want 900, which is three messages", got)
	}
	if base, _ := topic.base(); topic.Head()-base > 1000+largestChunk {
		t.Errorf("it holds %d bytes", topic.Head()-base)
	}
}

func TestAppendWithoutSubscribersStoresNothing(t *testing.T) {
	topic := NewTopic(TopicOptions{LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "%d missed\n", missed) }})
	message := make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() { topic.Append(1, 1, message) }); n != 0 || len(topic.chunks) != 0 {
		t.Errorf("%v allocations, %d chunks", n, len(topic.chunks))
	}
	if topic.Head() != 101*100 {
		t.Errorf("the head is %d", topic.Head())
	}
	b := newBench(t, 1)
	var got bytes.Buffer
	b.stubs[0].take = func(_ Handle, p []byte) int { n, _ := got.Write(p); return n }
	b.conn(0).Subscribe(topic, 0, 300)
	b.step()
	if got.String() != "0 missed\n" {
		t.Errorf("who wants to read what is gone is told %q", &got)
	}
	topic.Append(1, 1, []byte("hello\n"))
	b.step()
	if got.String() != "0 missed\nhello\n" {
		t.Errorf("and then %q", &got)
	}
}

func TestAReaderThatMissesNothingDoesNotCountAsLagging(t *testing.T) {
	b := newBench(t, 1)
	left := 10
	var got bytes.Buffer
	b.stubs[0].take = func(h Handle, p []byte) int {
		n := min(left, len(p))
		left -= n
		got.Write(p[:n])
		return n
	}
	topic := NewTopic(TopicOptions{Window: 1, LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "%d missed\n", missed) }})
	c := b.conn(0)
	c.Subscribe(topic, 0, 0)
	first := strings.Repeat("a", 2000) + "\n" // fills its chunk
	topic.Append(1, 1, []byte(first))
	b.step()
	second, third := strings.Repeat("b", 3000)+"\n", strings.Repeat("c", 100_000)+"\n"
	topic.Append(1, 2, []byte(second))
	b.step()
	topic.Append(1, 3, []byte(third))
	b.step()
	left = 1 << 20
	b.writable(c)
	b.step()
	b.step()
	if want := first + second + third; got.String() != want && got.String() != first+"1 missed\n"+third {
		t.Errorf("got %d bytes, %.20q", got.Len(), got.String()[len(first):])
	}
	if s := b.g.Stats(); s.Lagged > uint64(strings.Count(got.String(), "missed")) {
		t.Errorf("%d times lagged", s.Lagged)
	}
}

// With more members than one turn serves, members that join or leave in the
// middle of a round must not make it miss any.
func TestEveryMemberIsServedThoughOthersJoinAndLeaveDuringARound(t *testing.T) {
	b := newBench(t, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	all := make([]*Topic, 2) // they share a turn's sends, so that rounds are cut anywhere
	subs := make([][]*Sub, len(all))
	join := func(i int) { subs[i] = append(subs[i], b.conn(0).Subscribe(all[i], 0, all[i].Head())) }
	for i := range all {
		all[i] = NewTopic(TopicOptions{})
		for range 700 {
			join(i)
		}
	}
	b.step()
	for round := range 500 {
		for i := range all {
			all[i].Append(1, 1, []byte("hello"))
		}
		for range rng.IntN(8) {
			b.step()
			i := rng.IntN(len(all))
			join(i)
			if k := rng.IntN(len(subs[i])); rng.IntN(3) == 0 {
				subs[i][k].conn.Abort(nil)
				subs[i] = slices.Delete(subs[i], k, k+1)
			}
		}
		for range 20 {
			b.step()
		}
		for i := range all {
			for k, s := range subs[i] {
				if s.cursor != all[i].Head() {
					t.Fatalf("round %d: member %d of topic %d is at %d, the head at %d", round, k, i, s.cursor, all[i].Head())
				}
			}
		}
	}
}

// The fence of Topic.mark, with loops that run.
func TestNoMessageOfAnAuthorIsSentOnceSkipAuthorReturns(t *testing.T) {
	const loops, rounds = 2, 50
	b := newBench(t, loops)
	topic := NewTopic(TopicOptions{Window: 1 << 30})
	var banned atomic.Bool
	var sent atomic.Uint64 // writes that hold a message of the banned author
	for i := range loops {
		b.stubs[i].take = func(_ Handle, p []byte) int {
			if bytes.IndexByte(p, 'x') < 0 {
				return len(p)
			}
			sent.Add(1)
			for range 2 { // it must not begin afterwards, nor be in progress
				if banned.Load() {
					t.Error("something of the banned was sent afterwards")
				}
				runtime.Gosched()
			}
			return len(p)
		}
		for range 50 {
			b.conn(i).Subscribe(topic, 0, 0)
		}
	}
	var stop atomic.Bool
	var done sync.WaitGroup
	for _, l := range b.g.loops {
		done.Go(func() {
			for !stop.Load() {
				if err := l.Step(0); err != nil {
					t.Error(err)
				}
				runtime.Gosched()
			}
		})
	}
	for range rounds {
		before := sent.Load() // not later: the loops may have sent all of it by then
		for range 5 {
			topic.Append(1, 1, []byte("xx"))
			topic.Append(2, 2, []byte("yyyy"))
		}
		for sent.Load() == before { // in the middle of a fan-out, mostly
			runtime.Gosched()
		}
		topic.SkipAuthor(1)
		banned.Store(true)
		topic.Append(2, 3, []byte("yyyyyy"))
		for range 20 {
			runtime.Gosched()
		}
		banned.Store(false)
	}
	stop.Store(true)
	done.Wait()
}

// Otherwise it would be reported as writable, and the loop would spin, until it is closed.
func TestAClosingConnectionThatWasBlockedIsNoLongerWatchedForRoom(t *testing.T) {
	b := newBench(t, 1)
	left := 3
	b.stubs[0].take = func(_ Handle, p []byte) int {
		n := min(left, len(p))
		left -= n
		return n
	}
	c := b.conn(0)
	_, _ = c.Write([]byte("hello"))
	c.Close()
	b.step()
	if c.interest != Readable|Writable {
		t.Fatalf("blocked, it waits for %b", c.interest)
	}
	left = 100
	b.writable(c)
	b.step()
	if c.flags&lingering == 0 || c.interest != Readable {
		t.Errorf("everything is sent, and it waits for %b", c.interest)
	}
}

func TestNothingIsReceivedFromAConnectionThatWasClosedInTheSameTurn(t *testing.T) {
	b := newBench(t, 1)
	b.stubs[0].gives = "hello"
	var conns [2]*Conn
	received := 0
	for i := range conns {
		conns[i] = b.conn(0)
		conns[i].SetHandler(&onReceived{f: func() {
			received++
			conns[1-i].Close()
		}})
		b.stubs[0].events = append(b.stubs[0].events, Event{conns[i].token, Readable})
	}
	b.step()
	if received != 1 {
		t.Errorf("%d connections closed each other", received)
	}
}

func TestAClosedConnectionGivesItsPlaceBack(t *testing.T) {
	b := newBench(t, 1)
	for range 1000 {
		b.conn(0).Abort(nil)
		b.step()
	}
	if n := b.g.loops[0].conns.len(); n != 1 {
		t.Errorf("%d places for one connection at a time", n)
	}
}

func TestADeliveryAllocatesNothing(t *testing.T) {
	b := newBench(t, 1)
	topic := NewTopic(TopicOptions{})
	const readers = 1000
	for i := range readers {
		b.conn(0).Subscribe(topic, uint64(i+1), 0)
	}
	message := make([]byte, 64)
	turn := func() {
		topic.Append(uint64(rand.IntN(readers)+1), 1, message)
		for topic.Head() != b.g.loops[0].fan.parts[topic].served.Load() {
			b.step()
		}
	}
	if n := testing.AllocsPerRun(1000, turn); n > 1 { // that of a chunk or its index, now and then
		t.Errorf("%v allocations for %d deliveries", n, readers)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, readers := range []int{0, 1} {
		b.Run(fmt.Sprintf("loops=%d", readers), func(b *testing.B) {
			s := newBench(b, 1)
			topic := NewTopic(TopicOptions{})
			if readers > 0 {
				s.conn(0).Subscribe(topic, 0, 0)
			}
			message := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				topic.Append(1, 1, message)
			}
		})
	}
}

// BenchmarkFanOut is one message to 1000 readers, without the cost of the
// system's write.
func BenchmarkFanOut(b *testing.B) {
	const readers = 1000
	for name, self := range map[string]func(i int) uint64{
		"contiguous": func(int) uint64 { return 0 },
		"others":     func(i int) uint64 { return uint64(i) + 2 }, // some share a bit with the author
		"own":        func(int) uint64 { return 1 },               // every reader skips it
	} {
		b.Run(name, func(b *testing.B) {
			s := newBench(b, 1)
			topic := NewTopic(TopicOptions{})
			for i := range readers {
				s.conn(0).Subscribe(topic, self(i), 0)
			}
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
		})
	}
}

func TestATopicWithoutReadersHoldsNoMoreThanItKeeps(t *testing.T) {
	const keep = 100 << 10
	topic := NewTopic(TopicOptions{Keep: keep, Window: 1 << 20})
	for range 10_000 {
		topic.Append(1, 1, make([]byte, 100))
	}
	base, _ := topic.base()
	if held := topic.Head() - base; held < keep || held > keep+2*largestChunk {
		t.Errorf("it holds %d bytes, want %d and a chunk or two", held, keep)
	}
	if from := topic.Head() - topic.Oldest(); from > keep || from < keep-100 {
		t.Errorf("a newcomer gets %d bytes, want %d at most, in whole messages", from, keep)
	}
}
