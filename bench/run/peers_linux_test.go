package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
)

// unreachable reports whether go mod download failed for want of a network or of the module
// there: not because a sum or a go.mod file is wrong.
func unreachable(out string) bool {
	return !strings.Contains(out, "checksum mismatch") &&
		(strings.Contains(out, `Get "http`) || strings.Contains(out, "reading http") || strings.Contains(out, "disabled by GOPROXY=off"))
}

func TestOnlyAnUnreachableModuleIsNoFault(t *testing.T) {
	for out, want := range map[string]bool{
		`go: a.test/x@v1.0.0: Get "https://proxy.test/a.test/x/@v/v1.0.0.info": dial tcp: lookup proxy.test: no such host`: true,
		"go: a.test/x@v1.0.0: reading https://proxy.test/a.test/x/@v/v1.0.0.info: 403 Forbidden":                           true,
		"go: a.test/x@v1.0.0: module lookup disabled by GOPROXY=off":                                                       true,
		"verifying a.test/x@v1.0.0: checksum mismatch\n\tdownloaded: reading https://proxy.test":                           false,
		"go: errors parsing go.mod: go.mod:3: unknown directive: requir":                                                   false,
		"": false,
	} {
		if got := unreachable(out); got != want {
			t.Errorf("%q: %v", out, got)
		}
	}
}

func TestEveryPeerServesItsClients(t *testing.T) {
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	get := exec.CommandContext(t.Context(), "go", "mod", "download")
	get.Dir = filepath.Join(root, "bench", "peers")
	if out, err := get.CombinedOutput(); err != nil {
		if !unreachable(string(out)) {
			t.Fatalf("go mod download: %v: %s", err, out)
		}
		t.Skipf("the modules of bench/peers are not in the cache, and their proxy does not serve them: %s", out)
	}
	var said strings.Builder
	d := &driver{dir: t.TempDir(), progress: &said, absent: map[string]error{}}
	d.buildPeers(t.Context(), root)
	load := func(t *testing.T, s server, c bench.Config) bench.Result {
		if err := d.absent[s.name]; err != nil {
			t.Fatalf("%v: %s", err, said.String())
		}
		r, err := d.start(t.Context(), s, "")
		if err != nil {
			t.Fatal(err)
		}
		defer r.stop()
		c.Address, c.PID, c.Login, c.WebSocket, c.Duration = r.addr, r.cmd.Process.Pid, s.login, s.websocket, 200*time.Millisecond
		got, err := bench.Run(c)
		if err != nil {
			t.Fatal(err)
		}
		if got.Lines == 0 || got.Missing != 0 || got.Lost != 0 {
			t.Errorf("%d lines, %d missing, %d lost", got.Lines, got.Missing, got.Lost)
		}
		return got
	}
	// Not std net: it drops a reader that is 128 lines behind, which can happen on a busy machine.
	for _, s := range []server{shared, plain, gnet, nbio} {
		t.Run(s.name, func(t *testing.T) {
			got := load(t, s, bench.Config{Mode: bench.Open, Clients: 20, Senders: 4, Rate: 200})
			// 16 of the 20 only read, and all of them are sampled.
			if got.Latency.Count < got.Lines*16 {
				t.Errorf("%d lines, %d latencies", got.Lines, got.Latency.Count)
			}
		})
	}
	for _, s := range []server{gws, nbiows, gorilla, coder} {
		t.Run(s.name, func(t *testing.T) {
			load(t, s, bench.Config{Mode: bench.Echo, Clients: 20})
		})
	}
}
