package bench

import "time"

// watching is how often the server's memory is read during a load.
const watching = 250 * time.Millisecond

// A loader speaks through the senders of a generator, as a closed or an open
// loop, and measures.
type loader struct {
	g        *generator
	r        Result
	from, to time.Duration // only lines meant to be sent in [from, to) are measured
	stopped  bool
	latency  Histogram
	lines    []uint64 // by sender: lines sent
	measured []uint64 // by sender: those of them that are measured
	heard    uint64   // measured lines, at the sampled readers
	owed     []int    // by sender: lines done in this read, to be followed by as many
	poisson  *poisson
	turn     int // sender of the open loop's next line
}

func newLoader(g *generator) *loader {
	n := len(g.roles.sender)
	l := &loader{
		g: g, r: newResult(g.cfg), from: forever, to: forever,
		lines: make([]uint64, n), measured: make([]uint64, n), owed: make([]int, n),
	}
	g.loading, g.heard, g.read = true, l.hear, l.repay
	return l
}

// load runs the closed or the open loop on a generator whose clients are ready.
func (l *loader) load() (Result, error) {
	g := l.g
	var err error
	if l.r.Server.RSSBefore, err = serverRSS(g.cfg, ProcessRSSQuick); err != nil {
		return l.r, err
	}
	l.r.Server.RSSPeak = l.r.Server.RSSBefore
	if err := l.begin(); err != nil {
		return l.r, err
	}
	if err := l.measure(); err != nil {
		return l.r, err
	}
	if err := l.drain(); err != nil {
		return l.r, err
	}
	l.r.Lost = g.lost
	l.r.Latency = l.latency.Summary()
	l.r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSSQuick)
	return l.r, err
}

// begin starts the load and runs the warm-up.
func (l *loader) begin() error {
	g := l.g
	now := g.now()
	if g.cfg.Mode != Closed {
		l.poisson = newPoisson(now, g.cfg.Rate, g.cfg.Seed)
		g.due = l.speakDue
	} else {
		for i := range g.cfg.InFlight {
			l.owed[i%len(l.owed)]++
		}
		if err := l.repay(now); err != nil {
			return err
		}
	}
	return l.run(now + g.cfg.Warmup)
}

func (l *loader) measure() error {
	err := l.window(l.span)
	l.stopped = true
	return err
}

// span runs the load for the duration of a measurement, and until its first
// line has arrived, which may take longer on a busy machine.
func (l *loader) span() error {
	if err := l.run(l.from + l.g.cfg.Duration); err != nil {
		return err
	}
	limit := l.from + l.g.cfg.Setup
	for now := l.g.now(); l.heard == 0 && now < limit; now = l.g.now() {
		if err := l.run(min(now+watching, limit)); err != nil {
			return err
		}
	}
	return nil
}

// window measures the lines sent while during runs, and drops earlier
// measurements.
func (l *loader) window(during func() error) error {
	g := l.g
	s, err := beginSpan(g.cfg, g.now())
	if err != nil {
		return err
	}
	l.from, l.to, l.heard, l.latency, l.r.Lines = s.at, forever, 0, Histogram{}, 0
	clear(l.measured)
	delivered := g.delivered
	if err := during(); err != nil {
		return err
	}
	l.to = g.now()
	l.r.Deliveries = g.delivered - delivered
	if err := s.end(g.cfg, l.to, l.r.Deliveries, &l.r); err != nil {
		return err
	}
	l.r.PerSecond = float64(l.r.Deliveries) / l.r.Seconds
	for _, n := range l.measured {
		l.r.Lines += n
	}
	return nil
}

// run runs the load until the given time and watches the server's memory.
func (l *loader) run(until time.Duration) error {
	for now := l.g.now(); now < until; now = l.g.now() {
		if _, err := l.g.pump(min(now+watching, until), never); err != nil {
			return err
		}
		rss, err := serverRSS(l.g.cfg, ProcessRSSQuick)
		if err != nil {
			return err
		}
		l.r.Server.RSSPeak = max(l.r.Server.RSSPeak, rss)
	}
	return nil
}

// drain waits for measured lines that are still in flight, until none has
// arrived for some time: leaving out the slowest ones would flatter the server.
func (l *loader) drain() error {
	var expected uint64
	for i, sampled := range l.g.roles.sampled {
		if sampled {
			expected += l.r.Lines
		}
		for s, at := range l.g.roles.sender {
			if sampled && at == i {
				expected -= l.measured[s] // senders do not receive their own lines
			}
		}
	}
	err := l.g.drain(func() bool { return l.heard >= expected })
	l.r.Missing = int64(expected) - int64(l.heard)
	return err
}

// hear is called for every line of every sampled reader.
func (l *loader) hear(c *client, line Line, now time.Duration) {
	if line.Sender >= len(l.lines) {
		return // a probe
	}
	if at := l.g.roles; at.sender[line.Sender] == c.id {
		return // a server that echoes
	} else if at.witness[line.Sender] == c.id {
		l.owed[line.Sender]++
	}
	if line.Sent >= l.from && line.Sent < l.to {
		l.heard++
		l.latency.Record(now - line.Sent)
	}
}

// repay sends a line, in the closed loop, for each one that is done. All lines
// that one read has completed are answered together.
func (l *loader) repay(now time.Duration) error {
	for s, n := range l.owed {
		l.owed[s] = 0
		if n == 0 || l.stopped || l.g.cfg.Mode != Closed {
			continue
		}
		c := l.g.clients[l.g.roles.sender[s]]
		for range n {
			l.g.put(c, l.next(s, now))
		}
		if err := l.g.flush(c); err != nil {
			return err
		}
	}
	return nil
}

// speakDue sends the open loop's lines that are due, each with its due time,
// and returns when the next one is due.
func (l *loader) speakDue(now time.Duration) (time.Duration, error) {
	for !l.stopped && l.poisson.next <= now {
		s := l.turn
		l.turn = (s + 1) % len(l.lines)
		if err := l.g.say(l.g.clients[l.g.roles.sender[s]], l.next(s, l.poisson.next)); err != nil {
			return 0, err
		}
		l.poisson.advance()
	}
	if l.stopped {
		return forever, nil
	}
	return l.poisson.next, nil
}

// next makes the next line of sender s, meant to be sent at the given time.
func (l *loader) next(s int, at time.Duration) Line {
	line := Line{Sender: s, Seq: l.lines[s], Sent: at}
	l.lines[s]++
	if at >= l.from && at < l.to {
		l.measured[s]++
	}
	return line
}
