package bench

import (
	"fmt"
	"time"
)

// How many visitors connect in a millisecond: people who log in come as fast as a server
// takes them, handshakes as fast as two cores can answer them.
const (
	peopleAtOnce = 16
	hellosAtOnce = 1
)

// disturbed measures the open loop twice: undisturbed, and while during runs.
func (l *loader) disturbed(during func() error) (Result, error) {
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
	if err := l.window(during); err != nil {
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
	l.r.Lost, l.r.Visitors = g.lost, g.entered
	l.r.Latency = l.latency.Summary()
	l.r.Server.RSSAfter, err = serverRSS(g.cfg, ProcessRSSQuick)
	return l.r, err
}

// admit makes people log in, all at once, with the passwords of their accounts, and returns
// when the last one is logged in. Each disconnects then, so that the number of readers
// stays the same.
func (l *loader) admit() error {
	return l.visit("people logged in", peopleAtOnce, func(i int) *client {
		return &client{login: login{dialect: LoginDefault, name: AccountName(i), password: AccountPassword}}
	})
}

// halfShake begins TLS handshakes and goes no further: the clients send a
// ClientHello and do not answer to what the server sends.
func (l *loader) halfShake() error {
	hello, err := clientHello()
	if err != nil {
		return err
	}
	if err := l.visit("TLS handshakes begun", hellosAtOnce, func(int) *client { return &client{hello: hello} }); err != nil {
		return err
	}
	return l.run(l.g.now() + l.g.cfg.Duration)
}

// visit connects visitors, and returns when all are where they want to be.
func (l *loader) visit(what string, atOnce int, make func(i int) *client) error {
	g := l.g
	for i := range g.cfg.People {
		c := make(i)
		c.id, c.visitor = len(g.clients), true
		if err := g.start(c); err != nil {
			return err
		}
		if i%atOnce == atOnce-1 { // what is due meanwhile must not wait
			if err := l.run(g.now() + time.Millisecond); err != nil {
				return err
			}
		}
	}
	for limit := g.now() + g.cfg.Setup; g.entered < g.cfg.People; {
		now := g.now()
		if now >= limit {
			return fmt.Errorf("bench: %d of %d %s within %v", g.entered, g.cfg.People, what, g.cfg.Setup)
		}
		if err := l.run(min(now+watching, limit)); err != nil {
			return err
		}
	}
	return nil
}
