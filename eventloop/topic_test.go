package eventloop_test

import (
	"errors"
	"io"
	"math"
	"net"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

const (
	topics     = 3
	authors    = 5 // 0 means none
	hugeWindow = 1 << 30
	address    = "127.0.0.1:9034"
)

// A member is a connection with both of its ends.
type member struct {
	club   *club
	client *sim.Client
	filter *toyfilter.Filter // the client's; nil: the connection has none
	conn   *eventloop.Conn
	got    []byte // by the client
	active [topics]*reading
	ending []gate // of those that have finished
	all    []*reading
	writes []write
	until  []gate // what it must have received in the end
	leaves bool   // was closed gracefully
	dead   bool   // its client has reset it: the stream may end anywhere
	closed int
	err    error
}

// Opened implements eventloop.Handler.
func (m *member) Opened(c *eventloop.Conn) {
	m.conn = c
	if m.filter != nil {
		m.club.must(c.SetFilter(toyfilter.New(m.club.Errorf)))
	}
}

// Received implements eventloop.Handler.
func (m *member) Received(*eventloop.Conn, []byte) {}

// Drained implements eventloop.Handler. It is called in the middle of a
// fan-out, when anything may be done to any member.
func (m *member) Drained(*eventloop.Conn) {
	if c := m.club; c.busy {
		if m := c.someone(); m != nil {
			c.do(m, rapid.IntRange(10, 15).Draw(c.T, "action when drained"))
			c.append(rapid.IntRange(0, 2).Draw(c.T, "messages"))
		}
	}
}

// Closed implements eventloop.Handler.
func (m *member) Closed(_ *eventloop.Conn, err error) { m.closed, m.err = m.closed+1, err }

// usable reports whether the server may use the connection.
func (m *member) usable() bool { return !m.leaves && !m.dead }

// A club is a server with topics, its model, and its members, in one goroutine.
type club struct {
	*rapid.T
	w       *sim.World
	g       *eventloop.Group
	topics  [topics]*topicModel
	members []*member
	ports   map[int]*member
	busy    bool // not finishing
	buf     [3000]byte
}

func newClub(t *rapid.T) *club {
	seed := rapid.Uint64().Draw(t, "seed")
	faults := sim.SomeFaults(seed)
	faults.TooManyFiles = 0
	if rapid.Bool().Draw(t, "no faults") {
		faults = sim.Faults{}
	}
	buffer := rapid.SampledFrom([]int{64 << 10, 3000, 300, 32}).Draw(t, "buffer")
	c := &club{T: t, ports: make(map[int]*member), busy: true}
	c.w = sim.New(sim.Options{Seed: seed, Faults: faults, SocketBuffer: buffer})
	var err error
	c.g, err = eventloop.New(eventloop.Options{
		Open: c.w.Open, Now: c.w.Now, Executor: c.w.Executor(), ReadBuffer: 64, OutboxLimit: 1 << 30,
		StallTimeout: -1, Loops: rapid.IntRange(1, 2).Draw(t, "loops"),
	})
	c.must(err)
	_, err = c.g.Listen("tcp", address, func(conn *eventloop.Conn) eventloop.Handler {
		return c.ports[int(conn.RemoteAddrPort().Port())]
	})
	c.must(err)
	for i := range c.topics {
		window := rapid.SampledFrom([]int{hugeWindow, 1, 3000, 20000}).Draw(t, "window")
		keep := min(window, rapid.SampledFrom([]int{0, 500, 20000}).Draw(t, "keep"))
		c.topics[i] = &topicModel{number: i, window: window, keep: keep, Topic: eventloop.NewTopic(eventloop.TopicOptions{
			Window: window,
			Keep:   keep,
			LagNotice: func(missed uint64) []byte {
				return frame(frameNotice, i, int(missed), 0)
			},
		})}
	}
	return c
}

func (c *club) must(err error) {
	if err != nil {
		c.Fatal(err)
	}
}

func (c *club) step(max time.Duration) {
	for _, l := range c.g.Loops() {
		c.must(l.Step(max))
	}
}

// join lets a client in. With few and full buffers it stalls soon.
func (c *club) join() {
	if len(c.members) >= 12 {
		return
	}
	client, err := c.w.Dial("tcp", address)
	c.must(err)
	client.SetReadBuffer(rapid.SampledFrom([]int{64 << 10, 1, 100}).Draw(c.T, "read buffer"))
	m := &member{club: c, client: client}
	if rapid.Bool().Draw(c.T, "filter") {
		m.filter = toyfilter.New(c.Errorf)
	}
	c.ports[client.LocalAddr().(*net.TCPAddr).Port] = m
	for m.conn == nil {
		c.step(time.Millisecond)
	}
	c.members = append(c.members, m)
	c.subscribe(m)
}

func (c *club) someone() *member {
	m := c.members[rapid.IntRange(0, len(c.members)-1).Draw(c.T, "member")]
	if !m.usable() {
		return nil
	}
	return m
}

// write writes to m, and then nothing or a new reading may begin.
func (c *club) write(m *member, size int, start *reading) {
	p := frame(frameWrite, 0, len(m.writes), size)
	w := write{start: start}
	for _, r := range m.active {
		if r != nil {
			w.gates = append(w.gates, gate{r, len(r.topic.messages)})
		}
	}
	w.gates = append(w.gates, m.ending...)
	m.writes = append(m.writes, w)
	_, err := m.conn.Write(p)
	c.must(err)
	clear(p) // it was copied
}

// subscribe makes m read a topic, from some place on.
func (c *club) subscribe(m *member) {
	t := c.topics[rapid.IntRange(0, topics-1).Draw(c.T, "topic")]
	if m.active[t.number] != nil {
		return
	}
	from := t.Head()
	switch rapid.SampledFrom([]string{"head", "oldest", "middle"}).Draw(c.T, "from") {
	case "oldest":
		from = t.Oldest()
	case "middle":
		from = rapid.Uint64Range(0, t.Head()).Draw(c.T, "offset")
	}
	r := &reading{topic: t, self: rapid.Uint64Range(0, authors-1).Draw(c.T, "self"), ignored: make(map[uint64]int)}
	c.write(m, 0, r)
	r.sub = m.conn.Subscribe(t.Topic, r.self, from)
	base := t.Base()
	r.behind, r.first = from < base, t.at(max(from, base))
	m.active[t.number] = r
	m.all = append(m.all, r)
	want := t.Head()
	if r.first < len(t.messages) {
		want = t.messages[r.first].start
	}
	if r.sub.Cursor() != want {
		c.Fatalf("subscribed from %d: reads from %d, want %d", from, r.sub.Cursor(), want)
	}
}

func (c *club) unsubscribe(m *member) {
	r := m.active[rapid.IntRange(0, topics-1).Draw(c.T, "topic")]
	if r == nil {
		return
	}
	r.settle()
	if rapid.Bool().Draw(c.T, "finish") {
		r.ends, r.limit = true, len(r.topic.messages)
		r.sub.Finish()
		m.active[r.topic.number] = nil
		m.until = append(m.until, gate{r, r.limit})
		m.ending = append(m.ending, gate{r, r.limit})
		return
	}
	r.lagging, r.closed = r.sub.Lagging(), true
	r.sub.Close()
	m.active[r.topic.number] = nil
	m.until = append(m.until, gate{r, r.end()})
}

func (c *club) ignore(m *member) {
	for _, r := range m.active {
		if r == nil {
			continue
		}
		author := rapid.Uint64Range(0, authors-1).Draw(c.T, "author")
		r.settle()
		if r.ignored[author] == math.MaxInt {
			r.sub.Unignore(author)
			r.ignored[author] = len(r.topic.messages)
		} else {
			r.sub.Ignore(author)
			r.ignored[author] = math.MaxInt
		}
	}
}

// append appends some messages to a topic.
func (c *club) append(messages int) {
	t := c.topics[rapid.IntRange(0, topics-1).Draw(c.T, "topic")]
	least := rapid.SampledFrom([]int{1, 12, 64, 1000, 5000}).Draw(c.T, "size")
	author := rapid.Uint64Range(0, authors-1).Draw(c.T, "author")
	for i := range messages {
		number := len(t.messages)
		size := max(least-i*17%least, 1)
		if size < frameLeast && t.window < hugeWindow {
			size = max(size, 2)
		}
		p := frame(frameMessage, t.number, number, size)
		m := messageModel{start: t.Head(), author: (author + uint64(i%3)) % authors, size: size}
		m.end = t.Append(m.author, uint64(number), p)
		if m.end != m.start+uint64(len(p)) || m.end != t.Head() {
			c.Fatalf("%d bytes appended at %d end at %d, the head is at %d", len(p), m.start, m.end, t.Head())
		}
		t.messages = append(t.messages, m)
		clear(p) // it was copied
	}
}

// skip skips an author or a message.
func (c *club) skip() {
	t := c.topics[rapid.IntRange(0, topics-1).Draw(c.T, "topic")]
	if len(t.messages) == 0 {
		return
	}
	for _, m := range c.members {
		for _, r := range m.all {
			if r.topic == t && !r.closed {
				r.settle()
			}
		}
	}
	if rapid.Bool().Draw(c.T, "author") {
		author := rapid.Uint64Range(1, authors-1).Draw(c.T, "author")
		t.SkipAuthor(author)
		for i := range t.messages {
			t.messages[i].skip = t.messages[i].skip || t.messages[i].author == author
		}
		return
	}
	back := rapid.IntRange(1, min(20, len(t.messages))).Draw(c.T, "back")
	number := len(t.messages) - back
	t.SkipSeq(uint64(number))
	t.messages[number].skip = true
}

// pull makes m's client read some bytes, through its filter if it has one.
func (m *member) pull(p []byte) (int, error) {
	if m.filter == nil {
		return m.client.Read(p)
	}
	return m.filter.Pull(func(raw []byte) (int, error) { return m.client.Read(raw[:min(len(raw), len(p))]) }, p)
}

// read makes m's client read up to n bytes.
func (c *club) read(m *member, n int) (any bool) {
	for n > 0 && !m.dead {
		k, err := m.pull(c.buf[:min(n, len(c.buf))])
		if err != nil {
			if !errors.Is(err, eventloop.ErrWouldBlock) && (!m.leaves || !errors.Is(err, io.EOF)) {
				c.Fatalf("read: %v", err)
			}
			break
		}
		m.got = append(m.got, c.buf[:k]...)
		n -= k
		any = true
	}
	return any
}

// leave ends a connection in one of several ways.
func (c *club) leave(m *member) {
	if rapid.Bool().Draw(c.T, "reset") {
		m.dead = true
		c.must(m.client.Reset())
		return
	}
	m.leaves = true
	for _, r := range m.active {
		if r != nil {
			m.until = append(m.until, gate{r, len(r.topic.messages)})
		}
	}
	m.conn.Close()
}

// turn takes one random action.
func (c *club) turn() {
	switch action := rapid.IntRange(0, 19).Draw(c.T, "action"); action {
	case 0, 1, 2:
		c.append(rapid.IntRange(1, 5).Draw(c.T, "messages"))
	case 3:
		c.append(rapid.IntRange(20, 100).Draw(c.T, "messages"))
	case 4, 5, 6:
		c.step(0)
	case 7:
		c.step(time.Millisecond)
	case 8:
		c.skip()
	case 9:
		c.join()
	case 10:
		if rapid.IntRange(0, 3).Draw(c.T, "quiet") == 0 {
			c.w.Advance(6 * time.Second) // chunks are released
			c.step(0)
		}
	default:
		if m := c.someone(); m != nil {
			c.do(m, action)
		}
	}
}

// do takes one action on a member.
func (c *club) do(m *member, action int) {
	switch action {
	case 11:
		c.subscribe(m)
	case 12:
		c.unsubscribe(m)
	case 13:
		c.ignore(m)
	case 14, 15:
		c.write(m, rapid.SampledFrom([]int{0, 100, 5000}).Draw(c.T, "size"), nil)
	case 16:
		if rapid.IntRange(0, 3).Draw(c.T, "leaves") == 0 {
			c.leave(m)
		}
	default:
		c.read(m, rapid.SampledFrom([]int{1, 100, 10000}).Draw(c.T, "bytes"))
	}
}

// finish makes every member read everything, until nothing happens any more.
func (c *club) finish() {
	for _, m := range c.members {
		if !m.dead {
			m.client.SetReadBuffer(1 << 20)
		}
	}
	c.busy = false
	left := 50_000 // turns; buffers of a few bytes take many
	for quiet := 0; quiet < 5; quiet++ {
		if left--; left < 0 {
			c.Fatal("it never becomes quiet")
		}
		c.step(0)
		for _, m := range c.members {
			if c.read(m, 1<<30) {
				quiet = 0
			}
		}
		if !c.w.Idle() {
			quiet = 0
		}
	}
	for _, m := range c.members {
		for _, r := range m.all {
			if !r.closed {
				r.settle()
			}
			if m.active[r.topic.number] == r && m.usable() {
				m.until = append(m.until, gate{r, len(r.topic.messages)})
			}
		}
	}
}

// check compares what every member received with the model, and checks that nothing is
// left.
func (c *club) check() {
	for i, m := range c.members {
		if err := m.check(); err != nil {
			c.Fatalf("member %d: %v", i, err)
		}
		if m.usable() && m.closed != 0 {
			c.Fatalf("member %d was closed: %v", i, m.err)
		}
	}
	c.must(c.g.Close())
	for i, m := range c.members {
		if m.closed != 1 {
			c.Fatalf("member %d was closed %d times", i, m.closed)
		}
	}
	for _, t := range c.topics {
		if t.keep == 0 && t.Held() > 0 {
			c.Fatalf("topic %d holds %d chunks for nobody", t.number, t.Held())
		}
	}
	if n := c.w.Handles(); n != 0 {
		c.Fatalf("%d handles are still open", n)
	}
}

func TestEveryReaderGetsAContiguousRunOfEveryTopicInItsPlace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newClub(rt)
		for range rapid.IntRange(1, 5).Draw(rt, "members") {
			c.join()
		}
		for range rapid.IntRange(1, 150).Draw(rt, "turns") {
			c.turn()
		}
		c.finish()
		c.check()
	})
}
