package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// accounts makes a line function for a server with accounts and saved messages:
// names that begin with v have the password, and receipt answers a line.
func (s *testServer) accounts(receipt func(n int) string) func(int, string) string {
	names, asked, saved := map[int]string{}, map[int]bool{}, 0
	return func(from int, text string) string {
		text = strings.TrimSpace(text)
		tell := func(line string) string {
			_, _ = s.conns[from].Write([]byte(line))
			return " \n"
		}
		switch {
		case asked[from] && text != AccountPassword:
			return tell("*** wrong name or password\r\n" + s.greeting)
		case asked[from]:
			delete(asked, from)
			return tell("*** you are logged in as " + names[from] + "\r\n")
		case names[from] == "" && strings.HasPrefix(text, "v"):
			names[from], asked[from] = text, true
			return tell("Password: ")
		case names[from] == "":
			names[from] = text
			return tell("*** you are in #lobby\r\n")
		case strings.HasPrefix(text, "/set receipts on"):
			return tell("*** receipts is now on\r\n")
		case strings.HasPrefix(text, "/"):
			return tell("*** done\r\n")
		}
		saved++
		if line, ok := ParseLine([]byte(text)); receipt != nil && ok && line.Sender < 100 {
			tell(receipt(saved))
		}
		return names[from] + ": " + text + "\r\n"
	}
}

func TestEachClientSendsItsNextLineOnceTheLastIsSaved(t *testing.T) {
	for i := range 4 {
		apart, login := i%2 == 1, LoginDefault
		s := &testServer{greeting: "Enter username : "}
		s.line = s.accounts(func(n int) string { return fmt.Sprintf("*** saved #%d\r\n", n) })
		if i >= 2 {
			s.greeting, s.line, login = "", s.objects, LoginJSON
		}
		c := s.start(t)
		c.Login, c.Mode, c.Clients, c.Apart, c.PID = login, Saved, 6, apart, os.Getpid()
		r, err := Run(c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Lines == 0 || r.LinesPS <= 0 || r.Missing != 0 {
			t.Errorf("apart %v: %d lines, %v a second, %d missing", apart, r.Lines, r.LinesPS, r.Missing)
		}
		// A line saved during the measurement was also sent during it, except for the first
		// of each client.
		if n := r.Latency.Count; n+6 < r.Lines || n > r.Lines+6 {
			t.Errorf("apart %v: %d latencies of %d lines", apart, n, r.Lines)
		}
	}
}

func TestALineThatIsNotSavedIsAnErrorWithTheReason(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	s.line = s.accounts(func(int) string { return "*** your line was not saved: the disk is full\r\n" })
	c := s.start(t)
	c.Login, c.Mode, c.Clients = LoginDefault, Saved, 3
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("error %v, want the server's reason", err)
	}
}

func TestAServerWithoutReceiptsIsAnError(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	s.line = s.accounts(func(int) string { return "*** hello\r\n" })
	c := s.start(t)
	c.Login, c.Mode, c.Clients, c.Duration = LoginDefault, Saved, 3, time.Millisecond
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	g := newGenerator(p, c)
	defer g.close()
	g.limitDrain = 10 * time.Millisecond
	if _, err := newSaver(g).run(); err == nil || !strings.Contains(err.Error(), "no line was saved") {
		t.Errorf("error %v, want that nothing was saved", err)
	}
}

func TestUsersLogInAndLeaveWhileOthersTalk(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	s.line = s.accounts(nil)
	c := s.start(t)
	c.Login, c.Mode, c.Clients, c.Senders, c.Rate, c.People, c.PID = LoginDefault, LogIns, 8, 2, 500, 30, os.Getpid()
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Visitors != 30 || r.Quiet.Count == 0 || r.Seconds <= 0 || r.Lost != 0 || r.Missing != 0 {
		t.Errorf("%d logins in %v s, %d latencies before, %d lost, %d missing", r.Visitors, r.Seconds, r.Quiet.Count, r.Lost, r.Missing)
	}
	if r.Server.RSSBefore == 0 || r.Server.RSSPeak < r.Server.RSSBefore {
		t.Errorf("memory: %+v", r.Server)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun != 38 {
		t.Errorf("%d connections, want 38", s.begun)
	}
}

func TestARefusedLoginEndsTheRun(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	chat := s.chat("*** no such account\r\n" + s.greeting)
	talk := s.chat("*** welcome\r\n")
	s.line = func(from int, text string) string {
		if strings.HasPrefix(text, "v") {
			return chat(from, text)
		}
		return talk(from, text)
	}
	c := s.start(t)
	c.Login, c.Mode, c.Clients, c.Rate, c.People = LoginDefault, LogIns, 3, 100, 2
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), "no such account") {
		t.Errorf("error %v, want the server's reason", err)
	}
}

func TestTLSHandshakesThatStallDisturbTheLoad(t *testing.T) {
	s := &testServer{hello: make(chan bool, 30)}
	c := s.start(t)
	c.Mode, c.Clients, c.Senders, c.Rate, c.People, c.PID = Hellos, 8, 2, 500, 30, os.Getpid()
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Visitors != 30 || len(s.hello) != 30 || r.Quiet.Count == 0 || r.Missing != 0 {
		t.Errorf("%d handshakes, %d seen, %d latencies before, %d missing", r.Visitors, len(s.hello), r.Quiet.Count, r.Missing)
	}
}
