package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// A client may send everything it has at once, if it reads what comes back. Each
// answer comes after the earlier lines of others, so that answers and the room's
// lines alternate and take many sends.
func TestAPipeliningClientGetsEveryAnswer(t *testing.T) {
	const rounds = 400
	f := startIn(t, sim.New(sim.Options{SocketBuffer: 4 << 20}), func(o *server.Options) { o.Loop.ReadBuffer = 16 << 10 })
	bob, eve := f.join("bob"), f.join("eve")
	bob.reads()
	var lines strings.Builder
	for i := range rounds {
		fmt.Fprintf(&lines, "/help\r\n/me counts %d\r\n", i)
	}
	lines.WriteString("/quit\r\n")
	bob.sends(lines.String())
	var got string
	for !strings.Contains(got, "*** goodbye") {
		more := bob.reads()
		if more == "" {
			t.Fatalf("nothing comes any more after %d bytes", len(got))
		}
		got += more
	}
	if n := strings.Count(eve.reads(), " counts "); n != rounds {
		t.Errorf("%d of %d lines reached the room", n, rounds)
	}
}
