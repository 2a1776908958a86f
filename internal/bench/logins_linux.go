package bench

import "fmt"

// logIns measures the open loop twice: undisturbed, and while users log in, all
// at once, with the passwords of their accounts. Each disconnects once logged
// in, so that the number of readers stays the same.
func (l *loader) logIns() (Result, error) {
	g := l.g
	if err := l.begin(); err != nil {
		return l.r, err
	}
	if err := l.window(l.span); err != nil {
		return l.r, err
	}
	if err := l.drain(); err != nil {
		return l.r, err
	}
	l.r.Quiet = l.latency.Summary()
	var err error
	if l.r.Server.RSSBefore, err = serverRSS(g.cfg, ProcessRSSQuick); err != nil {
		return l.r, err
	}
	l.r.Server.RSSPeak = l.r.Server.RSSBefore
	// If the peak can't be reset, samples during the load are used.
	exact := g.cfg.PID != 0 && ResetPeak(g.cfg.PID) == nil
	if err := l.window(l.admit); err != nil {
		return l.r, err
	}
	l.stopped = true
	if exact {
		peak, err := ProcessPeak(g.cfg.PID)
		if err != nil {
			return l.r, err
		}
		l.r.Server.RSSPeak = max(l.r.Server.RSSPeak, peak)
	}
	if err := l.drain(); err != nil {
		return l.r, err
	}
	l.r.Lost, l.r.LogIns = g.lost, g.entered
	l.r.Latency = l.latency.Summary()
	l.r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSSQuick)
	return l.r, err
}

// admit logs the users in, and returns when the last one is.
func (l *loader) admit() error {
	g := l.g
	for i := range g.cfg.People {
		c := &client{id: len(g.clients), visitor: true}
		c.login = login{dialect: LoginDefault, name: AccountName(i), password: AccountPassword}
		if err := g.start(c); err != nil {
			return err
		}
	}
	for limit := g.now() + g.cfg.Setup; g.entered < g.cfg.People; {
		now := g.now()
		if now >= limit {
			return fmt.Errorf("bench: %d of %d people logged in within %v", g.entered, g.cfg.People, g.cfg.Setup)
		}
		if err := l.run(min(now+watching, limit)); err != nil {
			return err
		}
	}
	return nil
}
