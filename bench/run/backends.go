package main

import (
	"context"

	"github.com/sudoXpg/netloop"
)

// backends compares chatsrv with itself: only --backend differs. The first, the
// platform's best, is the reference for the others.
func backends(ctx context.Context, d *driver) section {
	s := section{columns: []string{
		"backend", "100 clients: deliveries/s", "CPU µs per delivery", "× the first", "1000 clients: deliveries/s", "CPU µs per delivery", "× the first",
		"idle: bytes per connection", "stalled: growth MiB", "p99 ms", "readers lost",
	}}
	var here []server
	for _, b := range netloop.Backends() {
		here = append(here, over(b.Name, server{name: "chatsrv", title: b.Name, ours: true}))
	}
	// Not marked as ours, so that a machine without Wine misses nothing.
	wine := []server{
		over("afd", server{name: windowsServer, title: "afd, under Wine", wine: true}),
		over("poll", server{name: windowsServer, title: "poll (WSAPoll), under Wine", wine: true}),
	}
	load := func(servers []server, clients string) map[string]series {
		return d.rounds(ctx, "B1, "+clients+" clients", servers, "", "-clients", clients, "-senders", "10", "-inflight", "10", "-duration", "2s")
	}
	few, many := load(append(here, wine...), "100"), load(here, "1000")
	idle := d.rounds(ctx, "B1, idle", here, "", "-mode", "idle", "-clients", "5000", "-duration", "1s")
	one := *d
	one.options.rounds = 1
	stuck := one.rounds(ctx, "B1, 500 of 1000 stalled", here, "", "-mode", "open", "-rate", "100", "-size", "512", "-clients", "1000",
		"-senders", "10", "-stalled", "500", "-warmup", "1s", "-duration", (d.stall / 6).String())
	first := here[0].title
	for _, sv := range here {
		f, m, i, k := few[sv.title], many[sv.title], idle[sv.title], stuck[sv.title]
		s.rows = append(s.rows, newRow(sv, m, sv.title,
			number(f.median(deliveries), 0), number(f.median(serverCPU), 2), number(f.ratio(few[first], serverCPU), 2),
			number(m.median(deliveries), 0), number(m.median(serverCPU), 2), number(m.ratio(many[first], serverCPU), 2),
			number(i.median(perConn), 0), number(k.median(growth), 1), number(k.median(p99)/1000, 1), number(k.median(readersLost), 0)))
	}
	for _, sv := range wine {
		cells := []string{sv.title, number(few[sv.title].median(deliveries), 0)}
		for len(cells) < len(s.columns) {
			cells = append(cells, "–")
		}
		s.rows = append(s.rows, newRow(sv, few[sv.title], cells...))
	}
	return s
}

// over returns a chatsrv with a given backend.
func over(backend string, s server) server {
	s.login = classic.login
	s.args = func(port, greeting string) []string {
		return append(classic.args(port, greeting), "--backend", backend)
	}
	return s
}
