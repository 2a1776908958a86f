package looptest

import (
	"fmt"

	"github.com/sudoXpg/netloop/eventloop"
)

func placeBehaviours() []behaviour {
	return []behaviour{
		{"a reply written between two Appends sits exactly between them", writePlace},
		{"with several topics a reply comes after what all of them held", writePlaceTopics},
		{"replies keep their places while the reader is slow", writePlaceSlow},
		{"a subscription begins behind what was written before", writeThenSubscribe},
	}
}

func writePlace(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	want := ""
	for range 3 {
		e.on(w.conn.Loop(), func() {
			for i := range 50 {
				topic.Append(0, 0, fmt.Appendf(nil, "t%d ", i))
				w.conn.Write(fmt.Appendf(nil, "w%d ", i))
				if i%7 == 0 {
					w.conn.Write([]byte("+ "))
				}
			}
		})
		for i := range 50 {
			want += fmt.Sprintf("t%d w%d ", i, i)
			if i%7 == 0 {
				want += "+ "
			}
		}
	}
	p.want(want)
}

// writePlaceTopics numbers everything in the order of the calls: the stream may
// differ from that only between neighbours of different topics.
func writePlaceTopics(e *env) {
	e.start(eventloop.Options{})
	a := eventloop.NewTopic(eventloop.TopicOptions{})
	b := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(script{opened: func(c *eventloop.Conn) {
		c.Subscribe(a, 0, 0)
		c.Subscribe(b, 0, 0)
	}})
	const rounds = 30
	e.on(w.conn.Loop(), func() {
		for i := range rounds {
			a.Append(0, 0, fmt.Appendf(nil, "a%02d ", i))
			if i%2 == 0 {
				b.Append(0, 0, fmt.Appendf(nil, "b%02d ", i))
			}
			w.conn.Write(fmt.Appendf(nil, "w%02d ", i))
		}
	})
	for i := range rounds {
		n := 1 + (rounds-i)%2
		if got, want := string(p.get(4)), fmt.Sprintf("a%02d ", i); i%2 == 1 && got != want {
			e.Fatalf("round %d: %q, want %q", i, got, want)
		} else if n == 1 {
			other := string(p.get(4))
			if b := fmt.Sprintf("b%02d ", i); got+other != want+b && got+other != b+want {
				e.Fatalf("round %d: %q", i, got+other)
			}
		}
		p.want(fmt.Sprintf("w%02d ", i))
	}
}

func writePlaceSlow(e *env) {
	const rounds, size = 20, 400 << 10
	e.start(eventloop.Options{OutboxLimit: 2 * rounds * size})
	topic := eventloop.NewTopic(eventloop.TopicOptions{Window: 2 * rounds * size})
	p, w := e.serve(subscriber(topic))
	for i := range rounds {
		e.on(w.conn.Loop(), func() {
			topic.Append(0, 0, marked('t', i, size))
			w.conn.Write(marked('w', i, size/2))
		})
	}
	for i := range rounds {
		p.want(string(marked('t', i, size)))
		p.want(string(marked('w', i, size/2)))
	}
}

// marked returns n bytes that identify their source.
func marked(kind byte, i, n int) []byte {
	b := pattern(n)
	copy(b, fmt.Sprintf("%c%d", kind, i))
	return b
}

func writeThenSubscribe(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{Keep: 100})
	topic.Append(0, 0, []byte("one "))
	p, _ := e.serve(script{opened: func(c *eventloop.Conn) {
		c.Write([]byte("greeting "))
		c.Subscribe(topic, 0, 0)
		c.Write([]byte("reply "))
		topic.Append(0, 0, []byte("two "))
	}})
	p.want("greeting one reply two ")
}
