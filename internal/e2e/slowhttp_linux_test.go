//go:build e2e

package e2e

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Clients that are slow on purpose (slowhttptest: heads that never end, bodies, ranges, answers
// that are hardly read) keep no connection, and keep nobody out.
func TestSlowHTTPClientsHoldNothing(t *testing.T) {
	if _, err := exec.LookPath("slowhttptest"); err != nil {
		t.Fatalf("%v (make e2e installs it on Debian)", err)
	}
	for name, mode := range map[string][]string{
		"heads":   {"-H", "-i", "2"},
		"bodies":  {"-B", "-i", "2"},
		"ranges":  {"-R"},
		"answers": {"-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--bind", "127.0.0.1", "--max-per-ip", "0")
			witness := gather(t, s, "witness")[0]
			base := s.descriptors(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			const clients = "200"
			args := append([]string{"-c", clients, "-r", clients, "-u", "http://" + s.places[0].address + "/", "-l", "600", "-p", "3"}, mode...)
			attack := exec.CommandContext(ctx, "slowhttptest", args...)
			attack.SysProcAttr = mortal()
			if err := attack.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = attack.Wait() // it is killed, or has lost all connections
			}()
			defer func() { cancel(); <-ended }()

			most := 0
			for end := time.Now().Add(patience); ; {
				now := s.descriptors(t)
				if most = max(most, now); now == base && (most > base || isClosed(ended)) {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%d connections are open, at most %d were", now-base, most-base)
				}
				late := meet(t, s, "late", 0)
				succeed(t, late.joins(), witness.sees("*** late joined\r\n"), late.leaves(), witness.sees("*** late left (connection closed)\r\n"))
			}
			s.stops(t)
		})
	}
}
