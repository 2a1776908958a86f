package looptest

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func slowBehaviours() []behaviour {
	return []behaviour{
		{"a reader that does not read disturbs nobody", slowReader},
		{"a reader that falls behind the window is moved to whole messages and told", lags},
		{"a message begun is finished before the lag notice", lagsInside},
		{"a reader that takes nothing for StallTimeout is closed with ErrStalled", stalls},
		{"a blocked connection whose peer is gone is closed, paused or half-closed", blockedGone},
		{"a slow reader that takes a little now and then is not closed", slowButAlive},
	}
}

const (
	smallWindow = 32 << 10
	bigLine     = 1000
)

// laggingTopic has a small window and a notice on a line of its own.
func laggingTopic() *eventloop.Topic {
	return eventloop.NewTopic(eventloop.TopicOptions{
		Window:    smallWindow,
		LagNotice: func(missed uint64) []byte { return fmt.Appendf(nil, "lag %d\n", missed) },
	})
}

// numbered returns a line that begins with its number.
func numbered(i, size int) []byte {
	line := fmt.Appendf(nil, "%d ", i)
	return append(append(line, strings.Repeat("x", size-len(line)-1)...), '\n')
}

// block appends numbered lines until a reader of the topic, on l, takes no more. It
// returns how many. The last ones are not sent at all, and no room appears by
// itself.
func block(e *env, l *eventloop.Loop, topic *eventloop.Topic, size int) (n int) {
	e.Helper()
	took := func(before eventloop.Stats) bool { return e.g.Stats().BytesOut > before.BytesOut }
	for first := e.g.Stats().Blocked; ; {
		before := e.g.Stats()
		e.on(l, func() {
			for range max(1, 16<<10/size) {
				topic.Append(0, 0, numbered(n, size))
				n++
			}
		})
		e.on(l, func() {}) // the turn has ended
		if e.g.Stats().Blocked > first && !took(before) {
			if e.pass(3); !took(before) {
				return n
			}
		}
		if n*size > 1<<28 {
			e.Fatal("the reader's socket takes everything")
		}
	}
}

func slowReader(e *env) {
	e.start(eventloop.Options{})
	topic := laggingTopic()
	to := e.listen("tcp", loopback, script{
		opened:   func(c *eventloop.Conn) { c.Subscribe(topic, 0, topic.Head()) },
		received: func(c *eventloop.Conn, data []byte) { c.Write(data) },
	})
	_, stuck := e.connect(to)
	n := block(e, stuck.conn.Loop(), topic, bigLine)
	good, w := e.connect(to)
	for range 100 {
		line := string(numbered(n, bigLine))
		n++
		topic.Append(0, 0, []byte(line))
		good.want(line)
	}
	good.send("echo")
	good.want("echo")
	e.look(func() {
		if w.closes+stuck.closes > 0 {
			e.Errorf("closed: %v, %v", w.err, stuck.err)
		}
	})
}

// readLagging reads numbered lines up to the one with number last, and checks
// that each is whole and that every gap was announced.
func readLagging(e *env, p *peer, size, last int) {
	e.Helper()
	next, lagged := 0, 0
	for next <= last {
		head := p.until(' ')
		number := p.until('\n')
		if head == "lag" {
			n, err := strconv.Atoi(number)
			if err != nil || n == 0 {
				e.Fatalf("lag notice with %q", abridge(number))
			}
			next, lagged = next+n, lagged+1
			continue
		}
		if i, err := strconv.Atoi(head); err != nil || i != next || head+" "+number+"\n" != string(numbered(i, size)) {
			e.Fatalf("line %s of %d bytes, want line %d of %d", abridge(head), len(head)+len(number)+2, next, size)
		}
		next++
	}
	if lagged == 0 {
		e.Error("the reader never got a lag notice")
	}
}

func lags(e *env) {
	e.start(eventloop.Options{})
	topic := laggingTopic()
	p, w := e.serve(subscriber(topic))
	l := w.conn.Loop()
	n := block(e, l, topic, bigLine)
	for e.g.Stats().Lagged == 0 {
		e.on(l, func() { topic.Append(0, 0, numbered(n, bigLine)) })
		n++
	}
	for range 100 {
		topic.Append(0, 0, numbered(n, bigLine))
		n++
	}
	readLagging(e, p, bigLine, n-1)
	p.send("x")
	w.untilGot(1)
}

// lagsInside makes the window pass a reader in the middle of a message just when
// there is room again.
func lagsInside(e *env) {
	const size = 10_000
	e.start(eventloop.Options{})
	topic := laggingTopic()
	to := e.listen("tcp", loopback, subscriber(topic))
	for range 3 {
		p, w := e.connect(to)
		from := topic.Head()
		n := block(e, w.conn.Loop(), topic, size)
		p.peek()
		e.on(w.conn.Loop(), func() { // at once: it must not keep up, however much room there is
			for range 10 * smallWindow / size {
				topic.Append(0, 0, numbered(n, size))
				n++
			}
		})
		if topic.Head()-from != uint64(n*size) {
			e.Errorf("the topic went from %d to %d", from, topic.Head())
		}
		readLagging(e, p, size, n-1)
		e.on(w.conn.Loop(), func() { w.conn.Abort(nil) })
		p.close()
	}
}

func stalls(e *env) {
	e.start(eventloop.Options{StallTimeout: 50 * time.Millisecond})
	topic := laggingTopic()
	to := e.listen("tcp", loopback, subscriber(topic))
	_, stuck := e.connect(to)
	n := block(e, stuck.conn.Loop(), topic, bigLine)
	good, w := e.connect(to)
	// Something to send must remain, whatever the socket still takes.
	for closed := false; !closed; e.look(func() { closed = stuck.closes > 0 }) {
		e.on(stuck.conn.Loop(), func() { topic.Append(0, 0, numbered(n, bigLine)) })
		good.want(string(numbered(n, bigLine)))
		n++
		e.rest(time.Millisecond)
	}
	stuck.wantClosed(eventloop.ErrStalled)
	topic.Append(0, 0, numbered(n, bigLine))
	good.want(string(numbered(n, bigLine)))
	e.look(func() {
		if w.closes > 0 {
			e.Errorf("the reader that reads was closed, too: %v", w.err)
		}
	})
	if n := e.g.Stats().Stalled; n != 1 {
		e.Errorf("Stats().Stalled is %d", n)
	}
}

// slowButAlive reads a little in every StallTimeout, which is so long in the
// real world that a busy machine does not matter.
func slowButAlive(e *env) {
	stall := patience
	if e.virtual() {
		stall = 2 * time.Second // and one of them passes between two reads
	}
	e.start(eventloop.Options{StallTimeout: stall, OutboxLimit: 2 * blockingWrite})
	p, w := e.serve(script{opened: func(c *eventloop.Conn) { c.Write(make([]byte, blockingWrite)) }})
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	for range 10 {
		p.get(256 << 10)
		e.rest(time.Second)
	}
	e.look(func() {
		if w.closes > 0 {
			e.Errorf("closed: %v", w.err)
		}
	})
	if _, err := io.ReadFull(p, make([]byte, blockingWrite-10*256<<10)); err != nil {
		e.Errorf("read: %v", err)
	}
	e.until("Drained is called", func() bool { return w.drains == 1 })
}

// A terse backend reports a hang-up only as the contract promises: not as
// Writable.
type terse struct{ eventloop.Backend }

// Wait implements eventloop.Poller.
func (b terse) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	n, err := b.Backend.Wait(events, timeout)
	for i := range events[:n] {
		if events[i].Ready&eventloop.HangUp != 0 {
			events[i].Ready &^= eventloop.Writable
		}
	}
	return n, err
}

// blockedGone makes the peer of connections that wait for room only, and not for
// input, disappear.
func blockedGone(e *env) {
	open := e.o.Open
	e.o.Open = func() (eventloop.Backend, error) {
		b, err := open()
		return terse{b}, err
	}
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	to := e.listen("tcp", loopback, script{
		opened: func(c *eventloop.Conn) { c.Write(make([]byte, blockingWrite)) },
		eof:    func(*eventloop.Conn) {},
	})
	for i, prepare := range []func(*peer, *witness){
		func(_ *peer, w *witness) { e.on(w.conn.Loop(), w.conn.Pause) },
		func(p *peer, _ *witness) { p.closeWrite() },
		func(p *peer, w *witness) {
			p.closeWrite()
			e.on(w.conn.Loop(), w.conn.Close)
		},
	} {
		p, w := e.connect(to)
		e.until("a write found no room", func() bool { return e.g.Stats().Blocked > uint64(i) })
		prepare(p, w)
		e.pass(5)
		p.reset()
		if err := w.untilClosed(); err == nil {
			e.Errorf("Closed got nil after a reset")
		}
	}
}
