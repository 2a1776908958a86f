package eventloop

import (
	"runtime"
	"testing"
	"time"
	"unsafe"
	"weak"
)

func TestTheSizesOfTypesAreKnown(t *testing.T) {
	for _, s := range []struct {
		name      string
		got, want uintptr
	}{
		{"chunk", unsafe.Sizeof(chunk{}), chunkSize},
		{"message", unsafe.Sizeof(message{}), messageSize},
		{"authors", unsafe.Sizeof(authors{}), authorsSize},
	} {
		if s.got > s.want || unsafe.Sizeof(uintptr(0)) == 8 && s.got != s.want {
			t.Errorf("a %s has %d bytes, not %d", s.name, s.got, s.want)
		}
	}
}

// restSize is what a topic takes when all have read everything: one chunk of
// the smallest size, and a little.
const restSize = 2 * smallestChunk

// A busy evening: people speak in every room, every two seconds, for ten minutes.
func TestATopicThatIsNeverQuietHoldsNothingThatEverybodyHasRead(t *testing.T) {
	const (
		topics  = 60
		readers = 5
		burst   = 200 << 10
	)
	b := newBench(t, 2)
	all := make([]*Topic, topics)
	for i := range all {
		all[i] = NewTopic(TopicOptions{})
		for k := range readers {
			b.conn(k%2).Subscribe(all[i], uint64(k+1), 0)
		}
	}
	hold := func() (size int) {
		for _, topic := range all {
			size += topic.Size()
		}
		return size
	}
	for second := 0; second < 600; second += 2 {
		for i, topic := range all {
			if second == 300 { // one user pastes a book in each
				for range burst / 1000 {
					topic.Append(1, uint64(second), make([]byte, 1000))
				}
			}
			topic.Append(uint64(1+(second+i)%readers), uint64(second), make([]byte, 40))
		}
		for range 2 {
			b.now = b.now.Add(time.Second)
			b.step()
		}
		if second < 250 || second > 500 {
			if got := hold(); got > topics*restSize {
				t.Fatalf("after %d s: %d bytes, %d for each topic, want %d at most", second, got, got/topics, restSize)
			}
		}
	}
	if s := b.g.Stats(); s.Lagged > 0 {
		t.Errorf("%d times somebody lagged", s.Lagged)
	}
}

func TestASlowReaderHoldsTheWindowAtMostAndOnlyUntilItHasRead(t *testing.T) {
	const window, size = 256 << 10, 60
	b := newBench(t, 2)
	stalled := true
	b.stubs[0].take = func(h Handle, p []byte) int {
		if h == 1 && stalled {
			return 0
		}
		return len(p)
	}
	topic := NewTopic(TopicOptions{Window: window})
	slow := b.conn(0).Subscribe(topic, 0, 0)
	fast := b.conn(1).Subscribe(topic, 0, 0)
	say := func(n int) {
		for i := range n {
			topic.Append(uint64(i%20), uint64(i), make([]byte, size))
			b.step()
		}
	}
	say(window / 2 / size)
	held := int(topic.Head() - topic.Base())
	if held != window/2/size*size {
		t.Errorf("it holds %d bytes of messages, which are not all that the slow one has to read", held)
	}
	if got := topic.Size(); got > held*2 {
		t.Errorf("%d bytes for %d bytes of messages", got, held)
	}
	stalled = false
	b.writable(slow.conn)
	b.step()
	say(20)
	if slow.cursor != topic.Head() || fast.cursor != topic.Head() || topic.Size() > restSize {
		t.Errorf("everything is read, and it holds %d bytes", topic.Size())
	}
	stalled = true
	say(4 * window / size)
	if got := int(topic.Head() - topic.Base()); got > window+2*largestChunk {
		t.Errorf("it holds %d bytes of messages for one that does not read, the window is %d", got, window)
	}
	slow.conn.Abort(nil)
	say(2)
	if got := topic.Size(); got > 2*largestChunk {
		t.Errorf("the slow one is gone, and it holds %d bytes", got)
	}
}

// Messages that the other loops have released must not cost a chunk each time.
func TestASlowReaderInAQuietTopicHoldsLittleMoreThanTheMessages(t *testing.T) {
	const size, rounds = 40, 500
	b := newBench(t, 2)
	b.stubs[0].take = func(Handle, []byte) int { return 0 }
	topic := NewTopic(TopicOptions{})
	b.conn(0).Subscribe(topic, 0, 0)
	b.conn(1).Subscribe(topic, 0, 0)
	for range 1000 {
		topic.Append(1, 1, make([]byte, size))
	}
	for range rounds {
		topic.Append(1, 1, make([]byte, size))
		b.step()
		b.now = b.now.Add(coolTime)
		b.step()
	}
	if got, most := topic.Size(), 2*(1000+rounds)*size+2*largestChunk; got > most {
		t.Errorf("%d bytes for %d bytes of messages, want %d at most", got, topic.Head(), most)
	}
}

// A loop's view must not hold what the others have released, nor the topic what
// a view has.
func TestNoLoopHoldsAChunkThatAllHaveRead(t *testing.T) {
	b := newBench(t, 3)
	topic := NewTopic(TopicOptions{})
	for loop := range 3 {
		b.conn(loop).Subscribe(topic, 0, 0)
	}
	var chunks []weak.Pointer[byte]
	for range 100 {
		topic.Append(1, 1, make([]byte, 600))
		chunks = append(chunks, weak.Make(&topic.chunks[len(topic.chunks)-1].buf[0]))
		b.step()
	}
	b.step()
	runtime.GC()
	for i, k := range chunks[:len(chunks)-3] {
		if k.Value() != nil {
			t.Errorf("the chunk of message %d is alive", i)
		}
	}
	runtime.KeepAlive(b)
}

// A new reader on another loop may begin at messages that the others read long ago.
func TestKeptMessagesCanBeReadFromAnyLoop(t *testing.T) {
	b := newBench(t, 2)
	var got []byte
	b.stubs[1].take = func(_ Handle, p []byte) int { got = append(got, p...); return len(p) }
	topic := NewTopic(TopicOptions{Keep: 10_000})
	b.conn(0).Subscribe(topic, 0, 0)
	for i := range 100 {
		topic.Append(uint64(1+i%3), uint64(i), []byte{byte(i)})
		b.step()
	}
	b.conn(1).Subscribe(topic, 1, 7)
	b.step()
	b.conn(1).Subscribe(topic, 2, 3)
	b.step()
	var want []byte
	for _, r := range []struct{ from, self int }{{7, 1}, {3, 2}} {
		for i := r.from; i < 100; i++ {
			if 1+i%3 != r.self {
				want = append(want, byte(i))
			}
		}
	}
	if string(got) != string(want) {
		t.Errorf("they got % x, want % x", got, want)
	}
	for range 20 {
		topic.Append(4, 4, make([]byte, 1000))
		b.step()
	}
	if base := topic.Base(); topic.Head()-base < 10_000 || topic.Head()-base > 20_000 {
		t.Errorf("it holds %d bytes, 10000 are to be kept", topic.Head()-base)
	}
}

func TestTheIndexOfShortMessagesIsSmall(t *testing.T) {
	b := newBench(t, 1)
	b.stubs[0].take = func(Handle, []byte) int { return 0 }
	topic := NewTopic(TopicOptions{})
	b.conn(0).Subscribe(topic, 0, 0)
	const n = 10_000
	for i := range n {
		topic.AppendAs(uint64(i%5+1), uint64(i%5)|1<<63, uint64(i), []byte("hello, world\n"))
	}
	if each := topic.Size()/n - len("hello, world\n"); each > 24 {
		t.Errorf("%d bytes for each message beside its own", each)
	}
}
