package looptest

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
)

func filterBehaviours() []behaviour {
	return []behaviour{
		{"a filter gets raw bytes one by one and loses none", filteredBytes},
		{"a clean end of the peer is the end of the input, also when the socket stays open", cleanEnd},
		{"without an EOFHandler a clean end closes gracefully", cleanEndDefault},
		{"raw bytes that end without a clean end close with io.ErrUnexpectedEOF", truncated},
		{"a filter that fails closes with its error, after its alert", forged},
		{"a filter that fails drops the outbox, but not bytes to be sent unsealed", forgedEarly},
		{"a failed filter's error is what Closed gets, whatever comes after", forgedThenReset},
		{"a key update is answered though nothing is written", keyUpdate},
		{"bytes that a filter holds while reading is paused arrive after Resume, without another byte", pausedInside},
		{"bytes that a filter holds during Offload arrive after it", offloadedInside},
		{"bytes that a filter holds when its peer closes arrive before the end", closedInside},
		{"Close drops the bytes that a filter holds", closeInside},
		{"a filter that expands its input starves nobody", expands},
		{"SetFilter begins at its place in both streams", startTLS},
		{"SetFilter has messages of topics before it unsealed, and later ones sealed", startTLSTopic},
		{"SetFilter can be called once, and not after CloseWrite or Close", setFilterOnce},
		{"a filter is idle, and owns nothing, when there is nothing to read", filterIdles},
	}
}

// sealed starts a group whose connections have a filter, and connects one.
func sealed(e *env, o eventloop.Options, s script) (*peer, *witness) {
	e.Helper()
	e.filtered = true
	e.start(o)
	return e.serve(s)
}

// wantAnswer reads until the toy's record has come, and nothing else with it.
func (p *peer) wantAnswer(what string, came func() bool) {
	p.e.Helper()
	for !came() {
		raw := make([]byte, 1)
		n, err := p.readRaw(raw)
		if err != nil {
			p.e.Fatalf("read: %v, want %s", err, what)
		}
		p.toy.Feed(raw[:n])
		if n, err := p.toy.Read(raw); n > 0 || err != eventloop.ErrWouldBlock && !came() {
			p.e.Fatalf("the peer got %d bytes and %v, want %s", n, err, what)
		}
	}
}

func filteredBytes(e *env) {
	p, w := sealed(e, eventloop.Options{ReadBuffer: 1}, echo())
	want := pattern(500)
	raw := p.toy.Seal(nil, want[:300])
	raw = p.toy.Update(raw)
	raw = p.toy.Seal(raw, want[300:])
	for i := range raw {
		p.sendRaw(raw[i : i+1])
	}
	p.want(string(want))
	e.look(func() {
		if !bytes.Equal(w.got, want) {
			e.Errorf("the handler got %d bytes of %d%s", len(w.got), len(want), difference(w.got, want))
		}
	})
}

func cleanEnd(e *env) {
	ends := 0
	p, w := sealed(e, eventloop.Options{}, script{eof: func(*eventloop.Conn) { ends++ }})
	p.send("last words")
	p.sendRaw(p.toy.End(nil))
	e.until("the end has come", func() bool { return ends > 0 })
	p.sendRaw([]byte("what follows is not looked at"))
	w.write([]byte("an answer"))
	p.want("an answer")
	if turns := e.pass(5); turns > quietTurns(5) {
		e.Errorf("%d turns for 5 timers and a connection that has ended", turns)
	}
	e.on(w.conn.Loop(), w.conn.CloseWrite)
	p.wantEnd()
	w.conn.Close()
	w.wantClosed(io.EOF)
	e.look(func() {
		if ends != 1 || string(w.got) != "last words" {
			e.Errorf("EOF %d times, after %q", ends, w.got)
		}
	})
}

func cleanEndDefault(e *env) {
	p, w := sealed(e, eventloop.Options{}, echo())
	p.send("last words")
	p.sendRaw(p.toy.End(nil))
	p.wantAll([]byte("last words"))
	w.wantClosed(io.EOF)
}

func truncated(e *env) {
	e.filtered = true
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{eof: func(*eventloop.Conn) { e.Error("a truncated stream has ended") }})
	for cut := range toyfilter.Overhead + 3 {
		p, w := e.connect(to)
		p.send("whole")
		p.sendRaw(p.toy.Seal(nil, []byte("cut"))[:cut])
		p.halfClose()
		w.wantClosed(io.ErrUnexpectedEOF)
		p.gone()
		e.look(func() {
			if string(w.got) != "whole" {
				e.Errorf("cut after %d bytes of a record: received %q", cut, w.got)
			}
		})
	}
}

// forge sends a forged record.
func (p *peer) forge() {
	p.e.Helper()
	raw := p.toy.Seal(nil, []byte("forged"))
	raw[toyfilter.Overhead] ^= 1
	p.sendRaw(raw)
}

func forged(e *env) {
	e.filtered = true
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	to := e.listen("tcp", loopback, script{
		opened: func(c *eventloop.Conn) {
			c.Subscribe(topic, 0, topic.Head())
			c.Trail(false)
		},
		received: func(c *eventloop.Conn, _ []byte) {
			topic.Append(0, 0, []byte("never"))
			c.Write([]byte("never"))
		},
		eof: func(*eventloop.Conn) { e.Error("a forged stream has ended") },
	})
	p, w := e.connect(to)
	w.write([]byte("before "))
	p.want("before ")
	raw := p.toy.Seal(nil, []byte("x"))
	last := p.toy.Seal(nil, []byte("y"))
	last[toyfilter.Overhead] ^= 1
	p.sendRaw(append(raw, last...)) // in one turn, as a rule
	if _, err := io.ReadAll(p); err != toyfilter.ErrAlert {
		e.Errorf("the peer got %v, want the alert", err)
	}
	p.close()
	w.wantClosed(toyfilter.ErrForged)
	if topic.Subscribed() {
		e.Error("it is subscribed still")
	}
}

// forgedEarly makes a filter fail while what comes before SetFilter is still unsent.
func forgedEarly(e *env) {
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	p, w := e.serve(script{})
	e.on(w.conn.Loop(), func() {
		w.conn.Write(make([]byte, blockingWrite))
		w.filter()
		w.conn.Write([]byte("never"))
	})
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	p.toy = toyfilter.New(e.Errorf)
	p.forge()
	e.until("the filter has failed", func() bool { return w.toy.Over() })
	clearTo(p, blockingWrite)
	if b, err := io.ReadAll(p); err != toyfilter.ErrAlert || len(b) > 0 {
		e.Errorf("the peer got %d bytes and %v, want the alert", len(b), err)
	}
	p.close()
	w.wantClosed(toyfilter.ErrForged)
}

// clearTo reads n bytes that were not sealed.
func clearTo(p *peer, n int) {
	p.e.Helper()
	b := make([]byte, n)
	for at := 0; at < n; {
		m, err := p.readRaw(b[at:])
		if err != nil {
			p.e.Fatalf("read after %d of %d bytes: %v", at, n, err)
		}
		at += m
	}
	if i := bytes.IndexFunc(b, func(r rune) bool { return r != 0 }); i >= 0 {
		p.e.Errorf("byte %d is not what was written", i)
	}
}

func forgedThenReset(e *env) {
	p, w := sealed(e, eventloop.Options{OutboxLimit: 2 * blockingWrite}, script{})
	w.write(make([]byte, blockingWrite))
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	p.forge()
	e.until("the filter has failed", func() bool { return w.toy.Over() })
	p.reset()
	w.wantClosed(toyfilter.ErrForged)
}

func keyUpdate(e *env) {
	p, w := sealed(e, eventloop.Options{}, script{})
	for i := range 3 {
		p.sendRaw(p.toy.Update(nil))
		p.wantAnswer("an answer", func() bool { return p.toy.Updates() == i+1 })
		p.send("x")
	}
	w.untilGot(3)
}

// burst sends many small records at once.
func (p *peer) burst(want []byte) {
	p.e.Helper()
	var raw []byte
	for rest := want; len(rest) > 0; rest = rest[min(100, len(rest)):] {
		raw = p.toy.Seal(raw, rest[:min(100, len(rest))])
	}
	p.sendRaw(raw)
}

func pausedInside(e *env) {
	p, w := sealed(e, eventloop.Options{}, script{received: func(c *eventloop.Conn, _ []byte) { c.Pause() }})
	want := pattern(3000)
	p.burst(want)
	w.untilGot(1)
	for n, all := 0, false; !all; n++ {
		if turns := e.pass(5); n == 0 && turns > quietTurns(5) {
			e.Errorf("%d turns for 5 timers and a connection that is paused", turns)
		}
		e.look(func() {
			if len(w.got) > 100*(n+1) {
				e.Errorf("received %d bytes after %d times Resume", len(w.got), n)
			}
			all = len(w.got) == len(want)
		})
		e.on(w.conn.Loop(), w.conn.Resume)
	}
	e.look(func() {
		if !bytes.Equal(w.got, want) {
			e.Errorf("the handler got something else%s", difference(w.got, want))
		}
	})
}

func offloadedInside(e *env) {
	p, w := sealed(e, eventloop.Options{}, script{received: func(c *eventloop.Conn, data []byte) {
		answer := bytes.Clone(data)
		if err := c.Offload(func() {}, func() { c.Write(answer) }); err != nil {
			e.Errorf("Offload: %v", err)
		}
	}})
	want := pattern(3000)
	p.burst(want)
	p.want(string(want))
	w.untilGot(len(want))
}

func closedInside(e *env) {
	ended := 0
	p, w := sealed(e, eventloop.Options{}, script{
		received: func(c *eventloop.Conn, _ []byte) { c.Pause() },
		eof:      func(*eventloop.Conn) { ended++ },
	})
	want := pattern(1000)
	p.burst(want)
	p.closeWrite()
	for over := false; !over; e.look(func() { over = ended > 0 }) {
		e.on(w.conn.Loop(), w.conn.Resume)
	}
	e.look(func() {
		if !bytes.Equal(w.got, want) {
			e.Errorf("the end came after %d bytes of %d", len(w.got), len(want))
		}
	})
	w.conn.Close()
	p.wantEnd()
	w.wantClosed(io.EOF)
}

func closeInside(e *env) {
	p, w := sealed(e, eventloop.Options{}, script{received: func(c *eventloop.Conn, _ []byte) {
		c.Write([]byte("bye"))
		c.Close()
	}})
	p.burst(pattern(1000))
	p.wantAll([]byte("bye"))
	p.close()
	w.wantClosed(nil)
	e.look(func() {
		if len(w.got) > 100 {
			e.Errorf("%d bytes were received, most of them after Close", len(w.got))
		}
	})
}

// expands makes a few raw bytes stand for a flood.
func expands(e *env) {
	const much, turn = 1 << 24, 1000
	e.filtered = true
	e.start(eventloop.Options{ReadBuffer: turn})
	total := 0
	to := e.listen("tcp", loopback, script{received: func(_ *eventloop.Conn, data []byte) {
		total += len(data)
		e.conns[0].got = nil
	}})
	other, _ := e.connect(e.listen("tcp", loopback, echo()))
	e.look(func() { e.conns = nil })
	p, _ := e.connect(to)
	before := e.g.Stats().Waits
	p.sendRaw(p.toy.Expand(nil, much))
	e.until("the flood has begun", func() bool { return total > 0 })
	for range 20 {
		other.send("echo")
		other.want("echo")
	}
	e.until("the flood is over", func() bool { return total == much })
	if turns := int(e.g.Stats().Waits - before); much > 2*turn*(turns+2) {
		e.Errorf("%d bytes in %d turns, of which each takes %d", much, turns, turn)
	}
}

// startTLS makes both sides begin to seal at the agreed place, while much of what was
// sent before is still in flight.
func startTLS(e *env) {
	before, after := pattern(blockingWrite), pattern(300_000)
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	var w *witness
	p, _ := e.serve(script{opened: func(c *eventloop.Conn) { w = e.conns[0] }, received: func(c *eventloop.Conn, data []byte) {
		if w.toy != nil {
			c.Write(bytes.ToUpper(data))
			return
		}
		command, rest, ok := bytes.Cut(w.got, []byte("\n"))
		if !ok {
			return
		}
		c.Write(before)
		w.got = bytes.Clone(command)
		w.filter()
		w.toy.Feed(rest)
		w.toy.Idle()
		c.Write(after)
	}})
	toy := toyfilter.New(e.Errorf)
	raw := []byte("starttls\n")
	for i := range 10 {
		raw = toy.Seal(raw, fmt.Appendf(nil, "line %d\n", i))
	}
	p.sendRaw(raw)
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	p.want(string(before))
	p.toy = toy
	p.want(string(after))
	var lines strings.Builder
	for i := range 10 {
		fmt.Fprintf(&lines, "LINE %d\n", i)
	}
	p.want(lines.String())
	e.until("Drained is called", func() bool { return w.drains > 0 })
	e.on(w.conn.Loop(), w.conn.Close)
	p.wantEnd()
	p.close()
	w.wantClosed(nil)
}

func startTLSTopic(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	before, after := strings.Repeat("before ", 5000), strings.Repeat("after ", 5000)
	e.on(w.conn.Loop(), func() {
		topic.Append(0, 0, []byte(before))
		w.filter()
		topic.Append(0, 0, []byte(after))
		w.conn.Write([]byte("and written"))
	})
	p.want(before)
	p.toy = toyfilter.New(e.Errorf)
	p.want(after + "and written")
}

func setFilterOnce(e *env) {
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{})
	p, w := e.connect(to)
	set := func(c *eventloop.Conn) error { return c.SetFilter(toyfilter.New(e.Errorf)) }
	e.on(w.conn.Loop(), func() {
		w.filter()
		if err := set(w.conn); err == nil || err == eventloop.ErrClosed {
			e.Errorf("a second SetFilter returned %v", err)
		}
		w.conn.Close()
	})
	p.toy = toyfilter.New(e.Errorf)
	p.wantEnd()
	p.close()
	w.wantClosed(nil)
	ends := map[string]func(*eventloop.Conn){
		"CloseWrite": (*eventloop.Conn).CloseWrite,
		"Abort":      func(c *eventloop.Conn) { c.Abort(nil) },
	}
	for name, end := range ends {
		p, w := e.connect(to)
		e.on(w.conn.Loop(), func() {
			end(w.conn)
			if err := set(w.conn); err != eventloop.ErrClosed {
				e.Errorf("SetFilter after %s returned %v", name, err)
			}
			w.conn.Close()
		})
		p.gone()
		p.close()
		w.untilClosed()
	}
}

func filterIdles(e *env) {
	p, w := sealed(e, eventloop.Options{}, echo())
	for i := range 3 {
		p.send("hello")
		p.want("hello")
		e.on(w.conn.Loop(), func() {
			if w.toy.Idles() <= i || w.toy.Held() > 0 {
				e.Errorf("after %d times Idle it holds %d bytes", w.toy.Idles(), w.toy.Held())
			}
		})
	}
}
