package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

const (
	producers   = 64
	durableWarm = 500 * time.Millisecond
	durableFor  = 2 * time.Second
)

// durable compares, in each round, the store alone and the whole server.
func durable(ctx context.Context, d *driver) section {
	s := section{columns: []string{"producers", "saved/s", "× the store", "receipt p50 µs", "receipt p99 µs", "p99 by p50", "server's CPU µs per line"}}
	apart, together, alone := free, free, server{title: "**store.Writer** over SQLite, alone", ours: true}
	apart.title, together.title = "**chatsrv**, each in a room of its own", "**chatsrv**, all in one room"
	apartJSON := speakingJSON(asShipped(apart.title+", JSON", "--words", wordsFile, "--flood-control=false"))
	apartJSON.folder = emptyFolder
	togetherJSON := apartJSON
	togetherJSON.title = together.title + ", JSON"
	flags := []string{
		"-mode", "saved", "-clients", fmt.Sprint(producers), "-warmup", durableWarm.String(), "-duration", durableFor.String(),
	}
	got := map[string]series{}
	one := *d
	one.options.rounds = 1
	for range d.options.rounds {
		if ctx.Err() != nil {
			return s
		}
		fmt.Fprintf(d.progress, "F8: %s\n", alone.title)
		got[alone.title] = got[alone.title].with(one.storeAlone())
		for title, r := range one.rounds(ctx, "F8", []server{apart, apartJSON}, "", append(flags, "-apart")...) {
			got[title] = got[title].join(r)
		}
		for title, r := range one.rounds(ctx, "F8", []server{together, togetherJSON}, "", flags...) {
			got[title] = got[title].join(r)
		}
	}
	for _, sv := range []server{alone, apart, together, apartJSON, togetherJSON} {
		r := got[sv.title]
		ratio := r.ratio(got[alone.title], savedPS)
		row := newRow(sv, r, sv.title, number(r.median(savedPS), 0), number(ratio, 2), number(r.median(p50), 0), number(r.median(p99), 0),
			number(r.median(tail), 1), number(r.median(serverCPU), 1))
		if sv.title != alone.title {
			least := 0.65
			if sv.login == bench.LoginJSON {
				least = 0.6
			}
			row.target(sv, fmt.Sprintf("≥ %v × the store", least), atLeast(ratio, least))
			row.target(sv, "p99 ≤ 20 × p50", atMost(r.median(tail), 20))
			row.target(sv, "p99 ≤ 25 ms", atMost(r.median(p99), 25_000))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

// storeAlone runs storeRate in a new folder, beside those of the servers.
func (d *driver) storeAlone() (bench.Result, error) {
	folder, err := os.MkdirTemp(d.dir, "data")
	if err != nil {
		return bench.Result{}, err
	}
	return storeRate(folder, producers, durableWarm, durableFor)
}

// storeRate makes producers save messages of 64 bytes, each one at a time.
func storeRate(folder string, producers int, warmup, duration time.Duration) (r bench.Result, err error) {
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	state, err := s.Load(time.Now())
	if err != nil {
		return r, err
	}
	w := store.NewWriter(s, store.Options{})
	p := saving{writer: w, epoch: state.Epoch, begun: time.Now()}
	p.from, p.to = warmup, warmup+duration
	p.ids.Store(state.LastID)
	var all sync.WaitGroup
	for i := range producers {
		all.Go(func() { p.produce(i) })
	}
	all.Wait()
	if err := errors.Join(p.err, w.Close()); err != nil {
		return r, err
	}
	r.Seconds, r.Lines, r.Latency = duration.Seconds(), p.saved, p.latency.Summary()
	r.LinesPS = float64(r.Lines) / r.Seconds
	before, after := p.cpu[0], p.cpu[1]
	r.Server.CPUPerUnit = float64((after - before).Microseconds()) / float64(max(r.Lines, 1))
	return r, nil
}

// A saving is the work of producers that each save one message after the other.
type saving struct {
	writer   *store.Writer
	epoch    uint64
	begun    time.Time
	from, to time.Duration // since begun
	ids      atomic.Uint64

	mu      sync.Mutex // guards what follows
	saved   uint64     // in [from, to)
	latency bench.Histogram
	cpu     [2]time.Duration // of this process, as [from, to) begins and ends
	err     error
}

func (p *saving) produce(i int) {
	name := fmt.Sprintf("u%05d", i)
	saved := make(chan error, 1)
	for seq := uint64(0); ; seq++ {
		sent := time.Since(p.begun)
		if sent >= p.to {
			return
		}
		body := bench.AppendLine(nil, bench.Line{Sender: i, Seq: seq, Sent: sent}, 64)
		id := p.ids.Add(1)
		p.writer.Write(func(err error) { saved <- err }, chat.Post{Key: name, Awaited: true, Event: chat.Event{
			Room: chat.Lobby, Epoch: p.epoch, Seq: id, ID: id, Kind: chat.Say, Name: name, Body: string(body[:len(body)-1]), Time: time.Now(),
		}})
		if !p.count(sent, <-saved) {
			return
		}
	}
}

// count counts a message that was written at a time, and reports whether to
// continue.
func (p *saving) count(sent time.Duration, err error) bool {
	now := time.Since(p.begun)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.err = errors.Join(p.err, err)
		return false
	}
	for i, at := range []time.Duration{p.from, p.to} {
		if now >= at && p.cpu[i] == 0 {
			var err error
			p.cpu[i], err = bench.ProcessCPU(os.Getpid())
			p.err = errors.Join(p.err, err)
		}
	}
	if now >= p.from && now < p.to {
		p.saved++
	}
	if sent >= p.from && sent < p.to {
		p.latency.Record(now - sent)
	}
	return true
}
