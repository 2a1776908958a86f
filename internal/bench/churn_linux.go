package bench

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// A churner keeps a number of connections open: each waits for the first byte
// of the greeting, is closed, and is followed by the next one, from another
// source address.
type churner struct {
	*poller
	cfg     Config
	to      unix.SockaddrInet4
	slots   []visit // by the id of their events
	visits  int     // begun
	greeted uint64
	latency Histogram
	buf     [4096]byte
}

// A visit is one connection of a churner.
type visit struct {
	fd     int
	secure *secure // nil without TLS
	since  time.Duration
}

func churn(p *poller, c Config) (Result, error) {
	to := netip.MustParseAddrPort(c.Address) // checked with the Config
	ch := &churner{poller: p, cfg: c, to: unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}}
	defer ch.close()
	r := newResult(c)
	var err error
	if r.Server.RSSBefore, err = serverRSS(c, ProcessRSSQuick); err != nil {
		return r, err
	}
	for range c.InFlight {
		ch.slots = append(ch.slots, visit{fd: -1})
		if err := ch.visit(len(ch.slots) - 1); err != nil {
			return r, err
		}
	}
	if err := ch.run(ch.now() + c.Warmup); err != nil {
		return r, err
	}
	ch.greeted, ch.latency = 0, Histogram{}
	s, err := beginSpan(c, ch.now())
	if err != nil {
		return r, err
	}
	if err := ch.run(s.at + c.Duration); err != nil {
		return r, err
	}
	if err := ch.first(s.at + c.Setup); err != nil {
		return r, err
	}
	if err := s.end(c, ch.now(), ch.greeted, &r); err != nil {
		return r, err
	}
	if ch.greeted == 0 {
		return r, fmt.Errorf("bench: no greeting within %v (a server that waits for its clients to speak?)", max(c.Duration, c.Setup))
	}
	r.Connections = ch.greeted
	r.ConnectionsPS = float64(ch.greeted) / r.Seconds
	r.Latency = ch.latency.Summary()
	r.Server.RSSAfter, err = serverRSS(c, ProcessRSSQuick)
	r.Server.RSSPeak = max(r.Server.RSSBefore, r.Server.RSSAfter)
	return r, err
}

func (ch *churner) close() {
	for _, v := range ch.slots {
		if v.fd >= 0 {
			_ = unix.Close(v.fd)
		}
	}
}

func (ch *churner) run(until time.Duration) error {
	for ch.now() < until {
		if err := ch.turn(until); err != nil {
			return err
		}
	}
	return nil
}

// first continues until the first greeting, if there was none in a short
// measurement on a busy machine, so that there is a result.
func (ch *churner) first(limit time.Duration) error {
	for ch.greeted == 0 && ch.now() < limit {
		if err := ch.turn(limit); err != nil {
			return err
		}
	}
	return nil
}

func (v *visit) read(p []byte) (int, error) {
	if v.secure != nil {
		return v.secure.Read(p)
	}
	return unix.Read(v.fd, p)
}

// turn handles the next events, and returns at until at the latest.
func (ch *churner) turn(until time.Duration) error {
	events, err := ch.wait(until)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Fd == timerID {
			continue
		}
		if err := ch.greet(int(e.Fd)); err != nil {
			return err
		}
	}
	return nil
}

// visit begins the next connection in a slot. It waits for the greeting only,
// which can't arrive before the connection is established.
func (ch *churner) visit(slot int) error {
	since := ch.now()
	fd, err := dial(&ch.to, ch.visits, false)
	if err != nil {
		return err
	}
	ch.visits++
	ch.slots[slot] = visit{fd: fd, since: since}
	if ch.cfg.TLS {
		if ch.slots[slot].secure, err = handshake(fd, ch.cfg.Setup); err != nil {
			return err
		}
	}
	return ch.control(unix.EPOLL_CTL_ADD, fd, slot, unix.EPOLLIN)
}

func (ch *churner) greet(slot int) error {
	v := &ch.slots[slot]
	n, err := v.read(ch.buf[:])
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil || n == 0 {
		return fmt.Errorf("bench: connection %d was closed without a greeting: %w", ch.visits, cmp.Or(err, io.EOF))
	}
	ch.greeted++
	ch.latency.Record(ch.now() - v.since)
	_ = unix.Close(v.fd)
	v.fd = -1
	return ch.visit(slot)
}
