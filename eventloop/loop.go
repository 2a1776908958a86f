package eventloop

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxEvents = 1024 // events taken from the poller in one turn

	// A token is a number that is never used twice, with the place in the
	// loop's table in its low bits. Listeners have no place there.
	slotBits     = 24
	listenerSlot = 1<<slotBits - 1
)

// slot returns where the connection with this token stands in its loop's table.
func (t Token) slot() uint32 { return uint32(t) & listenerSlot }

// A task is what another goroutine, or a callback, asks a loop to do between
// reading and sending. Closing and handing over a connection need no closure.
type task struct {
	f    func()
	conn *Conn     // with f: only if it is open still; without: close it
	sure bool      // f is not subject to PostLimit
	ln   *Listener // adopt a newcomer of this listener
	new  newcomer
}

// A Loop turns readiness into callbacks, all from one goroutine. A turn is:
// wait; read; posted functions and timers; then send, first what was written to
// connections, then what was appended to topics. Only Post, Complete, Dial and
// Conns may be called from elsewhere.
type Loop struct {
	g  *Group
	be Backend
	n  counters

	start     time.Time
	now       time.Time
	nowTick   tick
	rotate    uint // which event is looked at first, when not all may be
	events    []Event
	rbuf      []byte
	conns     vector[*Conn] // by slot; nil: free
	free      []uint32
	lastToken Token
	listeners []*listening
	wheel     *wheel
	timers    timerHeap
	timerSeq  uint64
	dirty     []*Conn // have something queued and are not blocked
	gone      []farewell
	lookUps   []*dialer        // wait for the addresses of a name
	paths     map[*Conn]string // what was dialled, of Unix sockets
	outboxes  []*outbox        // empty
	trailer   []byte           // for Trailers to append to
	fan       fanout
	filters   filters
	draining  bool

	sleeping atomic.Bool // a Wake is needed
	mu       sync.Mutex  // guards what follows; never held while a callback runs
	tasks    []task
	stale    []*part // have members behind the head of their topic
	stopped  bool
	spare    []task
	zones    []string // of peers' addresses
}

func newLoop(g *Group) (*Loop, error) {
	be, err := g.opts.Open()
	if err != nil {
		return nil, fmt.Errorf("open backend: %w", err)
	}
	now := g.opts.Now()
	return &Loop{
		g: g, be: be, start: now, now: now,
		events: make([]Event, maxEvents), rbuf: make([]byte, g.opts.ReadBuffer),
		wheel: newWheel(),
	}, nil
}

// Now returns the time at which this turn began.
func (l *Loop) Now() time.Time { return l.now }

// Conns returns the number of the loop's connections, including those being
// dialled or closed. It may be called from any goroutine.
func (l *Loop) Conns() int { return int(l.n.open.Load()) }

// Post calls f on the loop, after everything posted before it. Post may be called from
// any goroutine. The error is ErrBusy or ErrClosed, and f is then not called.
func (l *Loop) Post(f func()) error { return l.post(task{f: f}) }

// Complete is like Post, but PostLimit does not apply. It is for calls that must
// not be refused, such as the end of an operation that was begun on the loop. The
// error is ErrClosed.
func (l *Loop) Complete(f func()) error { return l.post(task{f: f, sure: true}) }

func (l *Loop) post(t task) error {
	l.mu.Lock()
	full := len(l.tasks) >= l.g.opts.PostLimit && t.f != nil && !t.sure
	if l.stopped || full {
		l.mu.Unlock()
		if full {
			return ErrBusy
		}
		return ErrClosed
	}
	l.tasks = append(l.tasks, t)
	l.mu.Unlock()
	l.wake()
	return nil
}

// wake ends the loop's sleep, or its next one. It does nothing if the loop is
// awake. If the system refuses, the next call tries again.
func (l *Loop) wake() {
	if !l.sleeping.Load() || !l.sleeping.Swap(false) {
		return
	}
	if err := l.be.Wake(); err != nil {
		l.sleeping.Store(true)
		l.g.opts.OnError(fmt.Errorf("wake loop: %w", err))
	}
}

// run takes turns until stop, or until a drain has ended.
func (l *Loop) run() error {
	for !l.over() {
		if err := l.Step(-1); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped || l.draining && len(l.tasks) == 0 && l.n.open.Load() == 0
}

func (l *Loop) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.wake()
}

// Step takes one turn, waiting at most max for something to happen (negative:
// forever). Run calls it; simulators and tests may call it instead.
func (l *Loop) Step(max time.Duration) error {
	n, err := l.wait(max)
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	l.now = l.g.opts.Now()
	l.nowTick = l.tick(l.now)
	l.n.waits.Add(1)
	l.n.events.Add(uint64(n))
	l.readPending()
	l.dispatchAll(l.events[:n])
	l.runTasks()
	l.runTimers()
	l.wheel.advance(l.nowTick, l.expire)
	l.notifyClosed()
	l.flushDirty()
	l.fanOut()
	l.notifyClosed()
	return nil
}

// wait sleeps until there is something to do.
func (l *Loop) wait(max time.Duration) (int, error) {
	timeout := l.timeout(max)
	if timeout == 0 {
		return l.be.Wait(l.events, 0)
	}
	l.sleeping.Store(true)
	l.mu.Lock()
	if len(l.tasks) > 0 || len(l.stale) > 0 || l.stopped {
		timeout = 0
	}
	l.mu.Unlock()
	n, err := l.be.Wait(l.events, timeout)
	l.sleeping.Store(false)
	return n, err
}

// timeout returns how long the loop may sleep.
func (l *Loop) timeout(max time.Duration) time.Duration {
	if len(l.dirty) > 0 || len(l.gone) > 0 || len(l.fan.active) > 0 || len(l.filters.pending) > 0 {
		return 0
	}
	now := time.Time{}
	soonest := func(at time.Time) {
		if now.IsZero() {
			now = l.g.opts.Now()
		}
		if d := at.Sub(now); max < 0 || d < max {
			max = d
		}
		if at.Before(now) {
			max = 0
		}
	}
	if len(l.timers) > 0 {
		soonest(l.timers[0].at)
	}
	if t, ok := l.wheel.upcoming(); ok {
		soonest(l.start.Add(time.Duration(l.ticks64(t)) * tickLength))
	}
	return max
}

// tick returns the ticks that have fully passed at a time.
func (l *Loop) tick(at time.Time) tick { return tick(at.Sub(l.start) / tickLength) }

// ticks64 undoes the wrapping of a tick near the present.
func (l *Loop) ticks64(t tick) int64 {
	now := int64(l.now.Sub(l.start) / tickLength)
	return now + int64(int32(t-tick(now)))
}

// after returns the tick that lies d after now, rounded up.
func (l *Loop) after(d time.Duration) tick {
	return tick((l.g.opts.Now().Sub(l.start) + min(d, longest) + tickLength - 1) / tickLength)
}

// dispatchAll acts on events until a topic gets too far ahead of its readers;
// the other events are reported again. The next turn starts with another event.
// Until the readers have been sent enough, nothing is read.
func (l *Loop) dispatchAll(events []Event) {
	n := uint(len(events))
	unread := l.fan.owed > 0
	for i := range n {
		ev := events[(l.rotate+i)%n]
		if unread {
			ev.Ready &^= Readable
		}
		l.dispatch(ev)
		if !unread && l.fan.pressed.Load() {
			l.rotate += i + 1
			return
		}
	}
}

// dispatch acts on one event. Events of closed connections are dropped.
func (l *Loop) dispatch(ev Event) {
	slot := ev.Token.slot()
	if slot == listenerSlot {
		for _, s := range l.listeners {
			if s.token == ev.Token {
				s.acceptAll()
				return
			}
		}
		return
	}
	if int(slot) < l.conns.len() {
		if c := *l.conns.at(int(slot)); c != nil && c.token == ev.Token {
			c.ready(ev.Ready)
		}
	}
}

// runTasks runs the tasks posted so far.
func (l *Loop) runTasks() {
	l.mu.Lock()
	tasks := l.tasks
	l.tasks, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	for i, t := range tasks {
		switch {
		case t.ln != nil:
			l.adopt(t.new, t.ln.accept)
		case t.conn == nil:
			t.f()
		case t.conn.flags&closed != 0:
		case t.f != nil:
			t.f()
		default:
			t.conn.beginClose()
		}
		tasks[i] = task{}
	}
	if cap(tasks) <= maxEvents {
		l.spare = tasks[:0]
	}
}

// place gives c a token and a place in the table.
func (l *Loop) place(c *Conn) error {
	slot := uint32(l.conns.len())
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
	} else if slot < listenerSlot {
		l.conns.push(nil)
	} else {
		return ErrTooManyFiles
	}
	c.token = l.newToken(slot)
	*l.conns.at(int(slot)) = c
	l.n.open.Add(1)
	return nil
}

func (l *Loop) newToken(slot uint32) Token {
	l.lastToken += 1 << slotBits
	return l.lastToken | Token(slot)
}

// A farewell is a call of Handler.Closed that is due.
type farewell struct {
	c   *Conn
	err error
}

// notifyClosed tells the handlers of closed connections, never from inside another of
// their callbacks.
func (l *Loop) notifyClosed() {
	for len(l.gone) > 0 {
		gone := l.gone
		l.gone = nil
		for _, f := range gone {
			l.n.open.Add(^uint64(0))
			f.c.handler.Closed(f.c, f.err)
			delete(l.paths, f.c)
		}
	}
}

// drain closes everything gracefully, and after d at once.
func (l *Loop) drain(d time.Duration) {
	l.endGracefully()
	l.AfterFunc(d, func() { l.abortAll(ErrDeadline) })
}

// endGracefully stops accepting and closes everything, however long it takes.
func (l *Loop) endGracefully() {
	l.draining = true // nothing new
	l.closeListeners()
	l.giveUpDials()
	l.each(func(c *Conn) {
		if h, ok := c.handler.(DrainHandler); ok && !c.asked.Load() {
			h.Draining(c)
		}
		c.Close()
	})
}

func (l *Loop) closeListeners() {
	for len(l.listeners) > 0 {
		l.listeners[0].close()
	}
}

// giveUpDials ends the dialers whose names are being looked up. The loop is draining.
func (l *Loop) giveUpDials() {
	for len(l.lookUps) > 0 {
		l.lookedUp(l.lookUps[0], nil, ErrClosed)
	}
}

func (l *Loop) abortAll(err error) {
	l.each(func(c *Conn) { c.Abort(err) })
}

// each calls f for every connection.
func (l *Loop) each(f func(*Conn)) {
	for i := range l.conns.len() {
		if c := *l.conns.at(i); c != nil {
			f(c)
		}
	}
}

// vacate frees the place in the table.
func (l *Loop) vacate(t Token) {
	*l.conns.at(int(t.slot())) = nil
	l.free = append(l.free, t.slot())
}

// shutdown closes everything at once, when no turn will follow.
func (l *Loop) shutdown() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.draining = true // nothing new
	l.runTasks()
	l.closeListeners()
	l.giveUpDials()
	l.abortAll(ErrClosed)
	l.notifyClosed()
}
