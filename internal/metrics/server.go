package metrics

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The limits of the HTTP server.
const (
	maxConns    = 32               // at a time; others wait in the backlog
	maxScrapes  = 4                // of /metrics at a time
	maxHeader   = 8 << 10          // bytes
	readTime    = 5 * time.Second  // for a request
	writeTime   = 15 * time.Second // for an answer
	profileTime = 2 * time.Minute  // the same, if profiles are served
	idleTime    = time.Minute      // between two requests
)

// Options configure a Server.
type Options struct {
	// Collectors are the collectors of /metrics, besides those of the Go runtime and the
	// process.
	Collectors []Collector
	// Ready returns nil if new clients are served, and otherwise why they are not.
	Ready func() error
	// Debug adds /debug/pprof/.
	Debug bool
	// Log receives errors of requests; nil: they are dropped.
	Log *slog.Logger
}

// A Server is an HTTP server on its own goroutine.
type Server struct {
	http http.Server
	ln   net.Listener
	done chan struct{}
}

// Serve begins to serve at a TCP address. The error says what could not be
// opened, or which metric is defined twice.
func Serve(address string, o Options) (*Server, error) {
	mux, err := routes(o)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{ln: ln, done: make(chan struct{}), http: http.Server{
		Handler: mux, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: readTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	if o.Debug {
		s.http.WriteTimeout = profileTime
	}
	go func() {
		defer close(s.done)
		err := s.http.Serve(limit(ln, maxConns))
		if !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics_stopped", slog.String("cause", err.Error()))
		}
	}()
	return s, nil
}

// Addr returns the server's address. Port 0 has been replaced by the port that the system
// chose.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Close closes everything at once, and waits until that is done.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

func routes(o Options) (*http.ServeMux, error) {
	registry := prometheus.NewRegistry()
	all := append([]Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}, o.Collectors...)
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, Timeout: writeTime}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if o.Ready != nil {
			if err := o.Ready(); err != nil {
				answer(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		answer(w, http.StatusOK, "ok")
	})
	if o.Debug {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux, nil
}

func answer(w http.ResponseWriter, code int, line string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, line+"\n") // an error means that the client is gone
}
