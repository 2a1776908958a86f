package looptest

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

func timeBehaviours() []behaviour {
	return []behaviour{
		{"a connection that sends nothing is closed with ErrIdle", idles},
		{"a deadline without a DeadlineHandler closes with ErrDeadline", deadlineCloses},
		{"a DeadlineHandler is told of a deadline, once, and may set another", deadlineTold},
		{"a deadline that is replaced or cleared is not called", deadlineReplaced},
		{"timers are called in the order of their times, and of their setting", timersInOrder},
		{"a timer that is stopped is not called", timerStops},
		{"no timer and no deadline comes early", neverEarly},
	}
}

const soon = 20 * time.Millisecond

func idles(e *env) {
	e.start(eventloop.Options{})
	lively, w := e.serve(script{
		opened:   func(c *eventloop.Conn) { c.SetIdleTimeout(patience) },
		received: func(c *eventloop.Conn, data []byte) { c.Write(data) },
	})
	_, paused := e.serve(script{opened: func(c *eventloop.Conn) {
		c.SetIdleTimeout(soon)
		c.Pause()
	}})
	p, idle := e.serve(script{opened: func(c *eventloop.Conn) { c.SetIdleTimeout(soon) }})
	idle.wantClosed(eventloop.ErrIdle)
	p.gone()
	keepsAwake(e)
	lively.send("x")
	lively.want("x")
	e.look(func() {
		if w.closes+paused.closes > 0 {
			e.Errorf("closed: %v, %v", w.err, paused.err)
		}
	})
	e.on(paused.conn.Loop(), paused.conn.Resume)
	paused.wantClosed(eventloop.ErrIdle)
}

// keepsAwake sends now and then, which postpones the idle timeout. Only a
// virtual clock makes the time of that certain.
func keepsAwake(e *env) {
	if !e.virtual() {
		return
	}
	p, w := e.serve(script{
		opened:   func(c *eventloop.Conn) { c.SetIdleTimeout(2 * soon) },
		received: func(c *eventloop.Conn, data []byte) { c.Write(data) },
	})
	for range 10 {
		e.rest(soon)
		p.send("x")
		p.want("x")
	}
	w.wantClosed(eventloop.ErrIdle)
}

func deadlineCloses(e *env) {
	e.start(eventloop.Options{})
	p, w := e.serve(script{opened: func(c *eventloop.Conn) { c.SetDeadline(soon) }})
	w.wantClosed(eventloop.ErrDeadline)
	p.gone()
}

func deadlineTold(e *env) {
	e.start(eventloop.Options{})
	told := 0
	p, w := e.serve(script{
		opened: func(c *eventloop.Conn) { c.SetDeadline(soon) },
		deadline: func(c *eventloop.Conn) {
			c.Write(fmt.Appendf(nil, "%d ", told))
			switch told++; told {
			case 1, 2:
				c.SetDeadline(soon)
			case 3:
				c.Write([]byte("and no more"))
			}
		},
	})
	p.want("0 1 2 and no more")
	e.pass(40)
	e.look(func() {
		if told != 3 || w.closes > 0 {
			e.Errorf("told %d times, closed %d times", told, w.closes)
		}
	})
}

// deadlineReplaced is a login: the first line clears the first deadline;
// another deadline is replaced by a later one.
func deadlineReplaced(e *env) {
	e.start(eventloop.Options{})
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) { c.SetDeadline(patience) }})
	_, cleared := e.connect(to)
	_, later := e.connect(to)
	_, sooner := e.connect(to)
	e.on(cleared.conn.Loop(), func() {
		cleared.conn.SetDeadline(soon)
		cleared.conn.SetDeadline(0)
		later.conn.SetDeadline(soon)
		later.conn.SetDeadline(patience)
		sooner.conn.SetDeadline(soon)
	})
	sooner.wantClosed(eventloop.ErrDeadline)
	e.pass(20)
	e.look(func() {
		if cleared.closes+later.closes > 0 {
			e.Errorf("closed: %v, %v", cleared.err, later.err)
		}
	})
}

func timersInOrder(e *env) {
	e.start(eventloop.Options{})
	l := e.g.Loops()[0]
	var got []int
	note := func(i int) func() {
		return e.callback(l, "a timer", func() { got = append(got, i) })
	}
	set := func() (timers []*eventloop.Timer) {
		for i, after := range []int{9, 3, 7, 1, 5} {
			timers = append(timers,
				l.AfterFunc(time.Duration(after)*time.Millisecond, note(after)),
				l.AfterFunc(time.Duration(20+i)*time.Millisecond, note(20+i)))
		}
		return append(timers, l.AfterFunc(-time.Second, note(0)))
	}
	e.on(l, func() {
		// A machine that stalls in between sets other times.
		for range 1000 {
			start := e.now()
			timers := set()
			if e.now().Sub(start) < time.Millisecond {
				return
			}
			for _, t := range timers {
				t.Stop()
			}
		}
	})
	e.until("ten timers have come", func() bool { return len(got) == 11 })
	if s := fmt.Sprint(got); s != "[0 1 3 5 7 9 20 21 22 23 24]" {
		e.Errorf("timers came in the order %s", s)
	}
}

func timerStops(e *env) {
	e.start(eventloop.Options{})
	l := e.g.Loops()[0]
	var timers []*eventloop.Timer
	came := 0
	e.on(l, func() {
		for range 5 {
			timers = append(timers, l.AfterFunc(time.Millisecond, e.callback(l, "a timer", func() {
				came++
				for i, t := range timers { // the first one stops the others
					if stopped := t.Stop(); stopped != (i > 0) {
						e.Errorf("Stop of timer %d returned %v", i, stopped)
					}
				}
			})))
		}
	})
	e.pass(5)
	e.look(func() {
		if came != 1 {
			e.Errorf("%d timers came", came)
		}
	})
	e.on(l, func() {
		if timers[0].Stop() || timers[1].Stop() {
			e.Error("Stop of a timer that has fired or was stopped returned true")
		}
	})
}

func neverEarly(e *env) {
	e.start(eventloop.Options{})
	now := e.now
	p, w := e.serve(script{})
	left := 5
	e.on(w.conn.Loop(), func() {
		start := now()
		for i := range left {
			d := time.Duration(1+i*7) * time.Millisecond
			w.conn.Loop().AfterFunc(d, e.callback(w.conn.Loop(), "a timer", func() {
				if got := now().Sub(start); got < d {
					e.Errorf("a timer of %v came after %v", d, got)
				}
				left--
			}))
		}
	})
	e.until("the timers have come", func() bool { return left == 0 })
	p.close()
	w.untilClosed()
	for i := range 5 {
		d := time.Duration(1+i*7) * time.Millisecond
		start := now()
		_, w := e.serve(script{opened: func(c *eventloop.Conn) { c.SetDeadline(d) }})
		w.wantClosed(eventloop.ErrDeadline)
		if got := now().Sub(start); got < d {
			e.Errorf("a deadline of %v came after %v", d, got)
		}
	}
}
