package main

import (
	"context"
	"math"
)

func overWebSocket(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "deliveries/s", "CPU µs per delivery", "× text", "server cores", "generator cores", "p99 ms", "lines missing"}}
	servers := []server{calm, inJSON, socket, deflate}
	got := d.rounds(ctx, "W1", servers, "", "-clients", "1000", "-senders", "10", "-inflight", "10", "-warmup", "500ms", "-duration", "2s")
	for _, sv := range servers {
		r := got[sv.title]
		ratio := r.ratio(got[calm.title], serverCPU)
		row := newRow(sv, r, sv.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(ratio, 2),
			number(r.median(serverCores), 2), number(r.median(ownCores), 2), number(r.median(p99)/1000, 1), number(r.median(missingLines), 0))
		if sv.websocket {
			row.target(sv, "≤ 1.1 × text", atMost(ratio, 1.1))
			row.target(sv, "no line missing", atMost(r.median(missingLines), 0))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func echoes(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "messages/s", "CPU µs per message", "× wsecho", "server cores", "generator cores", "p50 ms", "p99 ms"}}
	peers := []server{gws, nbiows, gorilla, coder}
	// The line feed of a line is not part of the message.
	got := d.rounds(ctx, "W2", append([]server{wsecho}, peers...), "", "-mode", "echo", "-clients", "512", "-size", "129", "-warmup", "500ms", "-duration", "2s")
	ours := got[wsecho.title]
	best := math.Inf(1)
	for _, sv := range peers {
		if ratio := got[sv.title].ratio(ours, serverCPU); ratio < best {
			best = ratio
		}
	}
	if math.IsInf(best, 1) {
		best = math.NaN() // there is none
	}
	for _, sv := range append([]server{wsecho}, peers...) {
		r := got[sv.title]
		row := newRow(sv, r, sv.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(r.ratio(ours, serverCPU), 2),
			number(r.median(serverCores), 2), number(r.median(ownCores), 2), number(r.median(p50)/1000, 1), number(r.median(p99)/1000, 1))
		row.target(sv, "≥ 1.5 × better than the best of the others", atLeast(best, 1.5))
		s.rows = append(s.rows, row)
	}
	return s
}
