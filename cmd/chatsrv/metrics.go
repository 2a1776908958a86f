package main

import (
	"fmt"
	"log/slog"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/metrics"
	"github.com/sudoXpg/netloop/internal/server"
)

// A snapshot is what the metrics are taken from.
type snapshot struct {
	server.Stats
	logLost     uint64
	chatLogLost uint64
}

// measured is the one table of metrics.
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
		counter("log_lines_lost", "Lines of the log for which there was no room.", func(s snapshot) uint64 { return s.logLost }),
		counter("chat_log_lines_lost", "Lines that are missing in the text logs of rooms (--chatlog).", func(s snapshot) uint64 { return s.chatLogLost }),
	}
}

func gauge(name, help string, value func(snapshot) uint64) metrics.Metric[snapshot] {
	return metrics.Metric[snapshot]{Name: "chatsrv_" + name, Help: help, Value: func(s snapshot) float64 { return float64(value(s)) }}
}

func counter(name, help string, value func(snapshot) uint64) metrics.Metric[snapshot] {
	m := gauge(name+"_total", help, value)
	m.Counter = true
	return m
}

// serveMetrics serves metrics, if c asks for that, until stop is called.
func serveMetrics(c config.Config, srv *server.Server, data *keeper, log *journal, backend string) (stop func(), err error) {
	if !c.Metrics.IsValid() {
		return func() {}, nil
	}
	own := log.With(logs.In(logs.Server))
	number, commit := build()
	s, err := metrics.Serve(c.Metrics.String(), metrics.Options{
		Collectors: []metrics.Collector{
			metrics.New(func() snapshot { return snapshot{srv.Stats(), log.lost(), data.textsLost()} }, measured()),
			metrics.Info("chatsrv_info", "What runs here.", map[string]string{"version": number + commit, "backend": backend}),
		},
		Ready: srv.Ready, Debug: c.Debug, Log: own,
	})
	if err != nil {
		return nil, fmt.Errorf("%w (another chatsrv? see --metrics)", err)
	}
	own.Info("metrics", slog.String("address", s.Addr().String()), slog.Bool("profiles", c.Debug))
	return func() { _ = s.Close() }, nil // nobody can be told of a listener that was closed already
}
