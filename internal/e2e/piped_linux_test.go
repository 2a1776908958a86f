//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// After `printf 'bob\nhello\n' | nc -N HOST PORT` all lines are published, and
// the program ends by itself.
func TestPipedLinesArePublished(t *testing.T) {
	requireClients(t)
	for name, command := range map[string]string{
		"nc":         "nc -N HOST PORT",
		"busybox nc": "busybox nc HOST PORT",
		"ncat":       "ncat HOST PORT",
		"socat":      "socat -t 20 - TCP:HOST:PORT",
	} {
		t.Run(name, func(t *testing.T) {
			onEveryBackend(t, func(t *testing.T, s *server) {
				watcher := gather(t, s, "watcher")[0]
				host, port := hostPort(s.places[0])
				words := strings.Fields(strings.NewReplacer("HOST", host, "PORT", port).Replace(command))
				input, want := "bob\n", "*** bob joined\r\n"
				for i := range 500 {
					input += fmt.Sprintf("line %d\n", i)
					want += fmt.Sprintf("bob: line %d\r\n", i)
				}
				ctx, cancel := context.WithTimeout(s.ctx, patience)
				defer cancel()
				cmd := exec.CommandContext(ctx, words[0], words[1:]...)
				cmd.SysProcAttr = mortal()
				cmd.Stdin = strings.NewReader(input)
				out, err := cmd.Output()
				if err != nil || !strings.Contains(string(out), "*** you are in #lobby as bob, with 1 other") {
					t.Errorf("%v, shows %q", err, out)
				}
				if err := watcher.sees(want + "*** bob left (connection closed)\r\n"); err != nil {
					t.Error(err)
				}
				if err := watcher.leaves(); err != nil {
					t.Error(err)
				}
				s.stops(t)
			}, "--bind", "127.0.0.1")
		})
	}
}
