package bench

import (
	"bytes"
	"fmt"
	"time"
)

// The messages about receipts, of the default style and in JSON.
var (
	receiptsOn = []byte("*** receipts is now on")
	receipt    = []byte("*** saved #")
	noReceipt  = []byte("*** your line was not saved")
	ack        = []byte(`{"type":"ack"`)
)

// A saver makes every client send a line, wait until it is told that the line
// is saved, and send the next one.
type saver struct {
	g        *generator
	r        Result
	from, to time.Duration
	ready    int             // clients that get receipts
	sent     []time.Duration // by client: when its line was sent
	seq      []uint64        // by client: lines sent
	open     int             // lines that are not saved yet
	saved    uint64          // in [from, to)
	latency  Histogram       // of the lines that were sent in it
	stopped  bool
}

func newSaver(g *generator) *saver {
	n := g.cfg.Clients
	for i := range n {
		g.roles.sampled[i] = true
	}
	return &saver{g: g, r: newResult(g.cfg), from: forever, to: forever, sent: make([]time.Duration, n), seq: make([]uint64, n)}
}

func (s *saver) run() (Result, error) {
	g := s.g
	if err := g.open(g.cfg.Clients); err != nil {
		return s.r, err
	}
	if err := s.prepare(); err != nil {
		return s.r, err
	}
	g.loading = true
	var err error
	if s.r.Server.RSSBefore, err = serverRSS(g.cfg, ProcessRSSQuick); err != nil {
		return s.r, err
	}
	for _, c := range g.clients {
		if err := s.say(c, g.now()); err != nil {
			return s.r, err
		}
	}
	if _, err := g.pump(g.now()+g.cfg.Warmup, never); err != nil {
		return s.r, err
	}
	if err := s.measure(); err != nil {
		return s.r, err
	}
	s.r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSSQuick)
	s.r.Server.RSSPeak = max(s.r.Server.RSSBefore, s.r.Server.RSSAfter)
	return s.r, err
}

// prepare makes all clients ask for receipts, and enter the rooms where they speak.
func (s *saver) prepare() error {
	g := s.g
	g.told = s.hear
	for _, c := range g.clients {
		c.needed = true
		switch json := g.cfg.Login == LoginJSON; {
		case json && g.cfg.Apart:
			c.out = fmt.Appendf(c.out, `{"type":"join","room":"%s"}`+"\n", apartName(c.id))
		case json:
			s.ready++
		case g.cfg.Apart:
			c.out = fmt.Appendf(c.out, "/join %s\n", apartName(c.id))
			fallthrough
		default:
			c.out = append(c.out, "/set receipts on\n"...)
		}
		if err := g.flush(c); err != nil {
			return err
		}
	}
	limit := g.now() + g.cfg.Setup
	switch ok, err := g.pump(limit, func() bool { return s.ready == len(g.clients) }); {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("bench: %d of %d clients got receipts within %v (flood control?)", s.ready, len(g.clients), g.cfg.Setup)
	}
	return g.quiet(limit)
}

func (s *saver) measure() error {
	g := s.g
	before, err := beginSpan(g.cfg, g.now())
	if err != nil {
		return err
	}
	s.from = before.at
	if _, err := g.pump(s.from+g.cfg.Duration, never); err != nil {
		return err
	}
	// A busy machine may take longer than a short measurement for the first one.
	if err := g.drain(func() bool { return s.saved > 0 }); err != nil {
		return err
	}
	s.to = g.now()
	s.stopped = true
	if err := before.end(g.cfg, s.to, s.saved, &s.r); err != nil {
		return err
	}
	s.r.Lines, s.r.LinesPS = s.saved, float64(s.saved)/s.r.Seconds
	// The last ones are the slowest: leaving out would flatter the server.
	if err := g.drain(func() bool { return s.open == 0 }); err != nil {
		return err
	}
	s.r.Missing = int64(s.open)
	s.r.Latency = s.latency.Summary()
	if s.saved == 0 {
		return fmt.Errorf("bench: no line was saved within %v (a server that keeps nothing on disk?)", g.cfg.Duration)
	}
	return nil
}

// apartName returns the name of a client's own room.
func apartName(id int) string { return fmt.Sprintf("#b%05d", id) }

// hear is called for every line from the server.
func (s *saver) hear(c *client, text []byte, now time.Duration) error {
	switch {
	case bytes.HasPrefix(text, receiptsOn), bytes.HasPrefix(text, joined):
		s.ready++
	case bytes.HasPrefix(text, noReceipt), bytes.HasPrefix(text, failure):
		return fmt.Errorf("bench: client %d: %q", c.id, text)
	case bytes.HasPrefix(text, receipt), bytes.HasPrefix(text, ack):
		s.open--
		if now >= s.from && now < s.to {
			s.saved++
		}
		if at := s.sent[c.id]; at >= s.from && at < s.to {
			s.latency.Record(now - at)
		}
		if !s.stopped {
			return s.say(c, now)
		}
	}
	return nil
}

func (s *saver) say(c *client, now time.Duration) error {
	line := Line{Sender: c.id, Seq: s.seq[c.id], Sent: now}
	s.seq[c.id]++
	s.sent[c.id] = now
	s.open++
	return s.g.say(c, line)
}
