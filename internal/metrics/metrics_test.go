package metrics

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type snapshot struct {
	open  int
	lines uint64
}

// serve serves a table with a gauge, a counter and one by label.
func serve(t *testing.T, o Options) (get func(path string) (code int, body string)) {
	t.Helper()
	o.Collectors = []Collector{
		New(func() snapshot { return snapshot{3, 14} }, []Metric[snapshot]{
			{Name: "test_open", Help: "Open.", Value: func(s snapshot) float64 { return float64(s.open) }},
			{Name: "test_lines_total", Help: "Lines.", Counter: true, Value: func(s snapshot) float64 { return float64(s.lines) }},
			{
				Name: "test_refused_total", Help: "Refused.", Counter: true, Label: "reason",
				ByLabel: func(snapshot) map[string]uint64 { return map[string]uint64{"full": 2, "slow": 0} },
			},
		}),
		Info("test_info", "What runs.", map[string]string{"version": "1"}),
	}
	s, err := Serve("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	client := http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(path string) (int, string) {
		t.Helper()
		r, err := client.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
}

func TestTheTableIsServedAsPrometheusText(t *testing.T) {
	get := serve(t, Options{})
	code, body := get("/metrics")
	for _, want := range []string{
		"# HELP test_open Open.\n# TYPE test_open gauge\ntest_open 3\n", "# TYPE test_lines_total counter\ntest_lines_total 14\n",
		`test_refused_total{reason="full"} 2`, `test_refused_total{reason="slow"} 0`, `test_info{version="1"} 1`, "go_goroutines ",
	} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("code %d, lacks %q", code, want)
		}
	}
}

func TestHealthzReportsLivenessAndReadyzReadiness(t *testing.T) {
	var why atomic.Pointer[error]
	get := serve(t, Options{Ready: func() error {
		if err := why.Load(); err != nil {
			return *err
		}
		return nil
	}})
	for range 2 {
		if code, body := get("/healthz"); code != http.StatusOK || body != "ok\n" {
			t.Errorf("healthz: %d %q", code, body)
		}
		code, body := get("/readyz")
		if err := why.Load(); err == nil && (code != http.StatusOK || body != "ok\n") || err != nil && (code != http.StatusServiceUnavailable || body != "shutting down\n") {
			t.Errorf("readyz: %d %q", code, body)
		}
		err := errors.New("shutting down")
		why.Store(&err)
	}
}

func TestProfilesAreServedOnlyForDebugging(t *testing.T) {
	for debug, want := range map[bool]int{false: http.StatusNotFound, true: http.StatusOK} {
		get := serve(t, Options{Debug: debug})
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline"} {
			if code, _ := get(path); code != want {
				t.Errorf("debug %v: %s answers %d", debug, path, code)
			}
		}
	}
	if code, _ := serve(t, Options{})("/"); code != http.StatusNotFound {
		t.Errorf("/ answers %d", code)
	}
}

func TestServeReportsWhatItCannotServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if _, err := Serve(ln.Addr().String(), Options{}); err == nil || !strings.HasPrefix(err.Error(), "metrics: listen tcp 127.0.0.1:") {
		t.Errorf("%v", err)
	}
	twice := Info("a", "b", nil)
	if _, err := Serve("127.0.0.1:0", Options{Collectors: []Collector{twice, twice}}); err == nil {
		t.Error("a metric is served twice")
	}
}

func TestTheNumberOfConnectionsIsLimited(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(ln, 1)
	var d net.Dialer
	for range 3 {
		c, err := d.DialContext(context.Background(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		second <- c
	}()
	select {
	case <-second:
		t.Error("two at a time")
	default:
	}
	_ = first.Close()
	_ = first.Close() // frees a place
	c := <-second
	defer func() { _ = c.Close() }()
	third := make(chan error)
	go func() {
		_, err := l.Accept()
		third <- err
	}()
	_ = l.Close()
	if err := <-third; !errors.Is(err, net.ErrClosed) {
		t.Errorf("waiting for a place when it ends: %v", err)
	}
}
