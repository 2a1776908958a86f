package looptest

import (
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func farewellBehaviours() []behaviour {
	return []behaviour{
		{"the last byte arrives before a graceful close", lastByte},
		{"a graceful close with unread input delivers 1 MiB whole", farewell},
		{"a peer that never closes is waited for no longer than LingerTimeout", lingers},
		{"a slow reader of a farewell costs no turns once it has it all", lingersQuietly},
		{"messages appended to topics before Close arrive, later ones do not", closeWithTopics},
	}
}

const mebibyte = 1 << 20

func lastByte(e *env) {
	e.start(eventloop.Options{OutboxLimit: 8 * mebibyte})
	want := pattern(5*mebibyte + 1)
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		c.Write(want)
		c.Close()
	}})
	p.send("x")
	p.wantAll(want)
	p.close()
	w.wantClosed(nil)
}

func farewell(e *env) {
	e.start(eventloop.Options{LingerTimeout: patience})
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) { c.Pause() }})
	want := pattern(mebibyte)
	for range 10 {
		p, w := e.connect(to)
		p.send(string(make([]byte, 64<<10))) // this is never read
		p.flood()
		e.on(w.conn.Loop(), func() {
			w.conn.Write(want)
			w.conn.Close()
		})
		p.wantAll(want)
		p.close()
		w.untilClosed()
	}
}

func lingers(e *env) {
	e.start(eventloop.Options{LingerTimeout: 20 * time.Millisecond})
	p, w := e.serve(script{}) // a peer that has not connected yet would not see the end
	e.on(w.conn.Loop(), func() {
		w.conn.Close()
		w.conn.SetDeadline(0) // too late to matter
	})
	p.wantEnd()
	w.wantClosed(nil)
}

func lingersQuietly(e *env) {
	e.start(eventloop.Options{LingerTimeout: patience, OutboxLimit: 2 * blockingWrite})
	p, w := e.serve(script{opened: func(c *eventloop.Conn) {
		c.Write(make([]byte, blockingWrite))
		c.Close()
	}})
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	p.get(blockingWrite)
	p.wantEnd() // but does not close
	const timers = 20
	if turns := e.pass(timers); turns > quietTurns(timers) {
		e.Errorf("%d turns during %d timers", turns, timers)
	}
	p.close()
	w.wantClosed(nil)
}

func closeWithTopics(e *env) {
	e.start(eventloop.Options{})
	a := eventloop.NewTopic(eventloop.TopicOptions{})
	b := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(script{opened: func(c *eventloop.Conn) {
		c.Subscribe(a, 0, 0)
		c.Subscribe(b, 0, 0)
	}})
	e.on(w.conn.Loop(), func() {
		a.Append(0, 0, []byte("1 "))
		b.Append(0, 0, []byte("2 "))
		w.conn.Write([]byte("3 "))
		a.Append(0, 0, []byte("4"))
		w.conn.Close()
		e.afterTurn(w, func() { a.Append(0, 0, []byte("never")) })
	})
	got := make([]byte, 0, 16)
	for len(got) < 7 {
		got = append(got, p.get(1)...)
	}
	if s := string(got); s != "1 2 3 4" && s != "2 1 3 4" {
		e.Errorf("the peer got %q", s)
	}
	p.wantEnd()
	p.close()
	w.wantClosed(nil)
}

// afterTurn calls f on w's loop in a later turn.
func (e *env) afterTurn(w *witness, f func()) {
	l := w.conn.Loop()
	l.AfterFunc(1, e.callback(l, "a timer", f))
}
