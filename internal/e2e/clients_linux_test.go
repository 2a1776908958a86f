//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	clients        = 20
	linesPerClient = 25
)

// said finds the lines of clients, and their authors.
var said = regexp.MustCompile(`(c\d\d): \[(c\d\d)-(\d\d)\]`)

// Twenty clients of six kinds, over IPv4, IPv6 and a Unix socket, talk at once,
// together with a client that never reads. Every client sees the lines of the
// others, once and in one order.
func TestARoomFullOfRealClients(t *testing.T) {
	requireClients(t)
	for _, backend := range native().backends(t) {
		for _, loops := range []string{"1", "2"} {
			t.Run(backend+"/"+loops, func(t *testing.T) {
				t.Parallel()
				s := start(t, "--bind", "127.0.0.1", "--bind", "::1", "--bind", "unix:"+folder(t)+"/chat",
					"--backend", backend, "--loops", loops, "--log-format", "json")
				fillRoom(t, s)
				s.stops(t)
			})
		}
	}
}

func fillRoom(t *testing.T, s *server) {
	t.Helper()
	watcher := gather(t, s, "watcher")[0]
	base := s.descriptors(t)
	stalled := meet(t, s, "stalled", 0)
	stall(t, stalled)
	if err := stalled.joins(); err != nil {
		t.Fatal(err)
	}
	all := enter(t, s)
	everybodyTalks(t, all)
	order := listen(t, watcher, all)
	if err := watcher.send("that is all\r\n"); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if err := c.shows(s.ctx, "watcher: that is all"); err != nil {
			t.Fatal(err)
		}
		checkShown(t, c, order)
	}
	goHome(t, s, all)
	leave(t, []*person{stalled})
	s.settlesAt(t, base, watcher)
	leave(t, []*person{watcher})
}

// enter starts the clients, all at once, and gives each a name.
func enter(t *testing.T, s *server) []*client {
	t.Helper()
	kinds := clientKinds()
	var all []*client
	for i := range clients {
		kind := kinds[i%len(kinds)]
		where := s.places[i%2]
		if kind.unix && i%3 == 0 {
			where = s.places[2]
		}
		all = append(all, kind.run(t, s, fmt.Sprintf("c%02d", i), where))
	}
	for _, c := range all {
		if err := c.shows(s.ctx, strings.TrimRight(prompt, " ")); err != nil {
			t.Fatal(err)
		}
		if err := c.types(c.name); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range all {
		if err := c.shows(s.ctx, "*** you are in #lobby as "+c.name+", with "); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func everybodyTalks(t *testing.T, all []*client) {
	t.Helper()
	for i := range linesPerClient {
		for _, c := range all {
			if err := c.types(fmt.Sprintf("[%s-%02d]", c.name, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// listen returns the lines of all clients in the order of the room, as seen by
// the watcher, who does not speak.
func listen(t *testing.T, watcher *person, all []*client) []string {
	t.Helper()
	var order []string
	count := make(map[string]int)
	for len(order) < len(all)*linesPerClient {
		line, err := watcher.until("\r\n")
		if err != nil {
			t.Fatal(err)
		}
		m := said.FindStringSubmatch(line)
		if m == nil {
			if !strings.HasSuffix(line, " joined") {
				t.Fatalf("the watcher sees %q", line)
			}
			continue
		}
		if want := fmt.Sprintf("%[1]s: [%[1]s-%02[2]d]", m[1], count[m[1]]); line != want {
			t.Fatalf("the watcher sees %q, want %q", line, want)
		}
		count[m[1]]++
		order = append(order, line)
	}
	return order
}

// checkShown compares what a client has shown with the order of the room. Typed
// text may be anywhere on the screen, even in the middle of another line.
func checkShown(t *testing.T, c *client, order []string) {
	t.Helper()
	shown, _ := c.out.look()
	typed := regexp.MustCompile(`\[` + c.name + `-\d\d\]\r*\n?`)
	got := said.FindAllString(typed.ReplaceAllString(shown, ""), -1)
	want := slices.DeleteFunc(slices.Clone(order), func(line string) bool { return strings.HasPrefix(line, c.name) })
	if slices.Equal(got, want) {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.Errorf("%s (%s): %d lines, want %d; from line %d on %q, want %q; it shows %q", c.name, c.kind.name, len(got), len(want), i,
		got[i:min(len(got), i+3)], want[i:min(len(want), i+3)], shown)
}

// goHome makes all clients quit and waits for the programs to end. Those at a
// pipe also wait for the end of their input.
func goHome(t *testing.T, s *server, all []*client) {
	t.Helper()
	for _, c := range all {
		if err := c.types("/quit"); err != nil {
			t.Error(err)
		}
		if err := c.shows(s.ctx, "*** goodbye"); err != nil {
			t.Error(err)
		}
		if !c.kind.terminal {
			if err := c.in.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range all {
		select {
		case <-c.done:
		case <-s.ctx.Done():
			t.Errorf("%s (%s) has not ended", c.name, c.kind.name)
		}
	}
}
