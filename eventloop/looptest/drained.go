package looptest

import (
	"bytes"
	"fmt"

	"github.com/sudoXpg/netloop/eventloop"
)

func drainedBehaviours() []behaviour {
	return []behaviour{
		{"Drained is called for a write that the system takes at once", drainedAtOnce},
		{"Pause above a mark and Resume in Drained echo everything", pausesAboveMark},
		{"Drained is called after writes and messages that alternate", drainedBetweenMessages},
		{"Drained is called though a topic never stops", drainedBesideTopic},
		{"a write in Drained is sent, and Drained is called again", drainedWrites},
	}
}

func drainedAtOnce(e *env) {
	e.start(eventloop.Options{})
	writes := 0 // a line may arrive in pieces
	p, w := e.serve(script{received: func(c *eventloop.Conn, data []byte) {
		c.Write(data)
		writes++
	}})
	for before := range 3 {
		p.send("hello")
		p.want("hello")
		e.until("Drained is called", func() bool { return w.drains > before })
	}
	e.pass(3)
	e.look(func() {
		if w.drains > writes {
			e.Errorf("Drained is called %d times for %d writes", w.drains, writes)
		}
	})
}

// pausesAboveMark is what Handler recommends against a client that sends and
// does not read.
func pausesAboveMark(e *env) {
	const mark, size = 1000, 40_000
	e.start(eventloop.Options{ReadBuffer: 4000})
	p, _ := e.serve(script{
		received: func(c *eventloop.Conn, data []byte) {
			c.Write(data)
			if c.Buffered() > mark {
				c.Pause()
			}
		},
		drained: func(c *eventloop.Conn) { c.Resume() },
	})
	sent := pattern(size)[:size]
	p.send(string(sent))
	p.want(string(sent))
}

// drainedBetweenMessages makes one turn make more sends than one flush does.
func drainedBetweenMessages(e *env) {
	const rounds = 300
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(script{
		opened: func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Head()) },
		received: func(c *eventloop.Conn, _ []byte) {
			for i := range rounds {
				c.Write(fmt.Appendf(nil, "w%d ", i))
				topic.Append(0, 0, fmt.Appendf(nil, "t%d ", i))
			}
			c.Pause()
		},
		drained: func(c *eventloop.Conn) { c.Resume() },
	})
	var want bytes.Buffer
	for i := range rounds {
		fmt.Fprintf(&want, "w%d t%d ", i, i)
	}
	for i := range 2 {
		p.send("x")
		p.want(want.String())
		e.until("Drained is called", func() bool { return w.drains > i })
	}
}

// drainedBesideTopic makes a topic grow in every turn.
func drainedBesideTopic(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(script{
		opened:   func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Head()) },
		received: func(c *eventloop.Conn, data []byte) { c.Write(data) },
	})
	l, over := w.conn.Loop(), false
	var grow func()
	grow = func() {
		if !over {
			topic.Append(0, 0, []byte("."))
			_ = l.Post(e.callback(l, "a posted function", grow))
		}
	}
	e.on(l, grow)
	p.send("x")
	e.until("Drained is called", func() bool { return w.drains == 1 })
	e.look(func() { over = true })
}

func drainedWrites(e *env) {
	const rounds = 100
	e.start(eventloop.Options{})
	left := rounds
	p, w := e.serve(script{
		opened: func(c *eventloop.Conn) { c.Write([]byte("0 ")) },
		drained: func(c *eventloop.Conn) {
			if left--; left > 0 {
				c.Write(fmt.Appendf(nil, "%d ", rounds-left))
			}
		},
	})
	for i := range rounds {
		p.want(fmt.Sprintf("%d ", i))
	}
	e.until("Drained is called for the last", func() bool { return w.drains == rounds })
}
