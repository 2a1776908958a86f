package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
)

// A figure is one table of the results.
type figure struct {
	id, title, about string
	measure          func(context.Context, *driver) section
}

// figures is the list of measurements, in the order of the results.
var figures = []figure{
	{
		"F1", "Fan-out",
		"10 senders, 10 lines of 64 bytes in flight in total, closed loop. A line counts as done when its sender's witness, one other " +
			"connection, has it; CPU is the server's, user and system. The libraries that write each line to each connection are left out at 10,000 clients, where one batch takes them seconds.",
		fanOut,
	},
	{
		"F2", "Everything on",
		"The whole chatsrv against the bare broadcaster under the same load: accounts, a list of 1,000 unwanted words, history on disk. With the open loops flood control " +
			"is on as well, and each sender, a guest whom all rules hold for, stays below it with about one line a second; with ten lines in flight it has to be off. " +
			"Lines that come while others are being sent go out together: where the server has no time left, its load shows in larger batches and a later p99, not in CPU per delivery alone.",
		everything,
	},
	{
		"F3", "Latency at a low rate",
		"500 lines of 64 bytes per second, Poisson, from 10 of 100 clients. Latency counts from the intended time of sending, at every sampled reader.",
		lowRate,
	},
	{
		"F4", "Memory of an idle connection",
		"Resident memory, from outside (smaps_rollup), with 5,000 connections, each of which has logged in and received a line, less that with two. The default style " +
			"with all its defaults, history in memory and on disk; in JSON, over WebSocket and over TLS, history in memory. To wsecho, and to the same server over the last four libraries, each connection is a WebSocket and has got its message back.",
		memory,
	},
	{
		"F5", "Stalled readers",
		"2,000 clients, 100 lines of 512 bytes per second, Poisson; 1,000 of the clients never read. Growth is the highest resident memory during the " +
			"load less that before it. The p99 is the reading clients', against the same schedule with nobody stalled. Everything on has a data folder; " +
			"its flood control has to be off, because each of the 10 senders says ten lines a second.",
		stalled,
	},
	{
		"R1", "Rooms and authors",
		"The default style with everything on but flood control: 1,000 clients, 64 lines of 64 bytes in flight. In the first row 10 of the clients say them in one room; " +
			"in the second 64 do, so that a batch has more authors, each of whom gets it without their own line; in the third everybody is in two rooms and each room has half of the 10 authors.",
		roomsAndAuthors,
	},
	{
		"F6", "Connections per second",
		"64 at a time connect, wait for the first byte of the greeting, and close; sources spread over 127.0.0.0/8. The load generator does about as " +
			"much work per connection as the server, and so bounds what two cores can show: CPU per connection is beside it.",
		churn,
	},
	{
		"F7", "TLS",
		"Fan-out as in R1, to 1,000 clients with 64 lines in flight, so that each write has many lines, without TLS and with it (TLS 1.3, AES-128-GCM). The load generator decrypts all of it on one core.",
		overTLS,
	},
	{
		"F11", "Greeting",
		"chatsrv with all its defaults: 64 telnet clients at a time connect and are silent, so that the server waits for the sniff window of 150 ms before it greets; from connecting to the first byte.",
		greeting,
	},
	{
		"F12", "TLS handshakes",
		"64 connections at a time as in F6, each with a full TLS 1.3 handshake (ECDSA P-256): CPU per connection, against crypto/tls over package net, a goroutine per connection. " +
			"And the p99 of 90 lines per second to 100 clients, undisturbed, and while 2,000 handshakes begin within 2 s or so, get their answer and do not go on.",
		handshakes,
	},
	{
		"J1", "JSON",
		"Fan-out as in F1 to 1,000 clients, 10 lines in flight, in text and as JSON: chatsrv with its defaults but for flood control and with history in memory. A JSON object has time, position and ID of a message: 190 bytes instead of 73.",
		asJSON,
	},
	{
		"W1", "WebSocket",
		"Fan-out as in J1, in text, as lines of JSON, and as JSON in messages of WebSocket, as the page receives it, but without TLS. With compression agreed on, as browsers offer it, chatsrv compresses only messages of 1 KiB and more.",
		overWebSocket,
	},
	{
		"W2", "WebSocket echo",
		"512 connections, each of which sends a message of 128 bytes, waits until it has come back, and sends the next one: CPU of the server per message. " +
			"examples/wsecho against the same server over other libraries; compression is not offered.",
		echoes,
	},
	{
		"W3", "Browsers",
		"Resident memory of chatsrv with all its defaults while 50 people have the page open: each has loaded it and its files over TLS, compressed, keeps that connection, " +
			"and is logged in by WebSocket over another one.",
		browsers,
	},
	{
		"F8", "Durable messages",
		"64 producers, each of whom says a line of 64 bytes, waits until it is told that the line is saved (`/set receipts on`), and says the next one; flood control is off. " +
			"The store alone is store.Writer over SQLite in this process with 64 goroutines that do the same, and has the whole machine; the server shares it with the load generator, " +
			"which is why it is to reach 0.65 of that on two cores, or 0.6 in JSON; with cores of its own it is to reach 0.8. " +
			"In one room each line goes to the 63 others, too.",
		durable,
	},
	{
		"F9", "Search",
		"The newest 50 messages with two words, asked of the store directly, one question after the other. The words are drawn as people draw them: the first of 20,000 very often. " +
			"The messages are in 20 rooms, by 300 authors.",
		searches,
	},
	{
		"F10", "Start",
		"From the start of the process until it takes a connection, tried every millisecond; the files are in the page cache. Each start but the first follows a clean end.",
		starts,
	},
	{
		"S1", "Sessions that resume",
		"2,000 clients in JSON, guests, in one room; each loses its connection (a reset) every 15 s on average, connects again after 2 s and resumes its session. One broadcast a second, 120 in all. " +
			"What a client missed counts from its sending to its receipt, so the time away is part of it. The clients are internal/client, in one process. One round.",
		resumes,
	},
	{
		"S2", "All come back at once",
		"5,000 clients as in S1, each with its session; the server is killed (SIGKILL) and started again at once with the same data. " +
			"Times are from the new process's start until a client has its session again; it tries as internal/client does, after a random time that doubles. One round.",
		restarts,
	},
	{
		"L1", "Log-ins",
		"90 lines of 64 bytes per second, Poisson, from 90 of 100 clients, everything on as in F2: p99 undisturbed, and while 500 people log in at once with the passwords of their accounts " +
			"(argon2id, 19 MiB each) and leave when they are in. Growth is the highest resident memory meanwhile less that before. One round.",
		logIns,
	},
	{
		"B1", "Backends",
		"chatsrv --style classic over every backend of this platform, and over those of Windows under Wine: what Wine's own server does for a " +
			"program is in the rate, not in the CPU, and none of it is Windows. Fan-out as in F1, memory as in F4; stalled, one round: 100 lines of " +
			"512 bytes per second, Poisson, 500 of 1,000 clients never read.",
		backends,
	},
	{
		"B2", "A turn among idle connections",
		"One Wait that finds 10 connections with a byte each, and the 10 writes and reads around it, through the backend alone: CPU of the process " +
			"with nobody else connected and with 1,000 who are silent.",
		turns,
	},
}

var fanOutColumns = []string{"clients", "server", "deliveries/s", "CPU µs per delivery", "× C", "server cores", "generator cores", "p99 ms"}

func fanOut(ctx context.Context, d *driver) section {
	s := section{columns: fanOutColumns}
	for _, n := range []struct {
		clients int
		target  float64
		servers []server
	}{
		{100, 1.2, []server{bare, classic, free, inC, shared, plain, gnet, nbio, stdnet}},
		{1000, 1.1, []server{bare, classic, free, inC, shared, plain, gnet, nbio, stdnet}},
		{10000, 1.1, []server{bare, classic, inC, shared}},
	} {
		got := d.rounds(ctx, fmt.Sprintf("F1, %d clients", n.clients), n.servers, "",
			"-clients", strconv.Itoa(n.clients), "-senders", "10", "-inflight", "10", "-warmup", "500ms", "-duration", "2s")
		for _, sv := range n.servers {
			r := got[sv.title]
			toC := r.ratio(got[inC.title], serverCPU)
			row := newRow(sv, r, strconv.Itoa(n.clients), sv.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(toC, 2),
				number(r.median(serverCores), 2), number(r.median(ownCores), 2), number(r.median(p99)/1000, 1))
			if sv.title == free.title { // with 1,000 clients its target is F2's
				if n.clients == 100 {
					row.target(sv, "≤ 1.6 × C", atMost(toC, 1.6))
				}
				s.rows = append(s.rows, row)
				continue
			}
			row.target(sv, fmt.Sprintf("≤ %v × C", n.target), atMost(toC, n.target))
			if n.clients == 1000 {
				for _, other := range []server{plain, stdnet} {
					better := got[other.title].ratio(r, serverCPU)
					row.target(sv, "≥ 8 × better than "+other.title, atLeast(better, 8))
					row.remark(sv, "%s × %s", number(better, 1), other.title)
				}
			}
			s.rows = append(s.rows, row)
		}
		if n.clients == 1000 {
			s.rows = append(s.rows, recorded()...)
		}
	}
	return s
}

// recorded returns rows of servers that can't be run here, with their earlier
// results with 1,000 clients.
func recorded() []row {
	var rows []row
	for _, r := range []struct {
		title           string
		deliveries, cpu float64
	}{
		{"the C program that chatsrv replaces (poll, Nagle on)", 240_000, 3.2},
	} {
		cells := []string{"1000", r.title, number(r.deliveries, 0), number(r.cpu, 2), "–", "–", "–", "–"}
		rows = append(rows, row{cells: cells, notes: []string{"recorded earlier, on another machine of 2 cores"}})
	}
	return rows
}

func lowRate(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "p50 µs", "p99 µs", "p99 × C", "CPU µs per delivery", "lines missing"}}
	servers := []server{bare, classic, inC, shared, plain, gnet, nbio, stdnet}
	got := d.rounds(ctx, "F3", servers, "", "-mode", "open", "-rate", "500", "-clients", "100", "-senders", "10", "-warmup", "500ms", "-duration", "3s")
	for _, sv := range servers {
		r := got[sv.title]
		toC := r.ratio(got[inC.title], p99)
		row := newRow(sv, r, sv.title, number(r.median(p50), 0), number(r.median(p99), 0), number(toC, 2), number(r.median(serverCPU), 2), number(r.median(missingLines), 0))
		row.target(sv, "p99 ≤ 1.3 × C", atMost(toC, 1.3))
		s.rows = append(s.rows, row)
	}
	return s
}

func memory(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "bytes per connection", "MiB before"}}
	servers := []server{bare, classic, full, stored, inJSON, socket, bareTLS, fullTLS, wsecho, inC, shared, plain, gnet, nbio, stdnet, stdTLS, gws, nbiows, gorilla, coder}
	limits := map[string]float64{bare.title: 250, classic.title: 700, full.title: 700, stored.title: 700, fullTLS.title: 4096, wsecho.title: 750}
	got := d.rounds(ctx, "F4", servers, "", "-mode", "idle", "-clients", "5000", "-duration", "1s")
	for _, sv := range servers {
		r := got[sv.title]
		row := newRow(sv, r, sv.title, number(r.median(perConn), 0), number(r.median(baseRSS), 1))
		if limit, ok := limits[sv.title]; ok {
			row.target(sv, fmt.Sprintf("≤ %.0f B", limit), atMost(r.median(perConn), limit))
		}
		if sv.title == bareTLS.title {
			row.target(sv, "≤ 3,600 B over bare", atMost(r.median(perConn)-got[bare.title].median(perConn), 3600))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

// stalled takes one round: its load is long.
func stalled(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "growth MiB", "p99 ms", "p99 ms, nobody stalled", "ratio", "readers lost"}}
	one := *d
	one.options.rounds = 1
	flags := func(stalled int, duration string) []string {
		return []string{
			"-mode", "open", "-rate", "100", "-size", "512", "-clients", "2000", "-senders", "10",
			"-stalled", strconv.Itoa(stalled), "-warmup", "1s", "-duration", duration,
		}
	}
	for _, sv := range []server{bare, classic, free} {
		quiet := one.rounds(ctx, "F5, nobody stalled", []server{sv}, "", flags(0, (d.stall/2).String())...)[sv.title]
		r := one.rounds(ctx, "F5, 1000 stalled", []server{sv}, "", flags(1000, d.stall.String())...)[sv.title]
		ratio := r.ratio(quiet, p99)
		lost := math.NaN()
		if r.err() == nil {
			lost = float64(r.results[0].Lost)
		}
		row := newRow(sv, r, sv.title, number(r.median(growth), 1), number(r.median(p99)/1000, 1), number(quiet.median(p99)/1000, 1), number(ratio, 2), number(lost, 0))
		row.target(sv, "growth ≤ 8 MiB", atMost(r.median(growth), 8))
		row.target(sv, "p99 ≤ 1.1 ×", atMost(ratio, 1.1))
		s.rows = append(s.rows, row)
	}
	return s
}

func churn(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "connections/s", "× netpoll", "× std net", "CPU µs per connection", "server cores", "generator cores"}}
	servers := []server{bare, classic, plain, gnet, nbio, stdnet}
	got := d.rounds(ctx, "F6", servers, "Enter username : ", "-mode", "churn", "-inflight", "64", "-warmup", "500ms", "-duration", "2s")
	for _, sv := range servers {
		r := got[sv.title]
		toPlain, toStd := r.ratio(got[plain.title], connections), r.ratio(got[stdnet.title], connections)
		row := newRow(sv, r, sv.title, number(r.median(connections), 0), number(toPlain, 2), number(toStd, 2),
			number(r.median(serverCPU), 1), number(r.median(serverCores), 2), number(r.median(ownCores), 2))
		row.target(sv, "≥ 1.5 × netpoll", atLeast(toPlain, 1.5))
		row.target(sv, "≥ 1.5 × std net", atLeast(toStd, 1.5))
		s.rows = append(s.rows, row)
	}
	return s
}

// roomsAndAuthors compares one server with itself under three loads that differ in
// rooms and authors.
func roomsAndAuthors(ctx context.Context, d *driver) section {
	s := section{columns: []string{"load", "deliveries/s", "CPU µs per delivery", "× the first", "server cores", "p99 ms", "lines missing"}}
	loads := []struct{ title, senders, rooms string }{
		{"10 authors, one room", "10", "1"},
		{"64 authors, one room", "64", "1"},
		{"10 authors, readers in two rooms", "10", "2"},
	}
	got := make([]series, len(loads))
	one := *d
	one.options.rounds = 1
	for range d.options.rounds {
		for i, load := range loads {
			r := one.rounds(ctx, "R1, "+load.title, []server{free}, "", "-clients", "1000", "-senders", load.senders, "-rooms", load.rooms,
				"-inflight", "64", "-warmup", "500ms", "-duration", "2s")
			got[i] = got[i].join(r[free.title])
		}
	}
	for i, load := range loads {
		r := got[i]
		ratio := r.ratio(got[0], serverCPU)
		row := newRow(free, r, load.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(ratio, 2),
			number(r.median(serverCores), 2), number(r.median(p99)/1000, 1), number(r.median(missingLines), 0))
		if i > 0 {
			row.target(free, "≤ 1.1 × the first", atMost(ratio, 1.1))
			row.target(free, "no line missing", atMost(r.median(missingLines), 0))
		}
		s.rows = append(s.rows, row)
	}
	return s
}
