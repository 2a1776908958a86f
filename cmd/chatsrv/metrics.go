package main

import (
	"fmt"
	"log/slog"

	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/metrics"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
)

// A snapshot is the source of the metrics.
type snapshot struct {
	server.Stats
	logLost     uint64
	chatLogLost uint64

	store        store.Stats
	storeSize    uint64
	failedLogins uint64
	hashes       uint64
	hashesWait   uint64
	handshakes   uint64
	certExpires  uint64 // Unix time, in seconds; 0: there is no TLS
}

// measured returns the table of metrics.
func measured() []metrics.Metric[snapshot] {
	return []metrics.Metric[snapshot]{
		gauge("connections", "Connections that are open, those being refused included.", func(s snapshot) uint64 { return s.Loop.Open }),
		gauge("users", "Users who have given a name.", func(s snapshot) uint64 { return uint64(max(s.Users, 0)) }),
		counter("connections_accepted", "Connections taken from a backlog.", func(s snapshot) uint64 { return s.Loop.Accepted }),
		{
			Name: "chatsrv_connections_refused_total", Help: "Connections that were not let in, by the limit or other reason.", Counter: true,
			Label: "reason", ByLabel: func(s snapshot) map[string]uint64 { return s.Refused },
		},
		counter("accept_pauses", "Times that accepting paused for want of descriptors.", func(s snapshot) uint64 { return s.Loop.AcceptPauses }),
		counter("logins", "Users who gave a name.", func(s snapshot) uint64 { return s.Logins }),
		counter("logins_failed", "Wrong passwords.", func(s snapshot) uint64 { return s.failedLogins }),
		counter("password_hashes", "Passwords that were hashed, to compare or to keep them.", func(s snapshot) uint64 { return s.hashes }),
		gauge("password_hashes_waiting", "Passwords that wait to be hashed.", func(s snapshot) uint64 { return s.hashesWait }),
		gauge("tls_handshakes", "TLS handshakes in progress.", func(s snapshot) uint64 { return s.handshakes }),
		gauge("tls_certificate_expiry_seconds", "Unix time at which the first TLS certificate expires; 0 without TLS.", func(s snapshot) uint64 { return s.certExpires }),
		counter("messages", "Lines published in a room, notices included.", func(s snapshot) uint64 { return s.Messages }),
		counter("received_bytes", "Bytes read from connections.", func(s snapshot) uint64 { return s.Loop.BytesIn }),
		counter("sent_bytes", "Bytes written to connections.", func(s snapshot) uint64 { return s.Loop.BytesOut }),
		counter("reads", "Reads from connections.", func(s snapshot) uint64 { return s.Loop.Reads }),
		counter("writes", "Writes to connections; one may carry many lines.", func(s snapshot) uint64 { return s.Loop.Writes }),
		counter("writes_blocked", "Writes that found no room.", func(s snapshot) uint64 { return s.Loop.Blocked }),
		counter("readers_lagged", "Times that a reader fell too far behind and missed lines.", func(s snapshot) uint64 { return s.Loop.Lagged }),
		counter("readers_stalled", "Connections closed because they took nothing.", func(s snapshot) uint64 { return s.Loop.Stalled }),
		counter("loop_turns", "Turns of the event loops.", func(s snapshot) uint64 { return s.Loop.Waits }),
		counter("loop_events", "Events that the backend reported.", func(s snapshot) uint64 { return s.Loop.Events }),
		gauge("store_waiting_records", "Records that wait to be saved.", func(s snapshot) uint64 { return uint64(max(s.store.Waiting, 0)) }),
		gauge("store_waiting_bytes", "Bytes of the records that wait to be saved.", func(s snapshot) uint64 { return uint64(max(s.store.WaitingBytes, 0)) }),
		gauge("store_unindexed_messages", "Messages that are saved and not indexed yet, as far as is known.", func(s snapshot) uint64 { return uint64(max(s.store.Unindexed, 0)) }),
		gauge("store_size_bytes", "Size of the database on disk, its write-ahead log included; 0 without one.", func(s snapshot) uint64 { return s.storeSize }),
		counter("store_records", "Records that were saved.", func(s snapshot) uint64 { return s.store.Records }),
		counter("store_records_failed", "Records that could not be saved.", func(s snapshot) uint64 { return s.store.Failed }),
		{
			Name: "chatsrv_store_commit_seconds", Help: "Time that a transaction of the store takes, those that fail included.",
			Histogram: func(s snapshot) metrics.Histogram { return latency(s.store.Latency) },
		},
		counter("log_lines_lost", "Lines of the log for which there was no room.", func(s snapshot) uint64 { return s.logLost }),
		counter("chat_log_lines_lost", "Lines that are missing in the text logs of rooms (--chatlog).", func(s snapshot) uint64 { return s.chatLogLost }),
	}
}

// latency returns a histogram in seconds.
func latency(l store.Latency) metrics.Histogram {
	h := metrics.Histogram{Counts: l.Counts[:], Sum: l.Sum.Seconds()}
	for _, bound := range store.LatencyBounds {
		h.Bounds = append(h.Bounds, bound.Seconds())
	}
	return h
}

func gauge(name, help string, value func(snapshot) uint64) metrics.Metric[snapshot] {
	return metrics.Metric[snapshot]{Name: "chatsrv_" + name, Help: help, Value: func(s snapshot) float64 { return float64(value(s)) }}
}

func counter(name, help string, value func(snapshot) uint64) metrics.Metric[snapshot] {
	m := gauge(name+"_total", help, value)
	m.Counter = true
	return m
}

// take makes a snapshot.
func take(srv *server.Server, data *storage, log *journal, keeper *certs.Keeper) snapshot {
	hashes, waiting := data.hashes()
	var expires uint64
	if keeper != nil {
		at, _ := keeper.Expires()
		expires = uint64(max(at.Unix(), 0))
	}
	return snapshot{
		Stats: srv.Stats(), logLost: log.lost(), chatLogLost: data.textsLost(),
		store: data.writer.Stats(), storeSize: data.size(), failedLogins: data.failedLogins(),
		hashes: hashes, hashesWait: waiting, handshakes: uint64(srv.Handshakes()), certExpires: expires,
	}
}

// serveMetrics serves metrics, if c asks for that, until stop is called.
func serveMetrics(c config.Config, srv *server.Server, data *storage, log *journal, keeper *certs.Keeper, backend string) (stop func(), err error) {
	if !c.Metrics.IsValid() {
		return func() {}, nil
	}
	own := log.With(logs.In(logs.Server))
	number, commit := build()
	s, err := metrics.Serve(c.Metrics.String(), metrics.Options{
		Collectors: []metrics.Collector{
			metrics.New(func() snapshot { return take(srv, data, log, keeper) }, measured()),
			metrics.Info("chatsrv_info", "What runs here.", map[string]string{"version": number + commit, "backend": backend}),
		},
		Ready: srv.Ready, Debug: c.Debug, Log: own,
	})
	if err != nil {
		return nil, fmt.Errorf("%w (another chatsrv? see --metrics)", err)
	}
	own.Info("metrics", slog.String("address", s.Addr().String()), slog.Bool("profiles", c.Debug))
	return func() { _ = s.Close() }, nil // the error only says that the listener was closed already
}
