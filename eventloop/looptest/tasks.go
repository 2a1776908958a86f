package looptest

import (
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

func taskBehaviours() []behaviour {
	return []behaviour{
		{"functions posted from many goroutines run in the order of each", postOrder},
		{"a function posted by a posted function runs after it", postFromPost},
		{"Post beyond PostLimit returns ErrBusy, and Close still works", postLimit},
		{"Offload runs its work elsewhere and done on the loop, reading paused", offloads},
		{"Offload's done is dropped when the connection is gone", offloadGone},
		{"an Executor without room is reported by Offload, and reading continues", offloadBusy},
	}
}

func postOrder(e *env) {
	const goroutines, each = 50, 200
	e.start(eventloop.Options{})
	l := e.g.Loops()[0]
	next := make([]int, goroutines)
	total := 0
	var wg sync.WaitGroup
	for id := range goroutines {
		wg.Go(func() {
			for i := range each {
				err := l.Post(e.callback(l, "a posted function", func() {
					if next[id] != i {
						e.Errorf("goroutine %d: function %d after %d", id, i, next[id]-1)
					}
					next[id] = i + 1
					total++
				}))
				if err != nil {
					e.Errorf("Post: %v", err)
				}
			}
		})
	}
	wg.Wait()
	e.until("all functions have run", func() bool { return total == goroutines*each })
}

func postFromPost(e *env) {
	e.start(eventloop.Options{})
	l := e.g.Loops()[0]
	depth := 0
	var again func()
	again = e.callback(l, "a posted function", func() {
		if depth++; depth < 100 {
			if err := l.Post(again); err != nil {
				e.Errorf("Post: %v", err)
			}
		}
	})
	e.on(l, func() {
		if err := l.Post(again); err != nil {
			e.Errorf("Post: %v", err)
		}
		if depth > 0 {
			e.Error("a posted function ran inside another")
		}
	})
	e.until("a hundred functions have run", func() bool { return depth == 100 })
}

func postLimit(e *env) {
	const limit = 10
	e.start(eventloop.Options{PostLimit: limit})
	p, w := e.serve(script{})
	l := w.conn.Loop()
	posted, ran := 0, 0
	e.on(l, func() {
		for range 2 * limit {
			switch err := l.Post(e.callback(l, "a posted function", func() { ran++ })); err {
			case nil:
				posted++
			case eventloop.ErrBusy:
			default:
				e.Errorf("Post: %v", err)
			}
		}
		if err := w.conn.Post(func() {}); err != eventloop.ErrBusy {
			e.Errorf("Conn.Post: %v", err)
		}
		w.conn.Close()
	})
	p.wantEnd()
	p.close()
	w.wantClosed(nil)
	e.look(func() {
		if posted != limit || ran != limit {
			e.Errorf("%d functions posted, %d ran, the limit is %d", posted, ran, limit)
		}
	})
}

func offloads(e *env) {
	e.start(eventloop.Options{})
	release := make(chan struct{})
	if e.virtual() {
		close(release) // jobs must not block
	}
	to := e.listen("tcp", loopback, script{received: func(c *eventloop.Conn, data []byte) {
		line := string(data)
		answer := ""
		if err := c.Offload(func() {
			<-release
			answer = "answer to " + line + " "
		}, e.callback(c.Loop(), "done of Offload", func() { c.Write([]byte(answer)) })); err != nil {
			e.Errorf("Offload: %v", err)
		}
	}})
	p, w := e.connect(to)
	p.send("1")
	w.untilGot(1)
	p.send("2")
	if !e.virtual() {
		e.pass(5)
		e.look(func() {
			if len(w.got) != 1 {
				e.Errorf("received %q while offloaded", w.got)
			}
		})
		close(release)
	}
	p.want("answer to 1 answer to 2 ")
}

func offloadGone(e *env) {
	e.start(eventloop.Options{})
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		if err := c.Offload(func() {}, func() { e.Error("done of a connection that is gone") }); err != nil {
			e.Errorf("Offload: %v", err)
		}
		c.Abort(nil)
	}})
	p.send("x")
	w.wantClosed(nil)
	worked := false
	q, _ := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		if err := c.Offload(func() {}, e.callback(c.Loop(), "done of Offload", func() { worked = true })); err != nil {
			e.Errorf("Offload: %v", err)
		}
	}})
	q.send("x")
	e.until("the work is done", func() bool { return worked })
	e.pass(5)
}

// busy is an Executor without room.
type busy struct{}

// Execute implements eventloop.Executor.
func (busy) Execute(func()) error { return eventloop.ErrBusy }

func offloadBusy(e *env) {
	e.o.Executor = busy{}
	e.start(eventloop.Options{})
	p, _ := e.serve(script{received: func(c *eventloop.Conn, data []byte) {
		if err := c.Offload(func() {}, func() { e.Error("done without work") }); err != eventloop.ErrBusy {
			e.Errorf("Offload: %v", err)
		}
		c.Write(data)
	}})
	p.send("a")
	p.want("a")
	p.send("b")
	p.want("b")
}
