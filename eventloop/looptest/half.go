package looptest

import (
	"context"
	"io"
	"net"

	"github.com/sudoXpg/netloop/eventloop"
)

func halfBehaviours() []behaviour {
	return []behaviour{
		{"CloseWrite sends what was written and continues to receive", endsWriting},
		{"CloseWrite comes after what its topics held", endsTopics},
		{"Close after CloseWrite closes gracefully", endsThenCloses},
		{"both sides shut down sending, and Close ends the rest", endsBoth},
		{"LocalAddr and RemoteAddr name both ends of a connection", namesEnds},
		{"Loop.Dial connects on that loop", dialsOnLoop},
		{"Conns counts the connections of each loop", countsConns},
		{"Shutdown returns when every connection was sent what was queued for it", shutsDown},
		{"Shutdown whose context ends closes what is left with ErrClosed", shutsDownStuck},
	}
}

func endsWriting(e *env) {
	answer := pattern(6 << 20)
	e.start(eventloop.Options{OutboxLimit: 8 << 20})
	p, w := e.serve(script{
		received: func(c *eventloop.Conn, data []byte) {
			if string(data) == "?" {
				c.Write(answer)
				c.CloseWrite()
				c.CloseWrite()
				if _, err := c.Write([]byte("no")); err != eventloop.ErrClosed {
					e.Errorf("Write after CloseWrite: %v", err)
				}
			}
		},
		eof: func(c *eventloop.Conn) { c.Close() },
	})
	p.send("?")
	p.wantAll(answer)
	p.send("more")
	w.untilGot(len("?more"))
	p.closeWrite()
	w.wantClosed(io.EOF)
}

func endsTopics(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	e.on(w.conn.Loop(), func() {
		topic.Append(0, 0, []byte("before "))
		w.conn.Write([]byte("last"))
		w.conn.CloseWrite()
		topic.Append(0, 0, []byte("after"))
		w.conn.Subscribe(topic, 0, 0)
	})
	p.wantAll([]byte("before last"))
	e.on(w.conn.Loop(), func() { topic.Append(0, 0, []byte("later")) })
	p.send("x")
	w.untilGot(1)
	if topic.Subscribed() {
		e.Error("it is subscribed still")
	}
}

func endsThenCloses(e *env) {
	want := pattern(mebibyte - 1)
	e.start(eventloop.Options{})
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		c.Write(want)
		c.CloseWrite()
		c.Close()
		c.CloseWrite()
	}})
	p.send("x")
	p.wantAll(want)
	p.close()
	w.wantClosed(nil)
}

func endsBoth(e *env) {
	e.start(eventloop.Options{})
	ends := 0
	p, w := e.serve(script{eof: func(*eventloop.Conn) { ends++ }})
	p.send("hello")
	p.closeWrite()
	e.until("the end has come", func() bool { return ends > 0 })
	e.on(w.conn.Loop(), func() {
		w.conn.Write([]byte("bye"))
		w.conn.CloseWrite()
	})
	p.want("bye")
	p.wantEnd()
	if turns := e.pass(5); turns > 50 {
		e.Errorf("%d turns for 5 timers and a connection that is ended both ways", turns)
	}
	w.conn.Close()
	w.wantClosed(io.EOF)
	e.look(func() {
		if string(w.got) != "hello" {
			e.Errorf("it received %q", w.got)
		}
	})
}

func namesEnds(e *env) {
	e.start(eventloop.Options{})
	for i, at := range e.addresses() {
		to := e.listen(at[0], at[1], echo())
		var local, remote net.Addr
		client := e.dialled(at[0], to.String(), script{opened: func(c *eventloop.Conn) {
			local, remote = c.LocalAddr(), c.RemoteAddr()
		}})
		e.until("both ends are open", func() bool { return client.opens > 0 && len(e.conns) > i && e.conns[i].opens > 0 })
		server := e.conns[i].conn
		if remote.String() != to.String() || remote.Network() != to.Network() {
			e.Errorf("the client of %s sees %s %s", to, remote.Network(), remote)
		}
		e.on(server.Loop(), func() {
			if a := server.LocalAddr(); a.String() != to.String() {
				e.Errorf("LocalAddr of what %s accepted is %s", to, a)
			}
			if a := server.RemoteAddr(); a.Network() != to.Network() || at[0] != "unix" && a.String() != local.String() {
				e.Errorf("RemoteAddr of what %s accepted is %s %s, the client's LocalAddr %s", to, a.Network(), a, local)
			}
			server.Abort(nil)
			if a := server.LocalAddr(); a != nil {
				e.Errorf("LocalAddr of a closed connection is %s", a)
			}
		})
		client.untilClosed()
	}
}

func dialsOnLoop(e *env) {
	e.start(eventloop.Options{Loops: 3})
	to := e.listen("tcp", loopback, echo())
	for range 2 {
		for i, l := range e.g.Loops() {
			e.mu.Lock()
			w, h := e.handler(greeter())
			w.used = true
			e.mu.Unlock()
			if err := l.Dial("tcp", to.String(), e.dialing(h)); err != nil {
				e.Fatalf("Dial: %v", err)
			}
			w.wantClosed(nil)
			if w.conn.Loop() != l {
				e.Errorf("a connection of loop %d is on another one", i)
			}
		}
	}
}

func countsConns(e *env) {
	e.start(eventloop.Options{Loops: 2})
	to := e.listen("tcp", loopback, script{})
	for i := range 4 {
		if n := e.g.Conns(); n != i {
			e.Errorf("%d connections, want %d", n, i)
		}
		e.connect(to)
	}
	for i, l := range e.g.Loops() {
		if n := l.Conns(); n != 2 {
			e.Errorf("loop %d has %d connections, want 2", i, n)
		}
	}
	e.conns[0].conn.Close()
	e.peers[0].close()
	e.conns[0].untilClosed()
	if n := e.g.Conns(); n != 3 {
		e.Errorf("%d connections when one of 4 is closed", n)
	}
}

func shutsDown(e *env) {
	e.start(crowdOptions())
	if e.virtual() {
		e.Skip("Shutdown waits for Run, and the loops of a simulated world are stepped")
	}
	want := pattern(mebibyte - 1)
	p, w := e.serve(script{draining: func(c *eventloop.Conn) { c.Write(want) }})
	done := make(chan error)
	go func() { done <- e.g.Shutdown(context.Background()) }()
	p.wantAll(want)
	p.close()
	if err := <-done; err != nil {
		e.Errorf("Shutdown: %v", err)
	}
	w.wantClosed(nil)
	e.join()
	if err := e.g.Shutdown(context.Background()); err != nil {
		e.Errorf("Shutdown of a closed group: %v", err)
	}
}

func shutsDownStuck(e *env) {
	e.start(crowdOptions())
	if e.virtual() {
		e.Skip("Shutdown waits for Run, and the loops of a simulated world are stepped")
	}
	_, blocked, _ := crowd(e)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- e.g.Shutdown(ctx) }()
	e.peers[0].wantEnd()
	e.peers[0].close()
	cancel()
	if err := <-done; err != context.Canceled {
		e.Errorf("Shutdown: %v", err)
	}
	e.conns[1].wantClosed(eventloop.ErrClosed)
	blocked.gone()
	e.join()
}
