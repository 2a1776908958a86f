package server_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/e2e"
	"github.com/sudoXpg/netloop/internal/store"
)

// longest is how long an answer to bad input may be: it does not repeat all of it.
const longest = 200

// Bad input after any command, from any user, is answered in one line, changes
// nothing, and is not shown to others.
func TestBadInputIsAnsweredInOneLineAndChangesNothing(t *testing.T) {
	w, people := badInputStage(t)
	before := w.dump(t, people)
	for _, who := range []string{"ada", "guest-1"} {
		p := people[who]
		for _, v := range chat.Verbs() {
			lines := badLines(&v)
			for _, kind := range slices.Sorted(maps.Keys(lines)) {
				line := lines[kind]
				t.Run(fmt.Sprintf("%s/%s/%s", who, v.Name, kind), func(t *testing.T) {
					p.f.t = t
					p.sends(line + "\r\n")
					got := p.reads()
					if strings.HasSuffix(got, "Password: ") { // /login does not reveal whether an account exists
						p.sends("a!b\r\n")
						p.sees("*** wrong name or password: try again (an empty line cancels)\r\n" + "*** " + shownTyping + "\r\nPassword: ")
						p.sends("\r\n")
						got = p.reads()
					}
					oneLine(t, line, got, "")
					before = same(t, line, before, w.dump(t, people))
				})
			}
		}
	}
	w.t = t // the subtests have ended
}

// same checks that nothing has changed, and returns the present state.
func same(t *testing.T, line, before, after string) string {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); diff != "" {
		t.Errorf("%.60q has changed (-before +after):\n%s", line, diff)
	}
	return after
}

func oneLine(t *testing.T, line, got, then string) {
	t.Helper()
	answer, ok := strings.CutSuffix(got, "\r\n"+then)
	if !ok || !strings.HasPrefix(answer, "*** ") || strings.Contains(answer, "\n") || len(answer) > longest {
		t.Errorf("%.60q is answered with %.600q", line, got)
	}
}

// A client that has no name yet can do no harm either, and is asked for one again.
func TestBadInputAtThePromptIsAnsweredInOneLine(t *testing.T) {
	w, people := badInputStage(t)
	p := w.dial()
	w.advance(time.Second) // it is greeted
	p.reads()
	before := w.dump(t, people)
	for _, v := range chat.Verbs() {
		lines := badLines(&v)
		for _, kind := range slices.Sorted(maps.Keys(lines)) {
			line := lines[kind]
			t.Run(v.Name+"/"+kind, func(t *testing.T) {
				w.t = t
				p.sends(line + "\r\n")
				got := p.reads()
				if strings.HasSuffix(got, "Password: ") {
					p.sends("a!b\r\n")
					p.sees("*** wrong name or password: try again (an empty line cancels)\r\n" + "*** " + shownTyping + "\r\nPassword: ")
					p.sends("\r\n")
					got = p.reads()
				}
				oneLine(t, line, got, prompt)
				before = same(t, line, before, w.dump(t, people))
			})
		}
	}
	w.t = t
}

// A line that is too long is dropped whole, whatever command it begins with.
func TestACommandThatIsLongerThanALineIsDropped(t *testing.T) {
	w, people := badInputStage(t)
	before := w.dump(t, people)
	for i, v := range chat.Verbs() {
		p := w.join(fmt.Sprintf("long-%d", i))
		p.sends("/" + v.Name + " " + strings.Repeat("x ", 2100) + "\r\n")
		p.sees("*** that line was longer than 4096 bytes and was dropped\r\n")
		p.sends("/quit\r\n")
		p.reads()
		p.isClosed()
	}
	for _, p := range people {
		p.reads() // who came and went
	}
	if diff := cmp.Diff(before, w.dump(t, people)); diff != "" {
		t.Error(diff)
	}
}

// badInputStage is a server with an admin, who has a room of their own, and
// others who could be affected.
func badInputStage(t *testing.T) (*stage, map[string]*peer) {
	t.Helper()
	s := e2e.Script{Needs: []string{"accounts"}, Accounts: []e2e.Account{{Name: "ada", Role: "admin"}, {Name: "bill", Role: "user"}}}
	w := newStage(t, s, nil)
	people := map[string]*peer{"guest-1": w.join("guest-1")}
	for _, a := range s.Accounts {
		p := w.join(a.Name)
		p.sends(a.Password() + "\r\n")
		people[a.Name] = p
	}
	for _, name := range []string{"ada", "bill", "guest-1"} {
		people[name].sends("/join #den\r\n")
	}
	people["bill"].sends("hello\r\n")
	people["bill"].sends("/msg ada hello\r\n")
	for _, p := range people {
		p.reads()
	}
	return w, people
}

// badLines are lines that are each wrong in one way.
func badLines(v *chat.Verb) map[string]string {
	lines := make(map[string]string)
	command := "/" + v.Name
	if v.MinArgs > 0 {
		lines["nothing"] = command
		lines["too little"] = command + strings.Repeat(" bill", v.MinArgs-1)
		lines["blanks"] = command + " \t  "
		lines["nothing but control characters"] = command + " \x01\x02\x1b[31m\x07\u009b1m\u202e"
	}
	if !v.Rest {
		lines["too much"] = command + strings.Repeat(" bill", v.MaxArgs+1)
	}
	if v.Rest && v.MaxArgs == 1 || v.MaxArgs == 0 { // any text is valid
		if v.Name == "topic" || v.Name == "away" {
			lines["over-long"] = command + " " + strings.Repeat("x", 1000)
		}
		return lines
	}
	// A valid name may belong to a user who is not online.
	absent := slices.Contains([]string{"ignore", "ban", "redact"}, v.Name)
	fresh := slices.Contains([]string{"nick", "register", "useradd"}, v.Name)
	long := strings.Repeat("x", 1500)
	for kind, word := range map[string]string{
		"over-long":                   long,
		"signs":                       "a!b",
		"no UTF-8":                    "\xa7\xb6\x85",
		"control characters":          "a\x07!\x1b[31m\x00b",
		"a look-alike":                "bi1l",
		"letters of two scripts":      "bіll",
		"a number that is too large":  "99999999999999999999",
		"a number below zero":         "-1",
		"a bidirectional override":    "\u202e!llib",
		"a room that looks like this": "#dеn",
		"a room of signs":             "#!",
		"a room without a name":       "#",
		"an over-long room":           "#" + long,
	} {
		if v.Name == "join" && (word == "bi1l" || strings.HasPrefix(kind, "a number")) { // these make rooms
			continue
		}
		if absent && word == "bi1l" || (absent || fresh) && strings.HasPrefix(kind, "a number") {
			continue
		}
		lines[kind] = command + " " + word
		if v.MinArgs > 1 {
			lines[kind] += " hello"
			lines[kind+", second"] = command + " bill " + word
		}
	}
	if v.Name == "msg" { // any text is valid
		for kind := range lines {
			if strings.HasSuffix(kind, ", second") {
				delete(lines, kind)
			}
		}
	}
	if v.Name == "shutdown" {
		lines["too large"], lines["too late"], lines["nothing to cancel"] = command+" 99999999", command+" 25h", command+" cancel"
	}
	return lines
}

// dump describes the present state: what is stored, and what people are told.
func (w *stage) dump(t *testing.T, people map[string]*peer) string {
	t.Helper()
	var all bytes.Buffer
	if err := store.WriteExport(&all, w.kept); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []struct{ who, what string }{
		{"ada", "/rooms /room /topic /list /bans /flags /whoami /set /ignore"},
		{"ada", "/list_#lobby /whois_bill /whois_guest-1 /whois_ada"},
		{"bill", "/whoami /set /ignore /room"},
		{"guest-1", "/whoami /set /ignore"},
	} {
		for _, command := range strings.Fields(ask.what) {
			command = strings.ReplaceAll(command, "_", " ")
			p := people[ask.who]
			before := p.reads()
			p.sends(command + "\r\n")
			fmt.Fprintf(&all, "%s %s: %s%s\n", ask.who, command, before, p.reads())
		}
	}
	return all.String()
}
