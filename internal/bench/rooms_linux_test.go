package bench

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// rooms makes a line function for a server with rooms: a line goes only to the
// clients in its sender's current room. It counts the lines of the load by
// room.
func (s *testServer) rooms(lines map[string]int) func(int, string) string {
	names, current, in := map[int]string{}, map[int]string{}, map[string]map[int]bool{}
	enter := func(id int, room string) {
		if in[room] == nil {
			in[room] = map[int]bool{}
		}
		in[room][id], current[id] = true, room
	}
	return func(from int, text string) string {
		text = strings.TrimSpace(text)
		room, joins := strings.CutPrefix(text, "/join ")
		switch {
		case names[from] == "":
			names[from] = text
			enter(from, "#lobby")
			_, _ = s.conns[from].Write([]byte("*** you are in #lobby\r\n"))
		case joins:
			enter(from, room)
			_, _ = s.conns[from].Write([]byte("*** you are in " + room + "\r\n"))
		default:
			if line, ok := ParseLine([]byte(text)); ok && line.Sender < 4 { // the next number is the probe's
				lines[current[from]]++
			}
			for id := range in[current[from]] {
				if id != from {
					_, _ = s.conns[id].Write([]byte(current[from] + " " + names[from] + ": " + text + "\r\n"))
				}
			}
		}
		return " " // not a line, for any client
	}
}

func TestEveryLineOfEveryRoomReachesEveryReader(t *testing.T) {
	for _, mode := range []Mode{Closed, Open} {
		for _, rooms := range []int{1, 2, 3} {
			s := &testServer{greeting: "Enter username : "}
			lines := map[string]int{}
			s.line = s.rooms(lines)
			c := s.start(t)
			c.Login, c.Mode, c.Clients, c.Senders, c.InFlight, c.Rate, c.Rooms = LoginDefault, mode, 12, 4, 8, 500, rooms
			r, err := Run(c)
			if err != nil {
				t.Fatal(err)
			}
			// 8 of the 12 only read, and all of them are sampled.
			if r.Lines == 0 || r.Missing != 0 || r.Lost != 0 || r.Latency.Count != r.Lines*8 {
				t.Errorf("%s, %d rooms: %d lines, %d latencies, %d missing, %d lost", mode, rooms, r.Lines, r.Latency.Count, r.Missing, r.Lost)
			}
			s.mu.Lock()
			for i := range rooms {
				if lines[roomName(i)] == 0 {
					t.Errorf("%s, %d rooms: no line in %s: %v", mode, rooms, roomName(i), lines)
				}
			}
			if len(lines) != rooms {
				t.Errorf("%s: lines in %v, want %d rooms", mode, lines, rooms)
			}
			s.mu.Unlock()
		}
	}
}

func TestAReaderThatIsNotInTheSecondRoomIsAnError(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	line := s.rooms(map[string]int{})
	only := 0 // the number of a client that only reads; clients connect in any order
	s.line = func(from int, text string) string {
		if strings.TrimSpace(text) == "u00002" {
			only = from
		}
		if from == only && strings.HasPrefix(text, "/join") {
			return " "
		}
		return line(from, text)
	}
	c := s.start(t)
	c.Login, c.Clients, c.Senders, c.Rooms = LoginDefault, 6, 2, 2
	g := testGenerator(t, c)
	g.cfg.Setup = 20 * silence // how long to wait for the line
	if err := g.enter(2); err == nil || !strings.Contains(err.Error(), "never received a line") {
		t.Errorf("error %v, want that a reader received nothing", err)
	}
}

func TestEveryLineOfManyAuthorsReachesEveryReader(t *testing.T) {
	s := &testServer{}
	authors := map[int]bool{}
	s.line = func(_ int, text string) string {
		if l, ok := ParseLine([]byte(text)); ok && l.Sender < 64 { // 64 is the probe's
			authors[l.Sender] = true
		}
		return text
	}
	c := s.start(t)
	c.Clients, c.Senders, c.InFlight = 70, 64, 64
	g := testGenerator(t, c)
	l := newLoader(g)
	if err := l.begin(); err != nil {
		t.Fatal(err)
	}
	all := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(authors) == 64
	}
	if ok, err := g.pump(g.now()+time.Minute, all); !ok || err != nil {
		t.Fatalf("not all of the 64 were heard: %v", err)
	}
	if err := errors.Join(l.measure(), l.drain()); err != nil {
		t.Fatal(err)
	}
	if l.r.Lines == 0 || l.r.Missing != 0 || g.lost != 0 {
		t.Errorf("%d lines, %d missing, %d lost", l.r.Lines, l.r.Missing, g.lost)
	}
}

func TestEveryLineReachesTheOtherReadersWhileSomeAreStalled(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	s.line = s.chat("*** you are in #lobby\r\n")
	c := s.start(t)
	c.Login, c.Mode, c.Rate, c.Clients, c.Senders, c.Stalled = LoginDefault, Open, 200, 12, 3, 5
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	// 4 of the 12 neither send nor stall.
	if r.Lines == 0 || r.Missing != 0 || r.Lost != 0 || r.Latency.Count < r.Lines*4 {
		t.Errorf("%d lines, %d latencies, %d missing, %d lost", r.Lines, r.Latency.Count, r.Missing, r.Lost)
	}
}

func TestInTheOpenLoopAllSendersTakeTurns(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	said := map[int]uint64{}
	chat := s.chat("*** you are in #lobby\r\n")
	s.line = func(from int, text string) string {
		if l, ok := ParseLine([]byte(text)); ok && l.Sender < 90 { // 90 is the probe's
			said[l.Sender] = max(said[l.Sender], l.Seq+1)
		}
		return chat(from, text)
	}
	c := s.start(t)
	c.Login, c.Mode, c.Rate, c.Clients, c.Senders = LoginDefault, Open, 900, 100, 90
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Lines == 0 || r.Missing != 0 || r.Lost != 0 {
		t.Errorf("%d lines, %d missing, %d lost", r.Lines, r.Missing, r.Lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	least, most := said[0], said[0]
	for sender := range 90 {
		least, most = min(least, said[sender]), max(most, said[sender])
	}
	if most > least+1 {
		t.Errorf("one sender said %d lines, another %d: flood control would count them", most, least)
	}
}
