package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/client"
)

// The profile of S1 and S2, by default.
const (
	resuming    = 2000
	broadcasts  = 120
	cutEvery    = 15 * time.Second // each client, on average
	cutAway     = 2 * time.Second
	avalanche   = 5.0 / 2 // times the clients of S1
	settleLimit = time.Minute
)

// resumes takes one round: its load is long.
func resumes(ctx context.Context, d *driver) section {
	s := section{columns: []string{
		"server", "clients", "broadcasts", "resumes", "lost", "doubled", "gaps", "new sessions", "p50 ms, live", "p99 ms, live", "p50 ms, missed", "p99 ms, missed",
	}}
	fmt.Fprintf(d.progress, "S1: %s\n", kept.title)
	c, err := d.cutCrowd(ctx)
	if err != nil {
		s.rows = append(s.rows, row{cells: []string{kept.title}, ours: true, verdict: absent, notes: []string{err.Error()}})
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	lost, doubled := c.lostAndDoubled()
	live, missed := c.live.Summary(), c.caughtUp.Summary()
	r := row{ours: true, cells: []string{
		kept.title, number(float64(d.resuming), 0), fmt.Sprint(d.broadcasts), number(float64(c.resumed), 0), fmt.Sprint(lost), fmt.Sprint(doubled), fmt.Sprint(c.gaps), fmt.Sprint(c.fresh),
		number(live.P50/1000, 1), number(live.P99/1000, 1), number(missed.P50/1000, 0), number(missed.P99/1000, 0),
	}}
	whole := d.resuming >= resuming && d.broadcasts >= broadcasts
	r.target(kept, "0 lost, 0 doubled", atMost(float64(lost+doubled), 0))
	judgeOf(&r, whole, "p99 of the missed ≤ 2 s away + 0.3 s", atMost(missed.P99/1000, 2300))
	s.rows = append(s.rows, r)
	return s
}

// cutCrowd returns a crowd to which one broadcast a second was sent while its connections
// were cut.
func (d *driver) cutCrowd(ctx context.Context) (*crowd, error) {
	r, err := d.start(ctx, kept, "")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	c, err := gather(ctx, r.addr, d.resuming, cutAway)
	if err != nil {
		return nil, err
	}
	defer c.end()
	defer r.stop() // first: otherwise each client is told that each other leaves
	speaker, err := client.Dial(ctx, client.Options{Address: r.addr, Name: "speaker"})
	if err != nil {
		return nil, err
	}
	c.done.Go(func() {
		for range speaker.Events() { // nothing of it is counted
		}
	})
	defer func() { _ = speaker.Close() }()
	cuts, stop := context.WithCancel(ctx)
	defer stop()
	var cutting sync.WaitGroup
	cutting.Go(func() {
		for client.Wait(cuts, cutEvery/time.Duration(d.resuming)) == nil {
			c.cut()
		}
	})
	for range d.broadcasts {
		if err := errors.Join(c.broadcast(speaker), client.Wait(ctx, time.Second)); err != nil {
			return nil, err
		}
	}
	stop()
	cutting.Wait()
	c.await(ctx, settleLimit, func() bool { // what is missing after that is lost
		lost, _ := c.lostAndDoubled()
		return lost == 0
	})
	return c, ctx.Err()
}

// restarts takes one round: its load is long.
func restarts(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "clients", "back", "new sessions", "accepts after ms", "p50 ms", "p95 ms", "last ms"}}
	n := int(avalanche * float64(d.resuming))
	fmt.Fprintf(d.progress, "S2: %s\n", kept.title)
	c, accepts, err := d.killedCrowd(ctx, n)
	if err != nil {
		s.rows = append(s.rows, row{cells: []string{kept.title}, ours: true, verdict: absent, notes: []string{err.Error()}})
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p95 := float64(c.back.Quantile(0.95)) / float64(time.Millisecond)
	r := row{ours: true, cells: []string{
		kept.title, number(float64(n), 0), number(float64(c.resumed), 0), fmt.Sprint(c.fresh), number(ms(accepts), 0),
		number(c.back.Summary().P50/1000, 0), number(p95, 0), number(c.back.Summary().Max/1000, 0),
	}}
	r.target(kept, "all back in their sessions", atLeast(float64(c.resumed), float64(n)))
	judgeOf(&r, d.resuming >= resuming, "p95 ≤ 3 s", atMost(p95, 3000))
	s.rows = append(s.rows, r)
	return s
}

// killedCrowd returns a crowd whose server was killed and started again, and how long
// that start took.
func (d *driver) killedCrowd(ctx context.Context, n int) (c *crowd, accepts time.Duration, err error) {
	folder, err := emptyFolder(ctx, d)
	if err != nil {
		return nil, 0, err
	}
	sv := kept
	sv.folder = func(context.Context, *driver) (string, error) { return folder, nil }
	r, err := d.start(ctx, sv, "")
	if err != nil {
		return nil, 0, err
	}
	defer r.stop()
	if c, err = gather(ctx, r.addr, n, 0); err != nil {
		return nil, 0, err
	}
	defer c.end()
	r.stop()
	c.mu.Lock()
	c.since = time.Now()
	c.mu.Unlock()
	again, err := d.launchAt(ctx, sv, r.addr, "")
	if err != nil {
		return nil, 0, err
	}
	defer again.stop()
	if accepts, err = again.accepting(ctx, time.Millisecond); err != nil {
		return nil, 0, err
	}
	c.await(ctx, settleLimit, func() bool { return c.resumed+c.fresh >= n })
	return c, accepts, ctx.Err()
}
