package server_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// soloists starts a server with a full lobby: bob, who speaks, as many members
// as there are shared formats, and n more, each with their own time zone.
func soloists(t *testing.T, n int) (f *fixture, bob *peer, all []*peer) {
	t.Helper()
	f = startIn(t, sim.New(sim.Options{SocketBuffer: 8 << 10}), func(o *server.Options) {
		o.Loop.StallTimeout, o.MaxPerIP, o.NewPerIP = -1, 0, 0
	})
	bob = f.join("bob")
	var zones []string
	for i := 1; i <= 14; i++ {
		zones = append(zones, "Etc/GMT-"+strconv.Itoa(i))
	}
	for i := 1; i <= 12; i++ {
		zones = append(zones, "Etc/GMT+"+strconv.Itoa(i))
	}
	for i := range 15 + n {
		p := f.join("p" + strconv.Itoa(i))
		p.sends("/set timestamps on\r\n/set zone " + zones[i] + "\r\n")
		all = append(all, p)
	}
	bob.reads()
	for _, p := range all {
		p.reads()
	}
	if _, got := f.srv.Unsent("#lobby"); got != n {
		t.Fatalf("%d have a format of their own, want %d", got, n)
	}
	return f, bob, all[15:]
}

var missedLine = regexp.MustCompile(`\*\*\* you missed (\d+) lines?\r\n`)

// count returns how many of bob's lines a stream has and how many it reports as
// missed, and fails if they are out of order.
func count(t *testing.T, stream string) (seen, missed int) {
	t.Helper()
	last := -1
	for line := range strings.Lines(stream) {
		if m := missedLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			missed += n
			continue
		}
		_, said, ok := strings.Cut(line, "bob: ")
		if !ok {
			continue
		}
		i, err := strconv.Atoi(strings.TrimSpace(strings.TrimRight(said, ".\r\n")))
		if err != nil || i <= last {
			t.Fatalf("%q after line %d", line, last)
		}
		last = i
		seen++
	}
	return seen, missed
}

func TestStalledReadersWithTheirOwnFormatHoldLittleMemory(t *testing.T) {
	const people, lines, width = 10, 1500, 500
	f, bob, slow := soloists(t, people)
	for i := range lines {
		bob.sends(fmt.Sprintf("%d %s\r\n", i, strings.Repeat(".", width)))
		if got, _ := f.srv.Unsent("#lobby"); got > people*(2*server.LowWater+1024) {
			t.Fatalf("%d bytes are queued for %d people after %d lines", got, people, i)
		}
		if got := f.srv.Backlog("#lobby"); got > eventloop.DefaultWindow+400*server.BacklogEvents {
			t.Fatalf("the backlog takes %d bytes after %d lines", got, i)
		}
	}
	for _, p := range slow {
		seen, missed := count(t, p.reads())
		if seen+missed != lines || missed == 0 || seen < server.BacklogEvents {
			t.Errorf("%d lines are seen and %d missed of %d", seen, missed, lines)
		}
	}
	if got := f.srv.Backlog("#lobby"); got > 0 {
		t.Errorf("everybody has read everything, and the backlog takes %d bytes", got)
	}
	bob.sends("9999\r\n")
	for _, p := range slow {
		if got := p.reads(); !strings.HasSuffix(got, "bob: 9999\r\n") || strings.Contains(got, "missed") {
			t.Errorf("and then they see %q", got)
		}
	}
}

func TestABurstIsRenderedInBatchesForReadersWithTheirOwnFormat(t *testing.T) {
	f, bob, all := soloists(t, 8)
	var burst strings.Builder
	lines := 0
	for ; burst.Len() < 60<<10; lines++ {
		fmt.Fprintf(&burst, "%d\r\n", lines)
	}
	bob.sends(burst.String())
	for _, p := range all {
		seen, missed := count(t, p.reads())
		if seen+missed != lines || seen < server.BacklogEvents {
			t.Errorf("%d lines are seen and %d missed of %d", seen, missed, lines)
		}
	}
	f.settle()
}

// A reply comes after what was said before, however much it was.
func TestAReplyComesAfterEarlierMessages(t *testing.T) {
	f, bob, all := soloists(t, 2)
	ann := all[0]
	for i := range 300 {
		if _, err := bob.c.Write([]byte(strconv.Itoa(i) + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ann.c.Write([]byte("/leave\r\n/help nick\r\n")); err != nil {
		t.Fatal(err)
	}
	got := ann.reads()
	if seen, missed := count(t, got); seen != 300 || missed != 0 {
		t.Errorf("%d lines are seen and %d missed of 300", seen, missed)
	}
	if at := strings.LastIndex(got, "/nick"); at < strings.LastIndex(got, "bob: 299") {
		t.Errorf("the answer came before the last line")
	}
	f.settle()
}

func TestDeletedMessagesAreNotRendered(t *testing.T) {
	const lines = 200
	f, bob, slow := soloists(t, 3)
	for i := range lines {
		bob.sends(fmt.Sprintf("%d %s\r\n", i, strings.Repeat(".", 500)))
	}
	f.srv.SkipName("#lobby", "bob")
	for _, p := range slow {
		seen, missed := count(t, p.reads())
		if seen == 0 || seen > lines/2 || missed != 0 {
			t.Errorf("%d lines are seen, %d missed, of %d that were taken back when half was unsent", seen, missed, lines)
		}
	}
}

// Ten minutes of a busy evening: 8 formats in 10 rooms, and a word every 2 seconds
// in each.
func TestReadersWithTheirOwnFormatSeeWhenADayBegins(t *testing.T) {
	f, bob, all := soloists(t, 1) // two hours behind UTC, where the simulated clock is at midnight
	bob.sends("before\r\n")
	all[0].sees("[22:00] bob: before\r\n")
	f.advance(2 * time.Hour)
	bob.sends("after\r\nmore\r\n")
	all[0].sees("*** --- Saturday, 2000-01-01 ---\r\n[00:00] bob: after\r\n[00:00] bob: more\r\n")
}

// A room is not shown to anybody in a format for days, and then is again.
func TestANewDayIsNotAnnouncedToAFormatThatWasNotInUse(t *testing.T) {
	f := start(t, nil)
	bob := f.join("bob")
	ann := f.join("ann")
	ann.sends("/set timestamps on\r\n")
	bob.sends("once\r\n")
	ann.sends("/set timestamps off\r\n")
	ann.reads()
	f.advance(48 * time.Hour)
	ann.sends("/set timestamps on\r\n")
	ann.sees("*** timestamps is now on\r\n")
	bob.sends("again\r\n")
	ann.sees("[00:00] bob: again\r\n")
}

func TestTheTopicsOfBusyRoomsAreSmall(t *testing.T) {
	const rooms, people, most = 10, 8, 3 << 10 // bytes for each room and format
	f := startIn(t, sim.New(sim.Options{}), func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 0, 0 })
	var all []*peer
	for room := range rooms {
		for i := range people {
			p := f.join(fmt.Sprintf("r%dp%d", room, i))
			p.sends(fmt.Sprintf("/set timestamps on\r\n/set zone Etc/GMT-%d\r\n/join #r%d\r\n", i+1, room))
			all = append(all, p)
		}
	}
	for second := 0; second < 600; second += 2 {
		for room := range rooms {
			all[room*people+second/2%people].sends("what do you think of this one, then?\r\n")
		}
		f.advance(2 * time.Second)
		for _, p := range all {
			p.reads()
		}
	}
	for room := range rooms {
		bytes, topics := f.srv.Topics(fmt.Sprintf("#r%d", room))
		if topics < people || bytes > topics*most {
			t.Errorf("room %d: %d bytes in %d topics, want %d in each at most", room, bytes, topics, most)
		}
	}
}

func TestReadersWithTheirOwnFormatHaveTheirCharset(t *testing.T) {
	_, bob, all := soloists(t, 1)
	all[0].sends("/set charset latin1\r\n")
	all[0].reads()
	bob.sends("caf\u00e9\r\n")
	if got := all[0].reads(); !strings.HasSuffix(got, "bob: caf\xe9\r\n") {
		t.Errorf("they see %q", got)
	}
}

// A reader that lags and changes to a shared format, or to another one of its own, is
// told of every line it misses, and sees none twice.
func TestAStalledReaderWithItsOwnFormatCanChangeIt(t *testing.T) {
	for name, change := range map[string]string{
		"to a shared one": "/set timestamps off\r\n", "to another one": "/set zone Etc/GMT+12\r\n", "and leaves": "/leave\r\n/join #lobby\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			const lines = 2000
			f, bob, slow := soloists(t, 2)
			for i := range lines {
				bob.sends(fmt.Sprintf("%d %s\r\n", i, strings.Repeat(".", 200)))
			}
			for _, p := range slow {
				p.sends(change)
			}
			f.settle()
			for i := range 10 {
				bob.sends(fmt.Sprintf("%d\r\n", lines+i))
			}
			for _, p := range slow {
				got := p.reads()
				if at := strings.Index(got, "--- the last lines ---"); at >= 0 { // the room is entered again
					end := strings.Index(got, "--- end of")
					got = got[:at] + got[end:]
				}
				seen, missed := count(t, got)
				if seen+missed != lines+10 || missed == 0 {
					t.Errorf("%d lines are seen and %d missed of %d", seen, missed, lines+10)
				}
			}
			if got := f.srv.Backlog("#lobby"); got > 0 {
				t.Errorf("everybody has read everything, and the backlog takes %d bytes", got)
			}
		})
	}
}
