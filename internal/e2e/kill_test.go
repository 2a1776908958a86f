//go:build e2e && unix

package e2e

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

var (
	receipt = regexp.MustCompile(`^\*\*\* saved #(\d+)$`)
	dated   = regexp.MustCompile(`(?m)^\[[^\]]* #(\d+)\] (.*)\r$`)
)

// "saved" is a promise that kill -9 does not break.
func TestAcknowledgedMessagesOutliveKill9(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	saved := make(map[uint64]string) // everything reported as saved
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

// talkUntilKilled makes a client talk to a server that is killed after a number
// of receipts, and records what was reported as saved.
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
		if strings.HasPrefix(line, "*** reader left") { // who has looked at it before
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

// checkHistory checks that the saved messages are in the history, as far as that goes back.
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

// An answered ban and an answered redaction are saved, whatever happens next.
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

// checkGone checks that a new member finds neither messages of mallory nor
// bob's deleted message, and that mallory can't come back.
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

// So do accounts, passwords, roles, mail and rooms' settings; the server is killed
// right after each answer.
func TestAnsweredCommandsOutliveKill9(t *testing.T) {
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
			p.asks(t, "/passwd", "Current password: ")
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
			alice.asks(t, "/msg carol one for later", "next login\r\n")
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
			alice.asks(t, "/op carol", "carol is now an operator of #tea\r\n")
		}},
		{"all of it", func(t *testing.T, s *server) {
			alice := registered(t, s, "alice")
			alice.answer(t, "/join #tea")
			if again := alice.answer(t, "/op carol"); !strings.Contains(again, "is already an operator of #tea") {
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

// A staffAct is a command of an admin. In it N stands for a unique number.
type staffAct struct {
	verb    string // as in the audit log
	target  string // as in the audit log
	before  string // what the guest guestN sends first
	opens   string // the room that the admin creates first
	line    string
	asked   bool // for a password, twice
	flagged bool // ID in line, and in the audit log, is that of the message of guestN, which is held back
	answer  string
	missing func(kept export, n string) bool // on disk, except for the audit log
}

// export has the contents of a data folder, by kind.
type export struct {
	accounts  map[string]chat.Account
	rooms     map[string]bool
	sanctions map[string]chat.SanctionKind // by target
	posts     map[uint64]string
}

func sanctioned(kind chat.SanctionKind) func(export, string) bool {
	return func(kept export, n string) bool { return kept.sanctions["guest"+n] != kind }
}

var staffActs = []staffAct{
	{verb: "kick", target: "guestN", before: "hello", line: "/kick guestN", answer: "guestN left (kicked by root2)\r\n"},
	{verb: "ban", target: "guestN", before: "hello", line: "/ban guestN", answer: "guestN is banned permanently\r\n", missing: sanctioned(chat.Ban)},
	{verb: "mute", target: "guestN", before: "hello", line: "/mute guestN", answer: "guestN is muted permanently\r\n", missing: sanctioned(chat.Mute)},
	{
		verb: "shadowmute", target: "guestN", before: "hello", line: "/shadowmute guestN", answer: "guestN is shadow-muted permanently",
		missing: sanctioned(chat.ShadowMute),
	},
	{verb: "announce", target: "tea N", line: "/announce tea N", answer: "tea N"},
	{
		verb: "redact", target: "guestN", before: "evilword of guestN", line: "/redact guestN", answer: "root2 deleted the messages of guestN\r\n",
		missing: func(kept export, n string) bool {
			return slices.Contains(slices.Collect(maps.Values(kept.posts)), "evilword of guest"+n)
		},
	},
	{
		verb: "approve", target: "#ID", before: "grog N", flagged: true, line: "/flags approve ID", answer: "was approved\r\n",
		missing: func(kept export, n string) bool {
			return !slices.Contains(slices.Collect(maps.Values(kept.posts)), "grog "+n)
		},
	},
	{verb: "lock", target: "register", line: "/lock register", answer: "the server is now closed to new registrations\r\n"},
	{
		verb: "role", target: "userN", line: "/role userN moderator", answer: "userN is now a moderator\r\n",
		missing: func(kept export, n string) bool { return kept.accounts["user"+n].Role != chat.Moderator },
	},
	{verb: "passwd", target: "userN", line: "/passwd userN", asked: true, answer: "the password of userN was changed\r\n"},
	{
		verb: "useradd", target: "newN", line: "/useradd newN", asked: true, answer: "newN now has an account\r\n",
		missing: func(kept export, n string) bool { return kept.accounts["new"+n].Hash == "" },
	},
	{
		verb: "userdel", target: "oldN", line: "/userdel oldN", answer: "oldN no longer has an account\r\n",
		missing: func(kept export, n string) bool { return kept.accounts["old"+n].ID != 0 },
	},
	{
		verb: "room delete", target: "#roomN", opens: "#roomN", line: "/room delete #roomN", answer: "#roomN was deleted\r\n",
		missing: func(kept export, n string) bool { return kept.rooms["#room"+n] },
	},
}

// Each act of staff that was answered is on disk, with its line of the audit log: the
// server is killed at the answer, several times for each of them.
func TestNoAnsweredActOfStaffIsLostByKill9(t *testing.T) {
	t.Parallel()
	const rounds = 5
	accounts := []Account{{Name: "root2", Role: "admin"}}
	for n := range rounds * len(staffActs) {
		switch staffActs[n%len(staffActs)].verb {
		case "role", "passwd":
			accounts = append(accounts, Account{Name: fmt.Sprintf("user%d", n), Role: "user"})
		case "userdel":
			accounts = append(accounts, Account{Name: fmt.Sprintf("old%d", n), Role: "user"})
		}
	}
	dir, words := keep(t, accounts), filepath.Join(folder(t), "words")
	if err := os.WriteFile(words, []byte("flag: grog\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, rounds*len(staffActs))
	for n := range ids {
		s := startKeeping(t, dir, "--words", words)
		ids[n] = staffActs[n%len(staffActs)].answered(t, s, strconv.Itoa(n))
		s.dies(t)
	}
	kept, audit := exported(t, dir), on(t, dir, "audit")
	lost := 0
	for n, id := range ids {
		a, number := staffActs[n%len(staffActs)], strconv.Itoa(n)
		target := strings.NewReplacer("ID", id, "N", number).Replace(a.target)
		line := fmt.Sprintf("%q %s target=%q", "root2", a.verb, target)
		if want := max(1, rounds*strings.Count(line, "register")); strings.Count(audit, line+"\n")+strings.Count(audit, line+" ") != want {
			t.Errorf("the audit log has not %d times %s", want, line)
			lost++
		} else if a.missing != nil && a.missing(kept, number) {
			t.Errorf("%s was answered and is not on disk", strings.ReplaceAll(a.line, "N", number))
			lost++
		}
	}
	t.Logf("%d acts answered, %d lost", len(ids), lost)
	if t.Failed() {
		t.Logf("audit log:\n%s", audit)
	}
}

// answered makes an admin carry out the act, and returns when it is answered, with the
// number of the message that it is about, if it was held back.
func (a staffAct) answered(t *testing.T, s *server, n string) (id string) {
	t.Helper()
	with := func(text string) string { return strings.ReplaceAll(text, "N", n) }
	admin := registered(t, s, "root2")
	if a.opens != "" {
		admin.answer(t, "/join "+with(a.opens))
	}
	if a.before != "" {
		guest(t, s, "guest"+n).answer(t, with(a.before))
	}
	line := with(a.line)
	if a.flagged {
		list := admin.answer(t, "/flags")
		held := regexp.MustCompile(`#(\d+) #lobby guest` + n + ":").FindStringSubmatch(list)
		if held == nil {
			t.Fatalf("what guest%s has said is not held back: %q", n, list)
		}
		id = held[1]
		line = strings.ReplaceAll(line, "ID", id)
	}
	if a.asked {
		admin.asks(t, line, ": ")
		admin.asks(t, "a password of N", ": ")
		line = "a password of N"
	}
	admin.asks(t, line, with(a.answer))
	return id
}

// exported reads the contents of a data folder from an export.
func exported(t *testing.T, dir string) export {
	t.Helper()
	kept := export{map[string]chat.Account{}, map[string]bool{}, map[string]chat.SanctionKind{}, map[uint64]string{}}
	for _, line := range exportedLines(t, dir) {
		switch {
		case line.Account != nil:
			kept.accounts[line.Account.Name] = *line.Account
		case line.Room != nil:
			kept.rooms[line.Room.Name] = true
		case line.Sanction != nil:
			kept.sanctions[line.Sanction.Target] = line.Sanction.Kind
		case line.Post != nil:
			kept.posts[line.Post.ID] = line.Post.Text
		}
	}
	return kept
}
