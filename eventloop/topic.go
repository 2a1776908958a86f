package eventloop

import (
	"sort"
	"sync"
	"sync/atomic"
)

// The default size of a Topic's window, and the sizes of its chunks.
const (
	DefaultWindow = 1 << 20 // bytes
	smallestChunk = 1 << 10
	largestChunk  = 64 << 10
	// chunkBatches is how many batches, each what readers are sent at once, a
	// chunk should hold: a batch that spans two chunks costs one more write.
	chunkBatches = 64
	firstIndex   = 8  // entries of a topic's first index
	authorsBack  = 16 // of a chunk's authors, how many are compared with a message's
)

// TopicOptions configure a Topic. The zero value works.
type TopicOptions struct {
	// Window is how many bytes a reader may lag behind before it is moved on and misses
	// messages.
	Window int
	// Keep is how many bytes are kept for later subscribers. With 0 a quiet
	// topic holds nothing.
	Keep int
	// LagNotice returns what is sent to a reader that was moved on, in place of the
	// messages it missed; missed is 0 if their number is not known. nil: nothing is
	// sent.
	LagNotice func(missed uint64) []byte
}

// A Topic is one stream of messages for any number of connections, on any loops.
// Append copies a message once, into a log; each subscribed connection holds a
// position in it and is sent whatever lies ahead, in one write if possible. That write
// also carries what lies ahead in the connection's other topics, up to 16 topics and
// 16 KiB. There is no queue for each reader: a slow reader costs only its position, and when it lags
// behind by more than the window, it is moved to the oldest message held. Messages
// that all readers have been sent are released, chunk by chunk, except for the last
// TopicOptions.Keep bytes. Messages are never mixed: every reader gets whole messages
// in the order of the log.
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

// The sizes of these types in bytes, with 64-bit pointers.
const (
	chunkSize   = 96
	messageSize = 16
	authorsSize = 16
)

// A chunk is a stretch of the log. No message lies in two. Bytes and index
// entries, once there, never change; marking replaces the index.
type chunk struct {
	base    uint64 // offset of the first byte
	first   uint64 // how many messages came before
	buf     []byte
	index   []message
	authors []authors // of the messages, in the order of their first one
	full    bool      // takes no more messages
}

// A message is an entry of a chunk's index. It is small: of short messages the
// index is a large part.
type message struct {
	seq  uint64
	end  uint32 // in the chunk
	from uint16 // place in the chunk's authors
	skip bool   // by readers that have not passed it yet
}

// authors are the authors of a message; 0 means none.
type authors struct{ author, alias uint64 }

// have reports whether author, which is not 0, is one of them.
func (a authors) have(author uint64) bool {
	return author != 0 && (a.author == author || a.alias == author)
}

// bits returns them as a set, as authorBits does for one.
func (a authors) bits() uint64 { return authorBits(a.author) | authorBits(a.alias) }

// add appends a message, for which there is room.
func (k *chunk) add(a authors, seq uint64, p []byte) {
	from := len(k.authors) - 1
	for last := max(0, len(k.authors)-authorsBack); from >= last && k.authors[from] != a; {
		from--
	}
	if from < 0 || k.authors[from] != a {
		from = len(k.authors)
		k.authors = append(k.authors, a)
	}
	k.buf = append(k.buf, p...)
	k.index = append(k.index, message{seq: seq, end: uint32(len(k.buf)), from: uint16(from)})
}

// authorsOf returns those of the message at i of the index.
func (k *chunk) authorsOf(i int) authors { return k.authors[k.index[i].from] }

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

// Append copies the message p to the end of the topic and returns the offset behind it.
// It wakes each loop that has readers once. author and seq are for skipping: the author's
// own connections skip the message (see Conn.Subscribe), and SkipAuthor and SkipSeq name
// it. Author 0 means none.
//
// It never blocks. Appending more than the window from one callback makes every
// reader lag; beyond a quarter of the window, loops send before they read more
// input.
func (t *Topic) Append(author, seq uint64, p []byte) (end uint64) {
	return t.AppendAs(author, 0, seq, p)
}

// AppendAs is like Append for a message with two authors, for example a user and
// the name that they use. Readers that skip either of them skip the message.
// Authors and aliases share one number space.
func (t *Topic) AppendAs(author, alias, seq uint64, p []byte) (end uint64) {
	if len(p) == 0 {
		return t.Head()
	}
	t.mu.Lock()
	if len(t.parts) == 0 && t.opts.Keep == 0 { // no reader, now or later
		defer t.mu.Unlock()
		t.count++
		return t.head.Add(uint64(len(p)))
	}
	k := t.room(len(p))
	k.add(authors{author, alias}, seq, p)
	t.count++
	end = k.end()
	t.head.Store(end)
	parts := t.parts
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
	size, entries, voices := smallestChunk, firstIndex, 1
	if last := len(t.chunks) - 1; last >= 0 {
		k := &t.chunks[last]
		if len(k.buf)+n <= cap(k.buf) && !k.full {
			return k
		}
		size = t.nextSize(cap(k.buf))
		entries = len(k.index)*size/cap(k.buf) + 1
		voices = min(len(k.authors), entries)
	}
	keep := t.opts.Window
	if len(t.parts) == 0 {
		keep = t.opts.Keep
	}
	t.trim(t.head.Load() - min(t.head.Load(), uint64(keep)))
	t.chunks = append(t.chunks, chunk{
		base: t.head.Load(), first: t.count,
		buf: make([]byte, 0, max(size, n)), index: make([]message, 0, entries), authors: make([]authors, 0, voices),
	})
	return &t.chunks[len(t.chunks)-1]
}

// nextSize returns the size of the chunk that comes after one of size last. Chunks
// grow as long as readers are sent much at once or are slow, and shrink when less is
// appended.
func (t *Topic) nextSize(last int) int {
	head, batch := t.head.Load(), uint64(0)
	for _, p := range t.parts {
		batch = max(batch, head-min(head, p.served.Load()))
	}
	switch want := batch * chunkBatches; {
	case want > uint64(last):
		return min(max(2*last, smallestChunk), largestChunk)
	case want < uint64(last/4):
		return min(max(last/2, smallestChunk), largestChunk)
	}
	return min(last, largestChunk)
}

// trim releases the chunks that end at or before off.
func (t *Topic) trim(off uint64) {
	n := 0
	for n < len(t.chunks) && t.chunks[n].end() <= off {
		n++
	}
	t.chunks = dropFirst(t.chunks, n)
}

// dropFirst removes the first n chunks of a list, and the list's memory if few are left.
func dropFirst(chunks []chunk, n int) []chunk {
	rest := len(chunks) - n
	switch {
	case n == 0:
		return chunks
	case rest == 0:
		return nil
	case rest < cap(chunks)/8:
		return append([]chunk(nil), chunks[n:]...)
	}
	copy(chunks, chunks[n:])
	clear(chunks[rest:])
	return chunks[:rest]
}

// release releases the chunks that no loop needs and that Keep does not cover. The
// last one, which has room, is released only if all is set. If it is still needed
// then and is large, it takes no more messages, so that it can be released soon. t.mu
// is held.
func (t *Topic) release(all bool) {
	head := t.head.Load()
	low := head - min(head, uint64(t.opts.Keep))
	for _, p := range t.parts {
		low = min(low, p.low)
	}
	if n := len(t.chunks); n > 0 && !all {
		low = min(low, t.chunks[n-1].base)
	}
	t.trim(low)
	if n := len(t.chunks); n > 0 && all && cap(t.chunks[n-1].buf) > smallestChunk {
		t.chunks[n-1].full = true
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

// Size returns how many bytes of memory the topic's messages take up: those that
// readers have not been sent yet, those kept for later subscribers
// (TopicOptions.Keep), and room for the next ones.
func (t *Topic) Size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := cap(t.chunks) * chunkSize
	for i := range t.chunks {
		k := &t.chunks[i]
		n += cap(k.buf) + cap(k.index)*messageSize + cap(k.authors)*authorsSize
	}
	return n
}

// Subscribed reports whether any connection is subscribed to the topic, even if it
// has read everything.
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

// SkipAuthor makes every reader skip the messages of author that are in the topic now
// and that it has not begun to receive. Once it returns, no loop begins to send one
// of them; a Filter may still hold one record of a message that was begun.
func (t *Topic) SkipAuthor(author uint64) {
	t.mark(func(k *chunk, i int) bool { return k.authorsOf(i).have(author) })
}

// SkipSeq is like SkipAuthor for the messages with this seq.
func (t *Topic) SkipSeq(seq uint64) {
	t.mark(func(k *chunk, i int) bool { return k.index[i].seq == seq })
}

func (t *Topic) mark(which func(k *chunk, i int) bool) {
	t.mu.Lock()
	for i := range t.chunks {
		t.markChunk(&t.chunks[i], which)
	}
	t.version.Add(1)
	parts := t.parts
	t.mu.Unlock()
	for _, pt := range parts { // wait for the loops that send by the old index
		pt.sending.Lock()
		pt.sending.Unlock() //nolint:staticcheck // a fence, not a section
	}
}

func (t *Topic) markChunk(k *chunk, which func(k *chunk, i int) bool) {
	marked := false
	for i := range k.index {
		if k.index[i].skip || !which(k, i) {
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

// join adds a loop's part, which needs none of the messages held so far.
func (t *Topic) join(p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.low = t.head.Load()
	t.parts = append(append([]*part(nil), t.parts...), p)
}

// leave removes a loop's part.
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
	t.release(true)
}
