package bench

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Run drives the server at c.Address as c says and returns what it measured. It ends soon after
// Setup + Warmup + Duration (twice Setup with logins and hellos) if lines arrive; a measurement without any
// ends after another Setup. It is an error if the server refuses or closes a connection during
// set-up, or later closes one that the load depends on: a sender's or a witness's.
func Run(c Config) (Result, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Result{}, err
	}
	p, err := newPoller()
	if err != nil {
		return Result{}, err
	}
	defer p.close()
	if c.Mode == Churn {
		return churn(p, c)
	}
	g := newGenerator(p, c)
	defer g.close()
	if c.Mode == Idle {
		return idle(g)
	}
	if c.Mode == Saved {
		return newSaver(g).run()
	}
	if c.Mode == Echo {
		return newEchoer(g).run()
	}
	if err := g.open(c.Clients); err != nil {
		return Result{}, err
	}
	if c.Rooms > 1 {
		if err := g.enter(c.Rooms); err != nil {
			return Result{}, err
		}
	}
	l := newLoader(g)
	if c.Mode == LogIns {
		return l.disturbed(l.admit)
	}
	if c.Mode == Hellos {
		return l.disturbed(l.halfShake)
	}
	return l.load()
}

// idle measures memory per connection. The baseline is taken with two
// connections that have exchanged a line, so that what a server allocates once,
// with its first traffic, is not charged to the connections.
func idle(g *generator) (Result, error) {
	if err := g.open(2); err != nil {
		return Result{}, err
	}
	r := newResult(g.cfg)
	var err error
	if r.Server.RSSBefore, err = serverRSS(g.cfg, ProcessRSS); err != nil {
		return r, err
	}
	if err := g.open(g.cfg.Clients); err != nil {
		return r, err
	}
	if _, err := g.pump(g.now()+g.cfg.Duration, never); err != nil {
		return r, err
	}
	if r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSS); err != nil {
		return r, err
	}
	r.Lost = g.lost
	r.Seconds = g.cfg.Duration.Seconds()
	r.Server.RSSPeak = max(r.Server.RSSBefore, r.Server.RSSAfter)
	if more := g.cfg.Clients - 2; more > 0 {
		r.Server.PerConn = float64(r.Server.RSSAfter-r.Server.RSSBefore) / float64(more)
	}
	return r, nil
}

func newResult(c Config) Result {
	r := Result{Mode: c.Mode, Login: c.Login, Clients: c.Clients, Senders: c.Senders, Size: c.Size, Stalled: c.Stalled}
	switch c.Mode {
	case Closed, Churn:
		r.InFlight = c.InFlight
	case Open, LogIns, Hellos:
		r.Rate = c.Rate
	case Idle, Saved, Echo:
	}
	return r
}

func serverRSS(c Config, rss func(int) (int64, error)) (int64, error) {
	if c.PID == 0 {
		return 0, nil
	}
	return rss(c.PID)
}

// A span is the CPU time of server and generator at the beginning of a
// measurement.
type span struct {
	at          time.Duration
	server, own time.Duration
}

func beginSpan(c Config, now time.Duration) (s span, err error) {
	s.at = now
	if c.PID != 0 {
		if s.server, err = ProcessCPU(c.PID); err != nil {
			return s, err
		}
	}
	s.own, err = ownCPU()
	return s, err
}

// end fills in the usage since s began, in total and per unit of work.
func (s span) end(c Config, now time.Duration, units uint64, r *Result) error {
	e, err := beginSpan(c, now)
	if err != nil {
		return err
	}
	r.Seconds = (e.at - s.at).Seconds()
	r.Server.setCPU(e.server-s.server, e.at-s.at, units)
	r.Own.setCPU(e.own-s.own, e.at-s.at, units)
	return nil
}

func ownCPU() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("bench: getrusage: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
