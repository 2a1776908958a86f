package looptest

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
)

func streamBehaviours() []behaviour {
	return []behaviour{
		{"bytes written in Received come back", echoes},
		{"a large answer reaches a slow reader whole and in order", largeAnswer},
		{"bytes keep their order however they are split", keepsOrder},
		{"lines sent before the end of the input are delivered, then EOF", halfClose},
		{"without an EOFHandler the end of the input closes gracefully", halfCloseDefault},
		{"a connection that is reset is closed with the error", resetPeer},
		{"a paused connection receives nothing until it is resumed", pauses},
		{"a paused connection whose peer is dead makes no turns", pausedDead},
		{"an outbox over its limit closes the connection with ErrOutboxFull", outboxFull},
		{"after SetHandler the new handler gets the events", setHandler},
	}
}

// echo is the script of a server that sends back what it gets.
func echo() script {
	return script{received: func(c *eventloop.Conn, data []byte) { c.Write(data) }}
}

func echoes(e *env) {
	e.start(eventloop.Options{})
	for _, at := range e.addresses() {
		to := e.listen(at[0], at[1], echo())
		p, w := e.connect(to)
		for _, s := range []string{"a", "hello\n", strings.Repeat("x", 1000)} {
			p.send(s)
			p.want(s)
		}
		if remote := w.conn.RemoteAddrPort(); remote.IsValid() != (at[0] != "unix") {
			e.Errorf("RemoteAddrPort over %s is %v", at[0], remote)
		}
		p.close()
		if err := w.untilClosed(); err == nil {
			e.Errorf("Closed got nil though the peer closed first")
		}
	}
}

// addresses returns addresses to listen on: IPv4, IPv6 if this machine has it, and
// a Unix socket if the backend has them.
func (e *env) addresses() [][2]string {
	e.Helper()
	all := [][2]string{{"tcp4", loopback}}
	if e.unixSockets() == nil {
		all = append(all, [2]string{"unix", e.socketPath()})
	}
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		all = append(all, [2]string{"tcp6", "[::1]:0"})
		if err := ln.Close(); err != nil {
			e.Error(err)
		}
	}
	return all
}

// unixSockets returns errors.ErrUnsupported of a backend without them, or nil.
func (e *env) unixSockets() error {
	e.Helper()
	b, err := e.o.Open()
	if err != nil {
		e.Fatal(err)
	}
	path := e.socketPath()
	ln, err := b.Listen("unix", path, eventloop.ListenOptions{})
	if err == nil {
		err = b.CloseHandle(ln)
		if u, ok := b.(eventloop.Unlinker); ok {
			err = errors.Join(err, u.Unlink(path))
		}
	}
	if err := b.Close(); err != nil {
		e.Error(err)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		e.Fatal(err)
	}
	return err
}

// socketPath returns a path that is short enough for a Unix socket.
func (e *env) socketPath() string {
	e.Helper()
	if e.virtual() {
		return "/looptest"
	}
	return filepath.Join(tempDir(e.T), "s")
}

func largeAnswer(e *env) {
	answer := pattern(6 << 20)
	e.start(eventloop.Options{OutboxLimit: 8 << 20})
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		for rest := answer; len(rest) > 0; {
			n := min(len(rest), 100_001)
			c.Write(rest[:n])
			rest = rest[n:]
		}
	}})
	p.send("x")
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	got := 0
	for size := 1; got < len(answer); size = min(3*size, 64<<10) {
		n := min(size, len(answer)-got)
		if string(p.get(n)) != string(answer[got:got+n]) {
			e.Fatalf("the answer is not what was written, around byte %d", got)
		}
		got += n
	}
	e.until("Drained is called", func() bool { return w.drains == 1 })
}

func keepsOrder(e *env) {
	e.start(eventloop.Options{ReadBuffer: 777})
	p, w := e.serve(echo())
	sent := pattern(60_000)
	for rest, n := sent, 1; len(rest) > 0; n = (n*7 + 3) % 4001 {
		n = min(n+1, len(rest))
		p.send(string(rest[:n]))
		rest = rest[n:]
	}
	p.want(string(sent))
	e.look(func() {
		if string(w.got) != string(sent) {
			e.Errorf("the server did not receive what was sent")
		}
	})
}

func halfClose(e *env) {
	e.start(eventloop.Options{})
	ends := 0
	p, w := e.serve(script{
		eof: func(c *eventloop.Conn) {
			ends++
			c.Write(fmt.Appendf(nil, "%d bytes, ", len(e.conns[0].got)))
			c.Loop().AfterFunc(1, e.callback(c.Loop(), "a timer", func() {
				c.Write([]byte("bye"))
				c.Close()
			}))
		},
	})
	p.send("one\ntwo\nthree\n")
	p.closeWrite()
	p.wantAll([]byte("14 bytes, bye"))
	w.untilClosed()
	e.look(func() {
		if ends != 1 {
			e.Errorf("EOF %d times", ends)
		}
	})
}

func halfCloseDefault(e *env) {
	e.start(eventloop.Options{})
	p, w := e.serve(echo())
	p.send("one\ntwo\nthree\n")
	p.closeWrite()
	p.wantAll([]byte("one\ntwo\nthree\n"))
	if err := w.untilClosed(); err == nil {
		e.Errorf("Closed got nil though the peer closed first")
	}
}

func resetPeer(e *env) {
	e.start(eventloop.Options{})
	p, w := e.serve(echo())
	p.reset()
	if err := w.untilClosed(); err == nil {
		e.Errorf("Closed got nil after a reset")
	}
}

func pauses(e *env) {
	e.start(eventloop.Options{})
	p, w := e.serve(script{received: func(c *eventloop.Conn, data []byte) {
		c.Write(data)
		c.Pause()
	}})
	p.send("a")
	p.want("a")
	p.send("b")
	e.pass(5)
	e.look(func() {
		if len(w.got) != 1 {
			e.Errorf("received %d bytes while paused", len(w.got)-1)
		}
	})
	e.on(w.conn.Loop(), w.conn.Resume)
	p.want("b")
}

// quietTurns is how many turns n timers may take: each may be found not quite
// due once, and something else may happen now and then.
func quietTurns(n int) int { return 3*n + 20 }

func pausedDead(e *env) {
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) { c.Pause() }})
	hung, _ := e.connect(to)
	dead, _ := e.connect(to)
	hung.send("x")
	hung.close()
	dead.reset()
	const timers = 20
	if turns := e.pass(timers); turns > quietTurns(timers) {
		e.Errorf("%d turns during %d timers", turns, timers)
	}
	for _, w := range e.conns {
		e.on(w.conn.Loop(), w.conn.Resume)
		if err := w.untilClosed(); err == nil {
			e.Errorf("Closed got nil though the peer closed first")
		}
	}
}

func outboxFull(e *env) {
	const limit = 10_000 // a handshake has to fit, too
	e.start(eventloop.Options{OutboxLimit: limit})
	var first, second error
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		_, first = c.Write(make([]byte, limit))
		_, second = c.Write(make([]byte, 1))
	}})
	p.send("x")
	w.wantClosed(eventloop.ErrOutboxFull)
	p.gone()
	e.look(func() {
		if first != nil || second != eventloop.ErrOutboxFull {
			e.Errorf("Write returned %v, then %v", first, second)
		}
	})
}

func setHandler(e *env) {
	e.start(eventloop.Options{})
	var next *witness
	p, w := e.serve(script{received: func(c *eventloop.Conn, _ []byte) {
		var h eventloop.Handler
		next, h = e.handler(script{received: func(c *eventloop.Conn, data []byte) {
			c.Write(append([]byte("next "), data...))
		}})
		next.used, next.opens = true, 1
		c.SetHandler(h)
	}})
	p.send("a")
	w.untilGot(1)
	p.send("b")
	p.want("next b")
	p.close()
	next.untilClosed()
	e.look(func() {
		if w.used = false; w.closes > 0 {
			e.Errorf("the old handler got Closed")
		}
	})
}
