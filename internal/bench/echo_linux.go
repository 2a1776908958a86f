package bench

import (
	"fmt"
	"time"
)

// An echoer makes every client send a line, wait until it comes back, and send the next one.
type echoer struct {
	g        *generator
	r        Result
	from, to time.Duration
	seq      []uint64 // by client: lines sent
	open     int      // lines that are not back yet
	back     *client  // got its line with this read
	wrong    error    // what came back was not the client's last line
	echoed   uint64   // in [from, to)
	latency  Histogram
	stopped  bool
}

func newEchoer(g *generator) *echoer {
	e := &echoer{g: g, r: newResult(g.cfg), from: forever, to: forever, seq: make([]uint64, g.cfg.Clients)}
	for i := range g.cfg.Clients {
		g.roles.sampled[i] = true
	}
	return e
}

func (e *echoer) run() (Result, error) {
	g := e.g
	if err := g.open(g.cfg.Clients); err != nil {
		return e.r, err
	}
	g.loading, g.heard, g.read = true, e.hear, e.answer
	var err error
	if e.r.Server.RSSBefore, err = serverRSS(g.cfg, ProcessRSSQuick); err != nil {
		return e.r, err
	}
	for _, c := range g.clients {
		c.needed = true
		if err := e.say(c, g.now()); err != nil {
			return e.r, err
		}
	}
	if _, err := g.pump(g.now()+g.cfg.Warmup, never); err != nil {
		return e.r, err
	}
	if err := e.measure(); err != nil {
		return e.r, err
	}
	e.r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSSQuick)
	e.r.Server.RSSPeak = max(e.r.Server.RSSBefore, e.r.Server.RSSAfter)
	return e.r, err
}

func (e *echoer) measure() error {
	g := e.g
	before, err := beginSpan(g.cfg, g.now())
	if err != nil {
		return err
	}
	e.from = before.at
	if _, err := g.pump(e.from+g.cfg.Duration, never); err != nil {
		return err
	}
	// A busy machine may take longer than a short measurement for the first one.
	if err := g.drain(func() bool { return e.echoed > 0 }); err != nil {
		return err
	}
	e.to, e.stopped = g.now(), true
	if err := before.end(g.cfg, e.to, e.echoed, &e.r); err != nil {
		return err
	}
	e.r.Lines, e.r.Deliveries = e.echoed, e.echoed
	e.r.PerSecond = float64(e.echoed) / e.r.Seconds
	if err := g.drain(func() bool { return e.open == 0 }); err != nil {
		return err
	}
	e.r.Missing = int64(e.open)
	e.r.Latency = e.latency.Summary()
	if e.echoed == 0 {
		return fmt.Errorf("bench: nothing came back within %v", g.cfg.Duration)
	}
	return nil
}

// hear counts an echo.
func (e *echoer) hear(c *client, line Line, now time.Duration) {
	if e.back != nil || line.Sender != c.id || line.Seq+1 != e.seq[c.id] {
		e.wrong = fmt.Errorf("bench: client %d sent line %d and got line %d of client %d", c.id, e.seq[c.id]-1, line.Seq, line.Sender)
		return
	}
	e.back = c
	e.open--
	if now >= e.from && now < e.to {
		e.echoed++
	}
	if line.Sent >= e.from && line.Sent < e.to {
		e.latency.Record(now - line.Sent)
	}
}

// answer is called after each read.
func (e *echoer) answer(now time.Duration) error {
	c := e.back
	e.back = nil
	if e.wrong != nil || c == nil || e.stopped {
		return e.wrong
	}
	return e.say(c, now)
}

func (e *echoer) say(c *client, now time.Duration) error {
	line := Line{Sender: c.id, Seq: e.seq[c.id], Sent: now}
	e.seq[c.id]++
	e.open++
	return e.g.say(c, line)
}

// prove proves that the server serves every client.
func (g *generator) prove(limit time.Duration) error {
	if g.cfg.Login == LoginEcho {
		return g.echoes(limit)
	}
	return g.probe(g.clients[0], limit)
}

// echoes proves that the server answers every client: each gets a line back.
func (g *generator) echoes(limit time.Duration) error {
	for _, c := range g.clients {
		c.received = 0
		if err := g.say(c, Line{Sender: c.id, Sent: g.now()}); err != nil {
			return err
		}
	}
	deaf := 0
	all := func() bool {
		for deaf < len(g.clients) && g.clients[deaf].received > 0 {
			deaf++
		}
		return deaf == len(g.clients)
	}
	switch ok, err := g.pump(limit, all); {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("bench: client %d of %d never got its line back", deaf, len(g.clients))
	}
	return nil
}
