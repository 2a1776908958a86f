package looptest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func topicBehaviours() []behaviour {
	return []behaviour{
		{"1,000 goroutines append at once: one order for all, no byte mixed", manyAppend},
		{"authors see no echo and ignored authors are not seen", skipsAuthors},
		{"SkipAuthor and SkipSeq withhold messages that were not sent yet", takesBack},
		{"a late subscriber gets the messages that Keep retains", subscribesLate},
		{"a subscriber to messages that are gone gets LagNotice(0)", subscribesTooLate},
		{"a connection that finishes with a topic gets its earlier messages, then those of the next topic", finishes},
		{"a connection that finishes with too many topics is told what it misses of the last ones", finishesMany},
		{"a connection can finish with all its topics at once", finishesAll},
		{"a subscription that is closed gets nothing more", unsubscribes},
		{"topics reach the connections of every loop", acrossLoops},
		{"a topic that is never quiet holds only messages that a reader has yet to receive", holdsTheUnread},
		{"the last words of a loop's only member reach the other loops", lastWords},
	}
}

// subscriber is the script of a server whose connections read a topic from its
// head.
func subscriber(t *eventloop.Topic) script {
	return script{opened: func(c *eventloop.Conn) { c.Subscribe(t, 0, t.Head()) }}
}

func manyAppend(e *env) {
	const authors, each, readers = 1000, 5, 4
	e.start(eventloop.Options{Loops: 2})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, subscriber(topic))
	var peers []*peer
	for range readers {
		p, _ := e.connect(to)
		peers = append(peers, p)
	}
	var wg sync.WaitGroup
	for a := range authors {
		wg.Go(func() {
			for i := range each {
				line := fmt.Sprintf("%d:%d:%s\n", a, i, strings.Repeat("ab", (a+i)%20))
				topic.Append(uint64(a+1), uint64(i), []byte(line))
			}
		})
	}
	wg.Wait()
	size := int(topic.Head())
	first := peers[0].get(size)
	checkLines(e, first, authors, each)
	for _, p := range peers[1:] {
		if !bytes.Equal(first, p.get(size)) {
			e.Errorf("two subscribers saw different streams")
		}
	}
}

// checkLines looks for lines with holes, and authors out of order.
func checkLines(e *env, stream []byte, authors, each int) {
	e.Helper()
	next := make([]int, authors)
	lines := strings.Split(strings.TrimSuffix(string(stream), "\n"), "\n")
	if len(lines) != authors*each {
		e.Errorf("%d lines, want %d", len(lines), authors*each)
	}
	for _, line := range lines {
		part := strings.Split(line, ":")
		if len(part) != 3 {
			e.Fatalf("a broken line: %q", abridge(line))
		}
		a, errA := strconv.Atoi(part[0])
		i, errI := strconv.Atoi(part[1])
		if errA != nil || errI != nil || a >= authors || part[2] != strings.Repeat("ab", (a+i)%20) {
			e.Fatalf("a broken line: %q", abridge(line))
		}
		if next[a] != i {
			e.Fatalf("author %d: line %d after %d", a, i, next[a]-1)
		}
		next[a]++
	}
}

func skipsAuthors(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	author := uint64(0)
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) {
		author++
		sub := c.Subscribe(topic, author, topic.Head())
		if author == 3 {
			sub.Ignore(1)
			sub.Ignore(2)
			sub.Unignore(2)
		}
	}})
	alice, _ := e.connect(to)
	bob, _ := e.connect(to)
	carol, w := e.connect(to)
	e.on(w.conn.Loop(), func() {
		for i, who := range []uint64{1, 2, 1, 3, 0, 2, 3, 1, 0} {
			topic.Append(who, 0, fmt.Appendf(nil, "%d%d ", who, i))
		}
	})
	alice.want("21 33 04 25 36 08 ")
	bob.want("10 12 33 04 36 17 08 ")
	carol.want("21 04 25 08 ")
}

func takesBack(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	e.on(w.conn.Loop(), func() {
		for i := range 6 {
			topic.Append(uint64(1+i%3), uint64(i), fmt.Appendf(nil, "%d ", i))
		}
		topic.SkipAuthor(2)
		topic.SkipSeq(3)
		topic.Append(2, 7, []byte("7 ")) // later than that
	})
	p.want("0 2 5 7 ")
}

func subscribesLate(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{Keep: 40})
	for i := range 30 {
		topic.Append(0, 0, fmt.Appendf(nil, "m%02d ", i))
	}
	p, _ := e.serve(script{opened: func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Oldest()) }})
	topic.Append(0, 0, []byte("new"))
	p.want("m20 m21 m22 m23 m24 m25 m26 m27 m28 m29 new")
	// A place inside a message means the next one.
	q, _ := e.serve(script{opened: func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Head()-5) }})
	q.want("new")
}

func subscribesTooLate(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{
		LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "<%d>", missed) },
	})
	topic.Append(0, 0, []byte("gone"))
	p, _ := e.serve(script{opened: func(c *eventloop.Conn) { c.Subscribe(topic, 0, 0) }})
	topic.Append(0, 0, []byte("here"))
	p.want("<0>here")
}

func unsubscribes(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	var sub *eventloop.Sub
	p, w := e.serve(script{opened: func(c *eventloop.Conn) { sub = c.Subscribe(topic, 0, 0) }})
	topic.Append(0, 0, []byte("one "))
	p.want("one ")
	e.on(w.conn.Loop(), func() {
		sub.Close()
		topic.Append(0, 0, []byte("two "))
		w.conn.Write([]byte("three"))
	})
	p.want("three")
}

func acrossLoops(e *env) {
	e.start(eventloop.Options{Loops: 2})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, script{
		opened:   func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Head()) },
		received: func(_ *eventloop.Conn, data []byte) { topic.Append(0, 0, data) },
	})
	loops := make(map[*eventloop.Loop]bool)
	var peers []*peer
	for range 4 {
		p, w := e.connect(to)
		peers = append(peers, p)
		loops[w.conn.Loop()] = true
	}
	if len(loops) != 2 {
		e.Errorf("4 connections went to %d loops of 2", len(loops))
	}
	for i, from := range peers {
		line := fmt.Sprintf("from %d\n", i)
		from.send(line)
		for _, p := range peers {
			p.want(line)
		}
	}
}

func holdsTheUnread(e *env) {
	const rounds, size, most = 100, 20_000, 400 << 10
	e.start(eventloop.Options{Loops: 2})
	topic := eventloop.NewTopic(eventloop.TopicOptions{Window: 64 << 20})
	to := e.listen("tcp", loopback, subscriber(topic))
	var peers []*peer
	for range 4 {
		p, _ := e.connect(to)
		peers = append(peers, p)
	}
	for i := range rounds {
		for range size / 1000 {
			topic.Append(0, uint64(i), make([]byte, 1000))
		}
		for _, p := range peers {
			p.get(size)
		}
		if got := topic.Size(); got > most {
			e.Fatalf("it holds %d bytes after %d, of which everybody has read everything", got, topic.Head())
		}
	}
}

// lastWords makes the only member of one loop say goodbye to members of another
// loop, which has been quiet for so long that it holds nothing of the topic.
func lastWords(e *env) {
	const n = 5
	e.start(eventloop.Options{Loops: 2})
	to := e.listen("tcp", loopback, script{})
	speaker, s := e.connect(to)
	listener, l := e.connect(to)
	if s.conn.Loop() == l.conn.Loop() {
		e.Fatal("two connections went to one loop of 2")
	}
	for i := range n {
		topic := eventloop.NewTopic(eventloop.TopicOptions{
			LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "<lost %d>", missed) },
		})
		var sub *eventloop.Sub
		e.on(l.conn.Loop(), func() { l.conn.Subscribe(topic, 0, topic.Head()) })
		e.on(s.conn.Loop(), func() { sub = s.conn.Subscribe(topic, 0, topic.Head()) })
		e.rest(20 * time.Second)
		line := fmt.Sprintf("bye %d\n", i)
		e.on(s.conn.Loop(), func() {
			topic.Append(0, 0, []byte(line))
			sub.Close()
			s.conn.Write([]byte("."))
		})
		listener.want(line)
		speaker.want(".")
	}
}

func finishes(e *env) {
	e.start(eventloop.Options{})
	notice := func(missed uint64) []byte { return fmt.Appendf(nil, "<%d>", missed) }
	before := eventloop.NewTopic(eventloop.TopicOptions{LagNotice: notice})
	after := eventloop.NewTopic(eventloop.TopicOptions{LagNotice: notice})
	var subs []*eventloop.Sub
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) {
		subs = append(subs, c.Subscribe(before, uint64(len(subs)+1), before.Head()))
	}})
	all, w := e.connect(to)
	some, v := e.connect(to)
	e.on(w.conn.Loop(), func() {
		for i, who := range []uint64{1, 2, 3, 3} {
			before.AppendAs(9, who, uint64(5+i), fmt.Appendf(nil, "%d%d ", who, i))
		}
		subs[0].Finish()
		subs[1].Finish()
		subs[0].Finish()
		before.SkipAuthor(1)
		before.SkipSeq(7)
		w.conn.Subscribe(after, 1, after.Head())
		v.conn.Subscribe(after, 2, after.Head())
		before.Append(3, 0, []byte("no "))
		after.Append(3, 0, []byte("34 "))
	})
	all.want("21 33 34 ")
	some.want("33 34 ")
}

func finishesAll(e *env) {
	e.start(eventloop.Options{})
	a, b := eventloop.NewTopic(eventloop.TopicOptions{}), eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, script{})
	p, w := e.connect(to)
	e.on(w.conn.Loop(), func() {
		w.conn.FinishSubs()
		w.conn.Subscribe(a, 0, a.Head())
		w.conn.Subscribe(b, 0, b.Head())
		a.Append(1, 0, []byte("one "))
		b.Append(1, 0, []byte("two "))
		w.conn.FinishSubs()
		w.conn.Write([]byte("end "))
		a.Append(1, 0, []byte("no "))
		b.Append(1, 0, []byte("no "))
		w.conn.Write([]byte("."))
	})
	p.want("one two end .")
}

func finishesMany(e *env) {
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{})
	all, w := e.connect(to)
	e.on(w.conn.Loop(), func() {
		for range 20 {
			topic := eventloop.NewTopic(eventloop.TopicOptions{
				LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "<%d>", missed) },
			})
			sub := w.conn.Subscribe(topic, 1, topic.Head())
			topic.Append(2, 0, []byte("one "))
			topic.Append(2, 0, []byte("two "))
			sub.Finish()
		}
	})
	all.want(strings.Repeat("one two ", 16) + strings.Repeat("<2>", 4))
}
