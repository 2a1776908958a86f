//go:build e2e && unix

package e2e

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	receipt = regexp.MustCompile(`^\*\*\* saved #(\d+)$`)
	dated   = regexp.MustCompile(`(?m)^\[[^\]]* #(\d+)\] (.*)\r$`)
)

// "saved" is a promise that kill -9 does not break.
func TestWhatWasAcknowledgedOutlivesKill9(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	saved := make(map[uint64]string) // all that was promised
	for round := range 10 {
		s := startKeeping(t, dir)
		checkHistory(t, s, saved)
		talkUntilKilled(t, s, round, 1+rand.IntN(300), saved)
	}
	s := startKeeping(t, dir)
	checkHistory(t, s, saved)
	have := posts(t, dir)
	for id, text := range saved {
		if have[id] != text {
			t.Errorf("#%d was promised as %q and is %q", id, text, have[id])
		}
	}
	t.Logf("%d lines promised, %d there", len(saved), len(have))
	if out := on(t, dir, "verify"); out != "ok\n" {
		t.Errorf("verify: %q", out)
	}
	s.stops(t)
	if after := posts(t, dir); !maps.Equal(after, have) {
		t.Errorf("%d messages when stopped, %d while it ran", len(after), len(have))
	}
}

// talkUntilKilled has somebody talk to a server that is killed after a number of
// receipts, and notes what was promised.
func talkUntilKilled(t *testing.T, s *server, round, receipts int, saved map[uint64]string) {
	t.Helper()
	p := guest(t, s, "alice")
	p.asks(t, "/set receipts on", "\r\n")
	said := func(i int) string { return fmt.Sprintf("round %d line %d %s", round, i, strings.Repeat("x", i%50)) }
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range 20_000 {
			if _, err := io.WriteString(p.conn, said(i)+"\r\n"); err != nil {
				return
			}
		}
	}()
	n := 0
	for {
		line, err := p.until("\r\n")
		if err != nil { // the server is dead
			break
		}
		m := receipt.FindStringSubmatch(line)
		if strings.HasPrefix(line, "*** reader left") { // who has looked before
			continue
		}
		if m == nil {
			t.Errorf("alice sees %q", line)
			break
		}
		id, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		saved[id] = said(n)
		if n++; n == receipts {
			s.dies(t)
		}
	}
	_ = p.conn.Close()
	<-sent
	if n < receipts {
		t.Fatalf("round %d: %d receipts, want %d", round, n, receipts)
	}
}

// checkHistory looks for what was promised in the history, as far as that goes back.
func checkHistory(t *testing.T, s *server, saved map[uint64]string) {
	t.Helper()
	if len(saved) == 0 {
		return
	}
	p := guest(t, s, "reader")
	text := p.answer(t, "/history 200")
	shown := make(map[uint64]string)
	for _, m := range dated.FindAllStringSubmatch(text, -1) {
		id, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		shown[id] = m[2]
	}
	if len(shown) == 0 {
		t.Fatalf("no history: %q", text)
	}
	oldest := slices.Min(slices.Collect(maps.Keys(shown)))
	for id, said := range saved {
		if id >= oldest && shown[id] != "alice: "+said {
			t.Errorf("#%d was promised as %q, and the history has %q", id, said, shown[id])
		}
	}
	_ = p.leaves()
}

// An answered ban and an answered redaction are kept, whatever happens next.
func TestABanAndARedactionOutliveKill9(t *testing.T) {
	t.Parallel()
	for range 3 {
		dir := keep(t, []Account{{Name: "judge", Role: "moderator"}})
		s := startKeeping(t, dir)
		judge := registered(t, s, "judge")
		var numbers []string
		for _, name := range []string{"mallory", "bob"} {
			p := guest(t, s, name)
			p.asks(t, "/set receipts on", "\r\n")
			_, number, _ := strings.Cut(strings.TrimSpace(p.asks(t, "evilword of "+name, "\r\n")), "#")
			numbers = append(numbers, number)
			p.asks(t, "harmless of "+name, "\r\n")
		}
		// In turn, so that each is the last thing before a kill.
		judge.asks(t, "/redact "+numbers[1], "message #"+numbers[1]+"\r\n")
		s.dies(t)
		s = startKeeping(t, dir)
		judge = registered(t, s, "judge")
		judge.asks(t, "/ban mallory 1h spam", "mallory is banned")
		s.dies(t)
		s = startKeeping(t, dir)
		checkGone(t, s)
		if out := on(t, dir, "verify"); out != "ok\n" {
			t.Errorf("verify: %q", out)
		}
		acts := on(t, dir, "audit")
		for _, want := range []string{`"judge" redact target="#` + numbers[1] + `"`, `"judge" ban target="mallory"`} {
			if !strings.Contains(acts, want) {
				t.Errorf("the audit log lacks %s:\n%s", want, acts)
			}
		}
		s.stops(t)
	}
}

// checkGone looks whether a newcomer finds anything of mallory, or what bob has
// said that was taken back, and whether mallory can come back.
func checkGone(t *testing.T, s *server) {
	t.Helper()
	p := meet(t, s, "carol", 0)
	seen := p.asks(t, "carol", "*** you are in #lobby as carol")
	p.asks(t, "", "\r\n") // the rest of that line
	p.here = true
	for _, command := range []string{"/history 200", "/search evilword", "/search harmless"} {
		seen += p.answer(t, command)
	}
	if strings.Contains(seen, "evilword of") || strings.Contains(seen, "of mallory") || !strings.Contains(seen, "harmless of bob") {
		t.Errorf("carol sees %q", seen)
	}
	all := []*person{p}
	for _, name := range []string{"mallory", "MALLORY"} {
		m := meet(t, s, name, 0)
		if err := m.sees(greeting); err != nil {
			t.Error(err)
		}
		if line := m.asks(t, name, "\r\n"); !strings.Contains(line, "banned") {
			t.Errorf("%s sees %q", name, line)
		}
		all = append(all, m)
	}
	leave(t, all)
}

// So do accounts, passwords, roles, mail and what rooms are, each killed right after
// the answer.
func TestWhatWasAnsweredOutlivesKill9(t *testing.T) {
	t.Parallel()
	o := operator{dir: keep(t, []Account{{Name: "carol", Role: "user"}})}
	password := Account{Name: "alice"}.Password()
	steps := []struct {
		what string
		do   func(t *testing.T, s *server)
	}{
		{"an account", func(t *testing.T, s *server) {
			p := guest(t, s, "alice")
			p.asks(t, "/register", "alice: ")
			p.asks(t, "the first password", ": ")
			p.asks(t, "the first password", "logged in\r\n")
		}},
		{"a password", func(t *testing.T, s *server) {
			p := meet(t, s, "alice", 0)
			p.asks(t, "alice", "Password: ")
			p.asks(t, "the first password", "in #lobby as alice")
			p.asks(t, "/passwd", "now: ")
			p.asks(t, "the first password", "alice: ")
			p.asks(t, password, ": ")
			p.asks(t, password, "changed\r\n")
		}},
		{"an account of an operator", func(t *testing.T, _ *server) {
			o.does(t, Account{Name: "dave"}.Password()+"\n", "dave", "useradd", "dave")
		}},
		{"a role", func(t *testing.T, s *server) {
			registered(t, s, "dave")
			o.does(t, "", "dave", "role", "dave", "moderator")
		}},
		{"mail", func(t *testing.T, s *server) {
			dave := registered(t, s, "dave")
			if me := dave.answer(t, "/whoami"); !strings.Contains(me, "moderator") {
				t.Errorf("dave is %q", me)
			}
			alice := registered(t, s, "alice")
			alice.asks(t, "/msg carol one for later", "next log-in\r\n")
		}},
		{"a room's key", func(t *testing.T, s *server) {
			alice := registered(t, s, "alice")
			alice.answer(t, "/join #tea")
			alice.asks(t, "/room key darjeeling", "key: on\r\n")
		}},
		{"an operator of a room", func(t *testing.T, s *server) {
			bob := guest(t, s, "bob")
			if refused := bob.answer(t, "/join #tea"); !strings.Contains(refused, "needs a key") {
				t.Errorf("bob without the key: %q", refused)
			}
			alice := registered(t, s, "alice")
			alice.answer(t, "/join #tea")
			alice.asks(t, "/op carol", "carol is an operator of #tea now\r\n")
		}},
		{"all of it", func(t *testing.T, s *server) {
			alice := registered(t, s, "alice")
			alice.answer(t, "/join #tea")
			if again := alice.answer(t, "/op carol"); !strings.Contains(again, "is an operator of #tea") || strings.Contains(again, "now") {
				t.Errorf("making carol an operator again: %q", again)
			}
			carol := meet(t, s, "carol", 0)
			carol.asks(t, "carol", "Password: ")
			carol.asks(t, Account{Name: "carol"}.Password(), "one for later\r\n")
		}},
	}
	for _, step := range steps {
		s := startKeeping(t, o.dir)
		step.do(t, s)
		s.dies(t)
		if out := on(t, o.dir, "verify"); out != "ok\n" {
			t.Errorf("verify after %s: %q", step.what, out)
		}
	}
}
