package main

import (
	"context"
	"fmt"

	"github.com/sudoXpg/netloop/internal/bench"
)

// inFlight is how many handshakes of F12 do not go on: as many as a server takes by default.
const inFlight = 2000

func overTLS(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "deliveries/s", "× plain", "CPU µs per delivery", "× plain", "server cores", "generator cores", "p99 ms", "lines missing"}}
	servers := []server{bare, bareTLS, calm, calmTLS}
	got := d.rounds(ctx, "F7", servers, "", "-clients", "1000", "-senders", "10", "-inflight", "10", "-warmup", "500ms", "-duration", "2s")
	for i, sv := range servers {
		r, without := got[sv.title], got[servers[i&^1].title]
		rate, cost := r.ratio(without, deliveries), r.ratio(without, serverCPU)
		row := newRow(sv, r, sv.title, number(r.median(deliveries), 0), number(rate, 2), number(r.median(serverCPU), 2), number(cost, 2),
			number(r.median(serverCores), 2), number(r.median(ownCores), 2), number(r.median(p99)/1000, 1), number(r.median(missingLines), 0))
		if sv.tls {
			row.target(sv, "deliveries/s ≥ 0.85 × plain", atLeast(rate, 0.85))
			row.target(sv, "no line missing", atMost(r.median(missingLines), 0))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func asJSON(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "deliveries/s", "CPU µs per delivery", "× text", "server cores", "p99 ms", "lines missing"}}
	servers := []server{calm, inJSON}
	got := d.rounds(ctx, "J1", servers, "", "-clients", "1000", "-senders", "10", "-inflight", "10", "-warmup", "500ms", "-duration", "2s")
	for _, sv := range servers {
		r := got[sv.title]
		ratio := r.ratio(got[calm.title], serverCPU)
		row := newRow(sv, r, sv.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(ratio, 2),
			number(r.median(serverCores), 2), number(r.median(p99)/1000, 1), number(r.median(missingLines), 0))
		if sv.login == bench.LoginJSON {
			row.target(sv, "≤ 1.3 × text", atMost(ratio, 1.3))
			row.target(sv, "no line missing", atMost(r.median(missingLines), 0))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func greeting(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "connections/s", "p50 ms", "p99 ms"}}
	r := d.rounds(ctx, "F11", []server{shipped}, "", "-mode", "churn", "-inflight", "64", "-warmup", "500ms", "-duration", "3s")[shipped.title]
	row := newRow(shipped, r, shipped.title, number(r.median(connections), 0), number(r.median(p50)/1000, 1), number(r.median(p99)/1000, 1))
	row.target(shipped, "p99 ≤ 160 ms", atMost(r.median(p99), 160_000))
	s.rows = append(s.rows, row)
	return s
}

func handshakes(ctx context.Context, d *driver) section {
	s := section{columns: []string{"load", "server", "connections/s", "CPU µs per connection", "× crypto/tls", "p99 ms, undisturbed", "p99 ms meanwhile", "ratio", "growth MiB", "lines missing"}}
	servers := []server{bareTLS, stdTLS}
	got := d.rounds(ctx, "F12", servers, "hello", "-mode", "churn", "-inflight", "64", "-warmup", "500ms", "-duration", "2s")
	for _, sv := range servers {
		r := got[sv.title]
		ratio := r.ratio(got[stdTLS.title], serverCPU)
		row := newRow(sv, r, "full handshakes", sv.title, number(r.median(connections), 0), number(r.median(serverCPU), 1), number(ratio, 2), "", "", "", "", "")
		row.target(sv, "≤ 1.2 × crypto/tls", atMost(ratio, 1.2))
		s.rows = append(s.rows, row)
	}
	r := d.rounds(ctx, "F12, stalled", []server{calm}, "", "-mode", "hellos", "-people", fmt.Sprint(inFlight), "-rate", "90", "-clients", "100", "-senders", "90",
		"-warmup", "1s", "-duration", "4s")[calm.title]
	ratio := r.median(tailToQuiet)
	row := newRow(calm, r, fmt.Sprintf("%s stalled", number(inFlight, 0)), calm.title, "", "", "", number(r.median(quietP99)/1000, 1), number(r.median(p99)/1000, 1),
		number(ratio, 2), number(r.median(growth), 1), number(r.median(missingLines), 0))
	row.target(calm, "p99 ≤ 2 × undisturbed", atMost(ratio, 2))
	row.target(calm, "no line missing", atMost(r.median(missingLines), 0))
	s.rows = append(s.rows, row)
	return s
}
