package looptest

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func closeBehaviours() []behaviour {
	return []behaviour{
		{"Close in Opened", closeIn(func(end ending) script { return script{opened: end} })},
		{"Close in Received", closeIn(func(end ending) script {
			return script{received: func(c *eventloop.Conn, _ []byte) { end(c) }}
		})},
		{"Close in EOF", closeIn(func(end ending) script { return script{eof: end} })},
		{"Close in Deadline", closeIn(func(end ending) script {
			return script{
				opened:   func(c *eventloop.Conn) { c.SetDeadline(time.Millisecond) },
				deadline: end,
			}
		})},
		{"Close in Drained", closeIn(inDrained)},
		{"Close from another connection's callback", closeElsewhere},
		{"Close from another goroutine", closeFromGoroutine},
		{"after Close in a posted function nothing is received", closeThenReceive},
	}
}

func abortBehaviours() []behaviour {
	return []behaviour{
		{"Abort in Opened", abortIn(func(end ending) script { return script{opened: end} })},
		{"Abort in Received", abortIn(func(end ending) script {
			return script{received: func(c *eventloop.Conn, _ []byte) { end(c) }}
		})},
		{"Abort in EOF", abortIn(func(end ending) script { return script{eof: end} })},
		{"Abort in Deadline", abortIn(func(end ending) script {
			return script{
				opened:   func(c *eventloop.Conn) { c.SetDeadline(time.Millisecond) },
				deadline: end,
			}
		})},
		{"Abort in Drained", abortIn(inDrained)},
		{"Abort of others from a callback", abortOthers},
		{"a closed connection takes nothing and does nothing", useAfterClose},
	}
}

// An ending closes a connection.
type ending func(c *eventloop.Conn)

// blockingWrite is more than sockets take without a reader.
const blockingWrite = 16 << 20

func inDrained(end ending) script {
	return script{
		opened:  func(c *eventloop.Conn) { c.Write(make([]byte, blockingWrite)) },
		drained: end,
	}
}

// provoke connects a peer and has it trigger the callbacks of a script.
func provoke(e *env, to net.Addr, s script) *peer {
	e.Helper()
	before := e.g.Stats().Blocked
	p := e.dial(to)
	switch {
	case s.drained != nil:
		e.until("a write found no room", func() bool { return e.g.Stats().Blocked > before })
		p.get(blockingWrite)
	case s.opened == nil:
		p.sendLast("x")
	}
	return p
}

func closeIn(make func(ending) script) func(*env) {
	return func(e *env) {
		e.start(eventloop.Options{Loops: 2, OutboxLimit: 2 * blockingWrite})
		s := make(func(c *eventloop.Conn) {
			c.Write([]byte("bye"))
			c.Close()
			c.Close()
		})
		to := e.listen("tcp", loopback, s)
		for i := range 4 {
			p := provoke(e, to, s)
			p.wantAll([]byte("bye"))
			p.close()
			e.until("the connection is closed", func() bool {
				return len(e.conns) == i+1 && e.conns[i].closes > 0
			})
			e.look(func() {
				if err := e.conns[i].err; err != nil && err != io.EOF {
					e.Errorf("Closed got %v", err)
				}
			})
		}
	}
}

func closeElsewhere(e *env) {
	e.start(eventloop.Options{Loops: 2})
	var victims []*witness
	to := e.listen("tcp", loopback, script{received: func(*eventloop.Conn, []byte) {
		for _, v := range victims {
			v.conn.Close()
		}
	}})
	p1, v1 := e.connect(to)
	p2, v2 := e.connect(to) // one of them on the killer's loop, one on the other
	killer, _ := e.connect(to)
	e.look(func() { victims = []*witness{v1, v2} })
	killer.send("x")
	for _, p := range []*peer{p1, p2} {
		p.wantEnd()
		p.close()
	}
	v1.wantClosed(nil)
	v2.wantClosed(nil)
}

func closeFromGoroutine(e *env) {
	e.start(eventloop.Options{Loops: 2})
	to := e.listen("tcp", loopback, script{})
	for range 4 {
		p, w := e.connect(to)
		done := make(chan struct{})
		for range 3 {
			go func() {
				w.conn.Close()
				done <- struct{}{}
			}()
		}
		for range 3 {
			<-done
		}
		p.wantEnd()
		p.close()
		w.wantClosed(nil)
	}
}

// closeThenReceive makes bytes of the peer wait when Close is called after the
// turn's reading.
func closeThenReceive(e *env) {
	e.start(eventloop.Options{})
	for range 5 {
		p, w := e.serve(script{opened: func(c *eventloop.Conn) { c.Pause() }})
		p.send("x")
		e.on(w.conn.Loop(), func() {
			w.conn.Resume()
			w.conn.Close()
		})
		p.wantEnd()
		p.close()
		w.wantClosed(nil)
		e.look(func() {
			if len(w.got) > 0 {
				e.Errorf("received %q after Close", w.got)
			}
		})
	}
}

var errAbort = errors.New("looptest: abort")

func abortIn(make func(ending) script) func(*env) {
	return func(e *env) {
		e.start(eventloop.Options{Loops: 2, OutboxLimit: 2 * blockingWrite})
		s := make(func(c *eventloop.Conn) {
			c.Write([]byte("lost"))
			c.Abort(errAbort)
			c.Abort(io.ErrUnexpectedEOF)
			c.Close()
		})
		to := e.listen("tcp", loopback, s)
		for i := range 4 {
			p := provoke(e, to, s)
			p.gone()
			p.close()
			e.until("the connection is closed", func() bool {
				return len(e.conns) == i+1 && e.conns[i].closes > 0
			})
			e.conns[i].wantClosed(errAbort)
		}
	}
}

func abortOthers(e *env) {
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{received: func(c *eventloop.Conn, _ []byte) {
		for _, w := range e.conns {
			if w.conn != c {
				w.conn.Abort(errAbort)
			}
		}
	}})
	const n = 10
	peers := make([]*peer, n)
	for i := range peers {
		peers[i], _ = e.connect(to)
	}
	e.look(func() {}) // all are open
	for _, p := range peers {
		if _, err := p.write([]byte("x")); err != nil {
			continue // aborted already
		}
	}
	e.until("all but one are closed", func() bool {
		closed := 0
		for _, w := range e.conns {
			if w.closes > 0 {
				closed++
			}
		}
		return closed == n-1
	})
}

func useAfterClose(e *env) {
	e.start(eventloop.Options{})
	use := func(c *eventloop.Conn) {
		if _, err := c.Write([]byte("x")); err != eventloop.ErrClosed {
			e.Errorf("Write after the end returned %v", err)
		}
		c.Close()
		c.Abort(errAbort)
		c.Pause()
		c.Resume()
		c.SetDeadline(time.Millisecond)
		c.SetIdleTimeout(time.Millisecond)
		t := eventloop.NewTopic(eventloop.TopicOptions{})
		sub := c.Subscribe(t, 0, 0)
		t.Append(0, 0, []byte("x"))
		sub.Close()
		sub.Close()
	}
	_, w := e.serve(script{closed: func(c *eventloop.Conn, _ error) { use(c) }})
	e.on(w.conn.Loop(), func() { w.conn.Abort(nil) })
	w.wantClosed(nil)
	e.on(w.conn.Loop(), func() { use(w.conn) })
	e.pass(5)
	dropped := false
	if err := w.conn.Post(func() { dropped = true }); err != nil {
		e.Errorf("Post: %v", err)
	}
	e.on(w.conn.Loop(), func() {
		if dropped {
			e.Error("a function posted to a closed connection was called")
		}
	})
}
