package main

import (
	"io"
	"testing"

	"github.com/sudoXpg/netloop/internal/bench"
)

// testDriver has our own servers and the load generator.
func testDriver(t *testing.T) *driver {
	t.Helper()
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{options: options{rounds: 1, resuming: 20, broadcasts: 2}, dir: t.TempDir(), progress: io.Discard, absent: map[string]error{}}
	if err := writeCert(d.binary(certFile)); err != nil {
		t.Fatal(err)
	}
	for name, pkg := range map[string]string{"chatbench": "cmd/chatbench", "chatsrv": "cmd/chatsrv", "bare": "bench/bare", "wsecho": "examples/wsecho"} {
		if err := d.goBuild(t.Context(), root, pkg, name); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestOurServersTakeTLSJSONAndWebSocket(t *testing.T) {
	d := testDriver(t)
	for _, s := range []server{bareTLS, calmTLS, inJSON, socket, deflate} {
		r, err := d.load(t.Context(), s, "", "-clients", "10", "-senders", "2", "-inflight", "2", "-duration", "100ms")
		if err != nil || r.Lines == 0 || r.Missing != 0 || r.Lost != 0 {
			t.Errorf("%s: %d lines, %d missing, %d lost, error %v", s.title, r.Lines, r.Missing, r.Lost, err)
		}
	}
	for _, mode := range []string{"echo", "idle"} {
		if r, err := d.load(t.Context(), wsecho, "", "-mode", mode, "-clients", "20", "-duration", "100ms"); err != nil || r.Missing != 0 || mode == "echo" && r.Deliveries == 0 {
			t.Errorf("wsecho, %s: %d messages, %d missing, error %v", mode, r.Deliveries, r.Missing, err)
		}
	}
	r, err := d.load(t.Context(), calm, "", "-mode", string(bench.Hellos), "-people", "5", "-clients", "10", "-senders", "2", "-rate", "50", "-duration", "100ms")
	if err != nil || r.Visitors != 5 || r.Lines == 0 || r.Missing != 0 {
		t.Errorf("hellos: %d visitors, %d lines, %d missing, error %v", r.Visitors, r.Lines, r.Missing, err)
	}
}

func TestBrowsersLoadThePageAndHoldTheirSessions(t *testing.T) {
	d := testDriver(t)
	r, err := d.browse(t.Context(), onDisk)
	if err != nil {
		t.Fatal(err)
	}
	if r.Clients != pages || r.Lost != 0 || r.Server.RSSBefore == 0 || r.Server.RSSAfter <= r.Server.RSSBefore {
		t.Errorf("%d clients, %d lost, RSS %d -> %d", r.Clients, r.Lost, r.Server.RSSBefore, r.Server.RSSAfter)
	}
}

func TestACrowdResumesItsSessions(t *testing.T) {
	d := testDriver(t)
	c, err := d.cutCrowd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if lost, doubled := c.lostAndDoubled(); lost != 0 || doubled != 0 || c.fresh != 0 || len(c.sent) != 2 {
		t.Errorf("%d lost, %d doubled, %d new sessions, %d broadcasts", lost, doubled, c.fresh, len(c.sent))
	}
	c, _, err = d.killedCrowd(t.Context(), 20)
	if err != nil {
		t.Fatal(err)
	}
	if c.resumed != 20 || c.fresh != 0 || c.back.Count() != 20 {
		t.Errorf("%d resumed, %d new sessions, %d times", c.resumed, c.fresh, c.back.Count())
	}
}
