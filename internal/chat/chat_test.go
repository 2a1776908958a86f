package chat_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/names"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func (p *person) lastTold() chat.Event {
	if len(p.told) == 0 {
		return chat.Event{}
	}
	return p.told[len(p.told)-1]
}

func (f *fixture) run(p *person, name, text string) {
	f.hub.Run(&p.Member, chat.Command{Name: name, Text: text}, now)
}

// lines returns what the room has seen, in short.
func (f *fixture) lines() []string {
	var out []string
	for _, e := range f.feed.events {
		out = append(out, fmt.Sprintf("%d %s %s", e.Kind, e.Name, e.Body))
	}
	return out
}

func line(k chat.Kind, name, body string) string { return fmt.Sprintf("%d %s %s", k, name, body) }

func TestARoomSeesJoinsMessagesAndLeaves(t *testing.T) {
	f := newFixture(t)
	bob, eve := f.join("bob"), f.join("eve")
	f.run(bob, "", "hello")
	f.run(eve, "ME", "  waves at  bob ")
	f.run(eve, "nick", "Eva")
	f.run(bob, "", " \t")
	f.hub.Announce(chat.NewNote("announcement", "text", "tea is ready"), now)
	f.hub.Leave(&eve.Member, chat.NewNote("quit", "reason", "gone"), now)
	f.hub.Leave(&eve.Member, chat.NewNote("quit", "reason", "gone twice"), now)
	want := []string{
		line(chat.Join, "bob", ""), line(chat.Join, "eve", ""), line(chat.Say, "bob", "hello"),
		line(chat.Action, "eve", "waves at  bob"), line(chat.Rename, "eve", "Eva"),
		line(chat.Announcement, "", "tea is ready"), line(chat.Leave, "Eva", "gone"),
	}
	if diff := cmp.Diff(want, f.lines()); diff != "" {
		t.Error(diff)
	}
	for i, e := range f.feed.events {
		if e.Seq != uint64(i+1) || e.ID != uint64(i+1) || e.Epoch != 7 || e.Room != chat.Lobby || !e.Time.Equal(now) {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if e := f.feed.events[2]; e.Author != bob.ID() {
		t.Errorf("author %d, want %d", e.Author, bob.ID())
	}
	if n := f.hub.Room(chat.Lobby).Len(); n != 1 {
		t.Errorf("%d members, want 1", n)
	}
}

func TestANameIsRefusedWithItsReason(t *testing.T) {
	f := newFixture(t)
	f.join("Bob")
	f.join("Müller")
	f.join("kelvin")
	for name, want := range map[string]error{
		"":                        names.ErrEmpty,
		"bob":                     chat.ErrNameTaken,
		"BOB":                     chat.ErrNameTaken,
		"MÜLLER":                  chat.ErrNameTaken,
		"\u212aelvin":             chat.ErrNameTaken, // KELVIN SIGN
		"a b":                     names.ErrMalformed,
		"a/b":                     names.ErrMalformed,
		"a\x00b":                  names.ErrMalformed,
		"a\xffb":                  names.ErrMalformed,
		"\u3164":                  names.ErrMalformed, // HANGUL FILLER
		"\u202ebob":               names.ErrMalformed,
		"👩":                       names.ErrMalformed,
		strings.Repeat("x", 30):   names.ErrTooLong,
		strings.Repeat("ß", 30):   names.ErrTooLong,
		strings.Repeat("x", 4000): names.ErrTooLong,
		strings.Repeat("ß", 29):   nil,
		"x":                       nil,
		"A_b-c.9":                 nil,
		"王":                       nil,
		"محمد":                    nil,
	} {
		if err := f.hub.Login(&f.admit().Member, name); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
}

func TestANameIsFreeAgainAfterItsOwnerLeftOrRenamed(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	f.run(bob, "nick", "BOB")
	f.run(bob, "nick", "rob")
	second := f.join("Bob")
	f.run(second, "nick", "ROB")
	if got := second.lastTold(); got.Kind != chat.Refusal || got.Note.Code != "name-taken" {
		t.Errorf("told %+v", got)
	}
	f.hub.Leave(&bob.Member, nil, now)
	f.run(second, "nick", "ROB")
	if second.Name() != "ROB" {
		t.Errorf("name %q, told %+v", second.Name(), second.lastTold())
	}
}

func TestLabelsDoNotClaimNames(t *testing.T) {
	f := newFixture(t)
	a, b := f.admit(), f.admit()
	f.hub.Label(&a.Member, "bob")
	f.hub.Label(&b.Member, "bob")
	room := f.hub.Room(chat.Lobby)
	room.Say(&a.Member, "", now)
	f.hub.Leave(&a.Member, nil, now)
	f.join("bob")
	want := []string{line(chat.Say, "bob", ""), line(chat.Join, "bob", "")}
	if diff := cmp.Diff(want, f.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryIsTheLastFiftyMessages(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	for i := range 1234 {
		f.run(bob, "", fmt.Sprint(i))
		f.run(bob, "nick", fmt.Sprintf("bob%d", i)) // no message: not kept
		if i != 30 && i != 777 && i != 1233 {
			continue
		}
		n := min(i+1, chat.DefaultHistory)
		var got []string
		eve := f.join("eve")
		for _, e := range eve.recent {
			got = append(got, e.Body)
		}
		f.hub.Leave(&eve.Member, nil, now)
		var want []string
		for k := i + 1 - n; k <= i; k++ {
			want = append(want, fmt.Sprint(k))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("after %d messages: %s", i+1, diff)
		}
	}
}

func TestCommandsAnswerPrivately(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	f.join("Ann")
	f.feed.events = nil
	for _, c := range []struct {
		name, text string
		kind       chat.Kind
		want       string
	}{
		{"list", "ann", chat.Refusal, "there is no room #ann"},
		{"list", "a b", chat.Refusal, "usage: /list [#ROOM]"},
		{"me", " ", chat.Refusal, "usage: /me ACTION"},
		{"nick", "", chat.Refusal, "usage: /nick NAME"},
		{"nick", "a b", chat.Refusal, "usage: /nick NAME"},
		{"nick", "bob", chat.Refusal, "that is already your name"},
		{"nick", "ann", chat.Refusal, "that name is taken"},
		{"nick", "b/b", chat.Refusal, "a name can have only letters, digits, _ - and ."},
		{"lst", "", chat.Refusal, "unknown command /lst: did you mean /list? (//lst sends it as a message)"},
		{"frobnicate", "", chat.Refusal, "unknown command /frobnicate: /help lists the commands (//frobnicate sends it as a message)"},
	} {
		f.run(bob, c.name, c.text)
		if got := bob.lastTold(); got.Kind != c.kind || got.Body != c.want {
			t.Errorf("/%s %s: told %d %q, want %d %q", c.name, c.text, got.Kind, got.Body, c.kind, c.want)
		}
	}
	for _, name := range []string{"list", "WHO"} {
		f.run(bob, name, " ")
		want := chat.Members{Room: "#lobby", People: 2, List: []chat.MemberEntry{{Name: "Ann"}, {Name: "bob"}}}
		if diff := cmp.Diff(want, lastAnswer[chat.Members](bob)); diff != "" {
			t.Errorf("/%s: %s", name, diff)
		}
	}
	if len(f.feed.events) != 0 {
		t.Errorf("the room saw %v", f.lines())
	}
	f.run(bob, strings.Repeat("é", 5000), "")
	if n := len(bob.lastTold().Body); n > 300 {
		t.Errorf("an endless command is echoed in %d bytes", n)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	f.run(bob, "?", "")
	var got, want []chat.Usage
	for {
		page := lastAnswer[chat.Commands](bob)
		got = append(got, page.List...)
		if page.More == 0 {
			break
		}
		f.run(bob, "more", "")
	}
	for _, v := range chat.Verbs() {
		if v.Need == chat.Guest {
			want = append(want, chat.Usage{Name: v.Name, Aliases: v.Aliases, Args: v.Args, Help: v.Help})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The table is data: every row must follow these rules.
func TestTheCommandTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range chat.Verbs() {
		for _, name := range append([]string{v.Name}, v.Aliases...) {
			if seen[name] || name != strings.ToLower(name) || strings.ContainsAny(name, "/ ") {
				t.Errorf("/%s: bad or twice", name)
			}
			seen[name] = true
		}
		if v.MinArgs > v.MaxArgs || (v.MaxArgs == 0) != (v.Args == "") || v.Rest && v.MaxArgs == 0 || v.Run == nil || v.Help == "" {
			t.Errorf("/%s: %+v", v.Name, v)
		}
	}
}

func TestBeforeJoiningOnlyOutsideCommandsWork(t *testing.T) {
	f := newFixture(t)
	p := f.admit()
	for _, v := range chat.Verbs() {
		p.told, p.closed = nil, nil
		f.run(p, v.Name, strings.Repeat("x ", v.MinArgs))
		refused := p.lastTold().Kind == chat.Refusal
		needsAccounts := v.Name == "register" || v.Name == "login" // of which there are none
		if refused == (v.Outside && !needsAccounts) {
			t.Errorf("/%s before one has a name: told %+v", v.Name, p.told)
		}
	}
	f.run(p, "", "anybody?")
	if p.lastTold().Kind != chat.Refusal || len(f.feed.events) != 0 {
		t.Errorf("told %+v, room saw %v", p.lastTold(), f.lines())
	}
}

func TestQuitClosesWithTheReason(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	f.run(bob, "quit", "")
	f.run(bob, "exit", " so long,  folks ")
	if want := []string{"", "so long,  folks"}; !slices.Equal(bob.closed, want) {
		t.Errorf("%q, want %q", bob.closed, want)
	}
}

func TestAClosedHubIsSilent(t *testing.T) {
	f := newFixture(t)
	bob := f.join("bob")
	f.feed.events = nil
	f.hub.Close()
	f.run(bob, "", "hello?")
	f.hub.Leave(&bob.Member, nil, now)
	if len(f.feed.events) != 0 {
		t.Errorf("the room saw %v", f.lines())
	}
}

// A user who may not enter the lobby is in no room, and is shown no addresses.
func TestListOutsideARoomIsForOperatorsOfTheServer(t *testing.T) {
	f := newFixture(t)
	f.join("bob")
	eve, op := f.admit(), &person{}
	if err := f.hub.Login(&eve.Member, "eve"); err != nil {
		t.Fatal(err)
	}
	f.hub.Operate(&op.Member, op, "operator")
	f.run(eve, "list", "")
	if got := eve.lastTold(); got.Kind != chat.Refusal || len(eve.answers) > 0 {
		t.Errorf("told %+v, answered %+v", got, eve.answers)
	}
	f.hub.RunIn(&op.Member, "", chat.Command{Name: "list"}, now)
	if got := lastAnswer[chat.Connections](op).List; len(got) != 2 || got[0].Name != "bob" || got[1].Name != "eve" {
		t.Errorf("%+v", got)
	}
}

func TestListIsBounded(t *testing.T) {
	f := newFixture(t)
	for i := range 1000 {
		f.join(fmt.Sprintf("p%d", i))
	}
	bob := f.join("bob")
	f.run(bob, "list", "")
	if got := lastAnswer[chat.Members](bob); got.People != 1001 || len(got.List) != 100 || got.Others != 901 {
		t.Errorf("%+v", got)
	}
}

func TestTheMessagePathAllocatesNothing(t *testing.T) {
	f := newFixture(t)
	f.feed.forget = true
	bob := f.join("bob")
	say := func() { f.hub.Run(&bob.Member, chat.Command{Text: "hello"}, now) }
	for range 2 * chat.DefaultHistory {
		say()
	}
	if n := testing.AllocsPerRun(1000, say); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// Many goroutines join, speak, rename and leave; each member's history and live
// events form one order without gaps.
func TestHistoryAndLiveEventsJoinWithoutGapOrDuplicate(t *testing.T) {
	f := newFixture(t)
	room := f.hub.Room(chat.Lobby)
	type view struct{ last, next uint64 } // Seq of the last kept and of the first live message
	views := make([][]view, 8)
	var all sync.WaitGroup
	for g := range views {
		all.Go(func() {
			for i := range 200 {
				p := f.admit()
				if err := f.hub.Login(&p.Member, fmt.Sprintf("g%d", g)); err != nil {
					t.Error(err)
					return
				}
				p.enter = func(recent []chat.Event) {
					v := view{next: uint64(len(f.feed.events)) + 1} // read inside the room's mutex
					if len(recent) > 0 {
						v.last = recent[len(recent)-1].Seq
					}
					views[g] = append(views[g], v)
				}
				f.hub.Arrive(&p.Member, now)
				f.run(p, "", fmt.Sprint(i))
				f.run(p, "list", "")
				f.run(p, "nick", fmt.Sprintf("g%dx", g))
				f.hub.Leave(&p.Member, nil, now)
			}
		})
	}
	all.Wait()
	for i, e := range f.feed.events {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
	}
	for _, vs := range views {
		for _, v := range vs {
			for _, e := range f.feed.events[v.last : v.next-1] {
				if e.Kind == chat.Say {
					t.Fatalf("message %d is neither in the history up to %d nor live from %d", e.Seq, v.last, v.next)
				}
			}
		}
	}
	if room.Len() != 0 {
		t.Errorf("%d members are left", room.Len())
	}
}

// Against a model: a map of who is here under which name.
func TestMembershipAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t)
		people := make([]*person, 6)
		here := map[string]int{} // folded name -> index
		choices := rapid.SampledFrom([]string{"a", "A", "b", "ß", "ẞ", "c d", ""})
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			i := rapid.IntRange(0, len(people)-1).Draw(rt, "who")
			name := choices.Draw(rt, "name")
			key := strings.ToLower(name)
			owner, taken := here[key]
			legal := name != "" && !strings.Contains(name, " ") && (!taken || owner == i)
			switch p := people[i]; {
			case p == nil:
				p = f.admit()
				if err := f.hub.Login(&p.Member, name); (err == nil) != legal {
					rt.Fatalf("login %q: %v, here %v", name, err, here)
				} else if err != nil {
					continue
				}
				f.hub.Arrive(&p.Member, now)
				people[i], here[key] = p, i
			case rapid.Bool().Draw(rt, "leave"):
				delete(here, strings.ToLower(p.Name()))
				f.hub.Leave(&p.Member, nil, now)
				people[i] = nil
			default:
				old := p.Name()
				f.run(p, "nick", name)
				if legal {
					delete(here, strings.ToLower(old))
					here[key] = i
				}
				if got := p.Name(); legal && got != name || !legal && got != old {
					rt.Fatalf("%q became %q, asked for %q, here %v", old, got, name, here)
				}
			}
			if n := f.hub.Room(chat.Lobby).Len(); n != len(here) {
				rt.Fatalf("%d members, model has %d", n, len(here))
			}
		}
	})
}
