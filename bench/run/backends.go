package main

import (
	"context"

	"github.com/sudoXpg/netloop"
)

// backends compares chatsrv with itself: only --backend differs. The first,
// the platform's best, is the measure of the others.
func backends(ctx context.Context, d *driver) section {
	s := section{columns: []string{
		"backend", "100 clients: deliveries/s", "CPU µs per delivery", "× the first", "1000 clients: deliveries/s", "CPU µs per delivery", "× the first",
		"idle: bytes per connection", "stalled: growth MiB", "p99 ms", "readers lost",
	}}
	var servers []server
	for _, b := range netloop.Backends() {
		servers = append(servers, server{
			name: "chatsrv", title: b.Name, ours: true, login: classic.login,
			args: func(port, greeting string) []string { return append(classic.args(port, greeting), "--backend", b.Name) },
		})
	}
	load := func(clients string) map[string]series {
		return d.rounds(ctx, "F7, "+clients+" clients", servers, "", "-clients", clients, "-senders", "10", "-inflight", "10", "-duration", "2s")
	}
	few, many := load("100"), load("1000")
	idle := d.rounds(ctx, "F7, idle", servers, "", "-mode", "idle", "-clients", "5000", "-duration", "1s")
	stuck := d.rounds(ctx, "F7, 500 of 1000 stalled", servers, "", "-mode", "open", "-rate", "100", "-size", "512", "-clients", "1000",
		"-senders", "10", "-stalled", "500", "-warmup", "1s", "-duration", (d.stall / 6).String())
	first := servers[0].title
	for _, sv := range servers {
		f, m, i, k := few[sv.title], many[sv.title], idle[sv.title], stuck[sv.title]
		s.rows = append(s.rows, newRow(sv, m, sv.title,
			number(f.median(deliveries), 0), number(f.median(serverCPU), 2), number(f.ratio(few[first], serverCPU), 2),
			number(m.median(deliveries), 0), number(m.median(serverCPU), 2), number(m.ratio(many[first], serverCPU), 2),
			number(i.median(perConn), 0), number(k.median(growth), 1), number(k.median(p99)/1000, 1), number(k.median(readersLost), 0)))
	}
	return s
}
