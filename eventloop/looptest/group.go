package looptest

import (
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func groupBehaviours() []behaviour {
	return []behaviour{
		{"closing a running group closes every connection with ErrClosed", closesGroup},
		{"Close of the group in a callback", closesInCallback},
		{"a closed group takes nothing any more", closedGroup},
		{"Drain sends every connection what is queued for it", drains},
		{"a DrainHandler says goodbye before its connection is closed", drainsTold},
		{"Drain with peers that are stuck ends with ErrDeadline", drainsStuck},
	}
}

// crowd connects an idle peer, a blocked one and a paused one to two loops.
func crowd(e *env) (idle, blocked, paused *peer) {
	e.Helper()
	to := e.listen("tcp", loopback, script{})
	idle, _ = e.connect(to)
	blocked, b := e.connect(to)
	paused, p := e.connect(to)
	b.write(make([]byte, blockingWrite))
	e.on(p.conn.Loop(), p.conn.Pause)
	paused.send("unread")
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	return idle, blocked, paused
}

func crowdOptions() eventloop.Options {
	return eventloop.Options{Loops: 2, OutboxLimit: 2 * blockingWrite}
}

func closesGroup(e *env) {
	e.start(crowdOptions())
	idle, blocked, paused := crowd(e)
	e.stop()
	e.stop()
	for _, w := range e.conns {
		w.wantClosed(eventloop.ErrClosed)
	}
	for _, p := range []*peer{idle, blocked, paused} {
		p.gone()
	}
}

func closesInCallback(e *env) {
	if e.virtual() {
		e.start(eventloop.Options{})
		e.Skip("a loop that is stepped is closed between steps")
	}
	e.start(crowdOptions())
	crowd(e)
	p, _ := e.serve(script{received: func(*eventloop.Conn, []byte) {
		if err := e.g.Close(); err != nil {
			e.Errorf("Close: %v", err)
		}
	}})
	p.send("x")
	e.join()
	for _, w := range e.conns {
		w.wantClosed(eventloop.ErrClosed)
	}
}

func closedGroup(e *env) {
	e.start(eventloop.Options{})
	_, w := e.serve(script{})
	l := e.g.Loops()[0]
	e.stop()
	w.wantClosed(eventloop.ErrClosed)
	never := func() { e.Error("a function posted to a closed loop was called") }
	if err := l.Post(never); err != eventloop.ErrClosed {
		e.Errorf("Post: %v", err)
	}
	if err := w.conn.Post(never); err != eventloop.ErrClosed {
		e.Errorf("Conn.Post: %v", err)
	}
	if err := e.g.Dial("tcp", loopback, &witness{e: e}); err != eventloop.ErrClosed {
		e.Errorf("Dial: %v", err)
	}
	if _, err := e.g.Listen("tcp", loopback, e.accept(script{})); err == nil {
		e.Error("Listen works")
	}
	w.conn.Close()
	e.g.Drain(time.Second)
	if err := e.g.Run(); err == nil {
		e.Error("Run works")
	}
}

// drained waits for a drain to end, which in the real world ends Run.
func (e *env) drained() {
	e.Helper()
	e.until("every connection is closed", func() bool {
		for _, w := range e.all {
			if w.closes == 0 {
				return false
			}
		}
		return true
	})
	if !e.virtual() {
		e.join()
	}
}

func drains(e *env) {
	e.start(crowdOptions())
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, subscriber(topic))
	want := pattern(mebibyte - 1)
	var peers []*peer
	for range 3 {
		p, _ := e.connect(to)
		peers = append(peers, p)
	}
	topic.Append(0, 0, want)
	e.g.Drain(patience)
	for _, p := range peers {
		p.wantAll(want)
		p.close()
	}
	e.drained()
	for _, w := range e.conns {
		w.wantClosed(nil)
	}
	if e.reachable(to) {
		e.Error("a drained group still listens")
	}
}

func drainsTold(e *env) {
	e.start(crowdOptions())
	p, w := e.serve(script{draining: func(c *eventloop.Conn) { c.Write([]byte("goodbye")) }})
	gone, closed := e.serve(script{draining: func(*eventloop.Conn) { e.Error("Draining after Close") }})
	closed.conn.Close()
	gone.wantEnd()
	e.g.Drain(patience)
	p.want("goodbye")
	p.wantEnd()
	p.close()
	gone.close()
	e.drained()
	w.wantClosed(nil)
	closed.wantClosed(nil)
}

func drainsStuck(e *env) {
	e.start(crowdOptions())
	idle, _, _ := crowd(e)
	e.g.Drain(2 * soon)
	idle.wantEnd()
	idle.close()
	e.drained()
	stuck := 0
	for _, w := range e.conns {
		if w.err == eventloop.ErrDeadline {
			stuck++
		}
	}
	if stuck < 1 {
		e.Error("nobody was closed with ErrDeadline")
	}
}
