package looptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
)

func sealBehaviours() []behaviour {
	return []behaviour{
		{"all that a connection sends in one turn is one record and one write", sealsTurn},
		{"a large answer is sealed in records of 16 KiB at most", sealsLarge},
		{"for a peer that does not read one sealed record is kept, and later ones are short", sealsOnce},
		{"a topic's reader that does not read has one sealed record kept, and lags in plain bytes", sealsTopicOnce},
		{"answers to a peer that does not read close the connection with ErrOutboxFull", answersFull},
		{"one topic reaches connections with and without a filter", fansOut},
		{"Drained comes when the last sealed byte is sent", drainedSealed},
	}
}

const (
	longRecord  = 16 << 10
	shortRecord = 4 << 10
)

func sealsTurn(e *env) {
	e.filtered = true
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	for i := range 5 {
		before := e.g.Stats()
		e.on(w.conn.Loop(), func() {
			w.conn.Write([]byte("a reply, "))
			topic.Append(0, 0, []byte("a message, "))
			w.conn.Write([]byte("another reply, "))
			topic.Append(0, 0, []byte("another message"))
		})
		p.want("a reply, a message, another reply, another message")
		after := e.g.Stats()
		if writes, blocked := after.Writes-before.Writes, after.Blocked-before.Blocked; writes > 1+blocked {
			e.Errorf("%d writes, of which %d found no room", writes, blocked)
		}
		e.on(w.conn.Loop(), func() {
			if len(w.toy.Records()) != i+1 {
				e.Errorf("records of %v bytes in %d turns", w.toy.Records(), i+1)
			}
		})
	}
}

func sealsLarge(e *env) {
	e.filtered = true
	e.start(eventloop.Options{OutboxLimit: 2 * mebibyte})
	want := pattern(mebibyte)
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		for rest := want; len(rest) > 0; rest = rest[min(777, len(rest)):] {
			c.Write(rest[:min(777, len(rest))])
		}
	}})
	p.send("x")
	p.want(string(want))
	e.on(w.conn.Loop(), func() {
		if most := slices.Max(w.toy.Records()); most > longRecord {
			e.Errorf("a record has %d bytes", most)
		}
		if n := len(w.toy.Records()); n < mebibyte/longRecord || n > mebibyte/shortRecord+2 {
			e.Errorf("1 MiB is sealed in %d records", n)
		}
	})
}

// A watched toy complains if something is sealed while sealed bytes are still unsent.
type watched struct {
	*toyfilter.Filter
	e       *env
	stretch bool // the peer never has everything, so that records are short once it was slow
}

// Seal implements eventloop.Filter.
func (f *watched) Seal(dst, plain []byte) []byte {
	s := f.e.g.Stats()
	if kept := f.Sealed() - int(s.BytesOut); kept > 0 && len(plain) > 0 {
		f.e.Errorf("%d bytes are sealed while %d sealed before are not sent", len(plain), kept)
	}
	if f.stretch && s.Blocked > 0 && len(plain) > shortRecord {
		f.e.Errorf("a record of %d bytes for a slow reader", len(plain))
	}
	return f.Filter.Seal(dst, plain)
}

// watch is filter with a watched toy. Nothing else may be sent by the group.
func (w *witness) watch(stretch bool) {
	w.toy = toyfilter.New(w.e.Errorf)
	if err := w.conn.SetFilter(&watched{w.toy, w.e, stretch}); err != nil {
		w.e.Errorf("SetFilter: %v", err)
	}
}

// kept returns how many sealed bytes a connection holds. Nothing else may send.
func (e *env) kept(w *witness) (n int) {
	e.Helper()
	e.on(w.conn.Loop(), func() { n = w.toy.Sealed() - int(e.g.Stats().BytesOut) })
	return n
}

func sealsOnce(e *env) {
	want := pattern(blockingWrite)
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	p, w := e.serve(script{})
	e.on(w.conn.Loop(), func() {
		w.watch(true)
		w.conn.Write(want)
	})
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	e.pass(5)
	if n := e.kept(w); n > longRecord+toyfilter.Overhead {
		e.Errorf("%d sealed bytes are kept", n)
	}
	e.on(w.conn.Loop(), func() {
		left := w.conn.Buffered()
		unsealed := len(want)
		for _, n := range w.toy.Records() {
			unsealed -= n
		}
		if most := unsealed + longRecord + toyfilter.Overhead; left < unsealed || left > most {
			e.Errorf("Buffered is %d, and %d bytes are not sealed", left, unsealed)
		}
	})
	p.toy = toyfilter.New(e.Errorf)
	p.want(string(want))
	e.until("Drained is called", func() bool { return w.drains == 1 })
	if n := e.kept(w); n != 0 {
		e.Errorf("%d bytes are kept in the end", n)
	}
}

func sealsTopicOnce(e *env) {
	e.start(eventloop.Options{})
	topic := laggingTopic()
	p, w := e.serve(script{})
	e.on(w.conn.Loop(), func() {
		w.watch(false)
		w.conn.Subscribe(topic, 0, topic.Head())
	})
	n := block(e, w.conn.Loop(), topic, bigLine)
	e.on(w.conn.Loop(), func() {
		for range 10 * smallWindow / bigLine {
			topic.Append(0, 0, numbered(n, bigLine))
			n++
		}
	})
	if kept := e.kept(w); kept == 0 || kept > longRecord+toyfilter.Overhead {
		e.Errorf("%d sealed bytes are kept", kept)
	}
	p.toy = toyfilter.New(e.Errorf)
	readLagging(e, p, bigLine, n-1)
}

// answersFull makes a peer ask for answers and not read them.
func answersFull(e *env) {
	const limit = 10_000
	e.filtered = true
	e.start(eventloop.Options{OutboxLimit: limit})
	topic := laggingTopic()
	p, w := e.serve(subscriber(topic))
	block(e, w.conn.Loop(), topic, bigLine)
	var raw []byte
	for len(raw) < limit+4*longRecord {
		raw = p.toy.Update(raw)
	}
	for len(raw) > 0 {
		n, err := p.writeRaw(raw)
		if err != nil {
			break // it is closed already
		}
		raw = raw[n:]
	}
	w.wantClosed(eventloop.ErrOutboxFull)
}

func fansOut(e *env) {
	e.start(eventloop.Options{Loops: 2})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, script{})
	const readers = 6
	var peers []*peer
	for i := range readers {
		p, w := e.connect(to)
		peers = append(peers, p)
		e.on(w.conn.Loop(), func() {
			if i%2 == 0 {
				w.filter()
				p.toy = toyfilter.New(e.Errorf)
			}
			w.conn.Subscribe(topic, uint64(i/2), 0)
		})
	}
	var want [readers]strings.Builder
	for i := range 300 {
		author := uint64(i % 5)
		line := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", i*i/3))
		topic.Append(author, uint64(i), []byte(line))
		for r := range readers {
			if author == 0 || author != uint64(r/2) {
				want[r].WriteString(line)
			}
		}
		if i%10 == 9 {
			for r, p := range peers {
				p.want(want[r].String())
				want[r].Reset()
			}
		}
	}
}

func drainedSealed(e *env) {
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	early := 0
	p, w := e.serve(script{})
	w.s.drained = func(*eventloop.Conn) {
		if w.toy.Sealed() != int(e.g.Stats().BytesOut) {
			early++
		}
	}
	e.on(w.conn.Loop(), func() {
		w.filter()
		w.conn.Write(make([]byte, blockingWrite))
	})
	p.toy = toyfilter.New(e.Errorf)
	for got, size := 0, 1; got < blockingWrite; size = min(2*size, 100_000) {
		n := min(size, blockingWrite-got)
		p.get(n)
		got += n
	}
	e.until("Drained is called", func() bool { return w.drains > 0 })
	e.look(func() {
		if early > 0 || w.drains != 1 {
			e.Errorf("Drained is called %d times, %d too early", w.drains, early)
		}
	})
}
