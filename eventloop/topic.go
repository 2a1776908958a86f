package eventloop

import (
	"sort"
	"sync"
	"sync/atomic"
)

// The sizes of a Topic, where TopicOptions leaves them at zero, and of its chunks.
const (
	DefaultWindow = 1 << 20 // bytes
	smallestChunk = 1 << 10
	largestChunk  = 64 << 10
	messageSize   = 32 // if all are smaller a chunk's index is full before its buffer
)

// TopicOptions say how far back a Topic remembers. The zero value works.
type TopicOptions struct {
	// Window is how many bytes a reader may be behind before it is moved on.
	Window int
	// Keep is how many bytes stay for those who subscribe later. With 0 a quiet
	// topic holds nothing.
	Keep int
	// LagNotice returns what a reader that was moved on is sent in place of the
	// messages it missed; 0 means that their number is not known. nil: nothing is sent.
	LagNotice func(missed uint64) []byte
}

// A Topic is one stream of messages for any number of connections, on any
// loops. Append copies a message once, into a log; each subscribed connection
// holds a position in it and is sent whatever lies ahead, in one write where it
// can be. There is no queue for each reader: a slow one costs nothing but its
// position, and when the window has passed it, it is moved to the oldest message
// kept. Messages never get mixed up: every reader sees whole ones, in the one order of the log.
//
// All methods may be called from any goroutine.
type Topic struct {
	opts    TopicOptions
	head    atomic.Uint64 // bytes ever appended
	version atomic.Uint64 // how often messages were marked as skipped

	mu      sync.Mutex // guards what follows; never held while a callback runs
	chunks  []chunk    // oldest first, without gaps up to head
	count   uint64     // messages ever appended
	skipEnd uint64     // no marked message from here on
	parts   []*part    // replaced, never changed in place
}

// A chunk is a stretch of the log. No message lies in two. Bytes and index
// entries, once there, never change; marking replaces the index.
type chunk struct {
	base  uint64 // offset of the first byte
	first uint64 // how many messages came before
	buf   []byte
	index []message
}

// A message is an entry of a chunk's index.
type message struct {
	author, alias, seq uint64
	end                uint32 // in the chunk
	skip               bool   // for everybody who has not passed it
}

// end returns the offset behind the chunk.
func (k *chunk) end() uint64 { return k.base + uint64(len(k.buf)) }

// find returns the message that the byte at offset off is in, and where it starts.
func (k *chunk) find(off uint64) (i int, start uint64) {
	rel := uint32(off - k.base)
	i = sort.Search(len(k.index), func(i int) bool { return k.index[i].end > rel })
	return i, k.start(i)
}

func (k *chunk) start(i int) uint64 {
	if i == 0 {
		return k.base
	}
	return k.base + uint64(k.index[i-1].end)
}

// bytes returns what lies between two offsets.
func (k *chunk) bytes(from, to uint64) []byte { return k.buf[from-k.base : to-k.base] }

// rest returns what lies behind an offset.
func (k *chunk) rest(from uint64) []byte { return k.buf[from-k.base:] }

// NewTopic returns an empty topic.
func NewTopic(o TopicOptions) *Topic {
	orDefault(&o.Window, DefaultWindow)
	o.Window = max(o.Window, o.Keep)
	return &Topic{opts: o}
}

// Append adds the message p, which is copied, and returns the offset behind
// it. It wakes each loop that has readers once. author and seq are for skipping: the
// author's own connections (see Conn.Subscribe), SkipAuthor, SkipSeq. Author 0 is nobody.
//
// It never blocks. Who appends more than the window from one callback makes
// everybody lag; beyond a quarter of it loops send before they read on.
func (t *Topic) Append(author, seq uint64, p []byte) (end uint64) {
	return t.AppendAs(author, 0, seq, p)
}

// AppendAs is Append for a message of two authors, of which each is skipped: one
// who speaks under a name, say, and the name. They share their numbers.
func (t *Topic) AppendAs(author, alias, seq uint64, p []byte) (end uint64) {
	if len(p) == 0 {
		return t.Head()
	}
	t.mu.Lock()
	if len(t.parts) == 0 && t.opts.Keep == 0 { // nobody to read it, now or later
		defer t.mu.Unlock()
		t.count++
		return t.head.Add(uint64(len(p)))
	}
	k := t.room(len(p))
	k.buf = append(k.buf, p...)
	k.index = append(k.index, message{author: author, alias: alias, seq: seq, end: uint32(len(k.buf))})
	t.count++
	end = k.end()
	t.head.Store(end)
	parts := t.parts
	for _, pt := range parts {
		if pt.cold.Load() {
			pt.cold.Store(false) // cool must leave it this message
		}
	}
	t.mu.Unlock()

	pressed := false
	for _, pt := range parts {
		pt.notify()
		pressed = pressed || int64(end-pt.served.Load()) > int64(t.opts.Window/4)
	}
	if pressed {
		for _, pt := range parts {
			pt.loop.fan.pressed.Store(true)
		}
	}
	return end
}

// room returns the last chunk, with room for n bytes more.
func (t *Topic) room(n int) *chunk {
	size := smallestChunk
	if last := len(t.chunks) - 1; last >= 0 {
		k := &t.chunks[last]
		if len(k.buf)+n <= cap(k.buf) && len(k.index) < cap(k.index) {
			return k
		}
		size = min(2*cap(k.buf), largestChunk)
	}
	keep := t.opts.Window
	if len(t.parts) == 0 {
		keep = t.opts.Keep
	}
	t.trim(uint64(keep))
	t.chunks = append(t.chunks, chunk{
		base: t.head.Load(), first: t.count,
		buf: make([]byte, 0, max(size, n)), index: make([]message, 0, size/messageSize),
	})
	return &t.chunks[len(t.chunks)-1]
}

// trim lets chunks go that lie further back than keep bytes.
func (t *Topic) trim(keep uint64) {
	head, n := t.head.Load(), 0
	for n < len(t.chunks) && head-t.chunks[n].end() >= keep {
		n++
	}
	if n > 0 {
		rest := copy(t.chunks, t.chunks[n:])
		clear(t.chunks[rest:])
		t.chunks = t.chunks[:rest]
	}
}

// base returns the offset of the oldest message held. t.mu is held.
func (t *Topic) base() (off, count uint64) {
	if len(t.chunks) == 0 {
		return t.head.Load(), t.count
	}
	return t.chunks[0].base, t.chunks[0].first
}

// Head returns the offset behind the last message: the number of bytes ever appended.
func (t *Topic) Head() uint64 { return t.head.Load() }

// Subscribed reports whether any connection is subscribed to the topic, be it to its
// end.
func (t *Topic) Subscribed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.parts) > 0
}

// Oldest returns the offset of the first message that lies within the last Keep bytes.
func (t *Topic) Oldest() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	head := t.head.Load()
	from := head - min(head, uint64(t.opts.Keep))
	for i := range t.chunks {
		if k := &t.chunks[i]; from < k.end() {
			return k.boundary(from)
		}
	}
	return head
}

// boundary returns the first start of a message at off or behind it.
func (k *chunk) boundary(off uint64) uint64 {
	if off <= k.base {
		return k.base
	}
	i, start := k.find(off)
	if start < off {
		start = k.start(i + 1)
	}
	return start
}

// SkipAuthor has every reader skip the messages of author that are in the
// topic now and that it has not begun to read. When it returns no loop will send one of them.
func (t *Topic) SkipAuthor(author uint64) {
	t.mark(func(m *message) bool { return m.by(author) })
}

// SkipSeq does so for the messages with this seq.
func (t *Topic) SkipSeq(seq uint64) {
	t.mark(func(m *message) bool { return m.seq == seq })
}

func (t *Topic) mark(which func(*message) bool) {
	t.mu.Lock()
	for i := range t.chunks {
		t.markChunk(&t.chunks[i], which)
	}
	t.version.Add(1)
	parts := t.parts
	t.mu.Unlock()
	for _, pt := range parts { // who was sending by the old index has ended
		pt.sending.Lock()
		pt.sending.Unlock() //nolint:staticcheck // a fence, not a section
	}
}

func (t *Topic) markChunk(k *chunk, which func(*message) bool) {
	marked := false
	for i := range k.index {
		if m := &k.index[i]; m.skip || !which(m) {
			continue
		}
		if !marked { // readers hold the old one
			k.index = append(make([]message, 0, cap(k.index)), k.index...)
			marked = true
		}
		k.index[i].skip = true
		t.skipEnd = max(t.skipEnd, k.start(i+1))
	}
}

// join adds a loop's part.
func (t *Topic) join(p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parts = append(append([]*part(nil), t.parts...), p)
}

// leave removes it.
func (t *Topic) leave(p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rest []*part
	for _, o := range t.parts {
		if o != p {
			rest = append(rest, o)
		}
	}
	t.parts = rest
	t.cool()
}

// cool lets everything go that only loops could still want, if none does. t.mu is held.
func (t *Topic) cool() {
	for _, p := range t.parts {
		if !p.cold.Load() {
			return
		}
	}
	t.trim(uint64(t.opts.Keep))
}
