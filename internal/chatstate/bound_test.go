package chatstate

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/client"
)

func TestOnlyRoomsThatTheUserWasLetIntoAreKnown(t *testing.T) {
	c, _ := inTea()
	for _, name := range []string{"", "#", "tea", "@bob", "# ", "#a b", "\x1b[2J", "#" + strings.Repeat("x", 5000)} {
		if change := c.Apply(client.Joined{Room: name, Name: "mallory", Place: client.Place{Epoch: 1, Seq: 1}}); change.Room != nil {
			t.Errorf("%q is a room", name)
		}
		m := message(11, "bob", "x")
		m.Room = name
		c.Apply(m)
		c.Page(client.History{Room: name, Events: []client.Message{m}}, Latest)
	}
	m := message(12, "bob", "x")
	m.Room = "#elsewhere"
	c.Apply(m)
	if rooms := c.Rooms(); len(rooms) != 1 || c.Me.Name != "alice" {
		t.Errorf("%d conversations of %s", len(rooms), c.Me.Name)
	}
}

func TestConversationsAreBounded(t *testing.T) {
	c, tea := inTea()
	c.Shown = c.Person("friend")
	for n := range 10_000 {
		c.Apply(client.Joined{Room: fmt.Sprint("#r", n), Name: "alice", Place: client.Place{Epoch: 1, Seq: 1}})
		c.Apply(client.Message{Private: true, From: fmt.Sprint("n", n), Text: "x"})
	}
	rooms, people := c.count()
	if rooms != MaxRooms || people != MaxPeople {
		t.Errorf("%d rooms, %d people", rooms, people)
	}
	if c.Find("#tea") != tea || c.Find("@friend") == nil || c.Find("@n9999") == nil {
		t.Error("a room, the conversation that is shown, or the latest one is gone")
	}
}

func TestWhatIsOnlyShownHereIsBounded(t *testing.T) {
	c, r := inTea()
	for range MaxItems + 5000 {
		c.Add(r, &Item{Kind: Local, Text: "x"})
	}
	if n := len(r.Items()); n > MaxItems {
		t.Errorf("%d items", n)
	}
}

func TestTextsAreBounded(t *testing.T) {
	c, r := inTea()
	text := strings.Repeat("x", MaxText)
	for id := range uint64(3 * MaxBytes / MaxText) {
		c.Apply(message(11+id, "bob", text))
		if n := r.bytes(); n > MaxBytes {
			t.Fatalf("%d bytes", n)
		}
	}
	for n := range r.Items() { // edits count, too
		i := r.Items()[min(n, len(r.Items())-1)]
		c.Apply(client.RoomEvent{Room: "#tea", What: "edit", Edited: i.ID, Text: text + "more"})
	}
	if n := r.bytes(); n > MaxBytes || n < MaxBytes/4 {
		t.Errorf("%d bytes", n)
	}
}

// A page may have messages in any order, more than once, and with any ID.
func TestPagesOutOfOrder(t *testing.T) {
	for _, what := range []Request{Latest, Before, After, Around} {
		c, r := inTea()
		c.Apply(message(100, "bob", "x"))
		var events []client.Message
		for _, id := range []uint64{math.MaxUint64, 50, 7, 100, 50, 0, 99, 200, 1} {
			events = append(events, message(id, "bob", fmt.Sprint(id)))
		}
		c.Page(client.History{Room: "#tea", Events: events, Older: true, Newer: true}, what)
		c.Apply(client.Joined{Room: "#tea", Name: "alice", Resumed: true, History: events})
		for _, id := range []uint64{1, 7, 50, 99, 100, 200, math.MaxUint64} {
			if i := r.ByID(id); i == nil || i.ID != id {
				t.Errorf("%d: %d is %+v", what, id, i)
			}
		}
		if !slices.IsSortedFunc(r.Items(), func(a, b *Item) int { return a.compare(b.ID, b.sub) }) || len(r.Items()) != 7 {
			t.Errorf("%d: %v", what, textsOf(r))
		}
	}
}

func TestAMessageThatIsNotThereChangesNothing(t *testing.T) {
	c, r := inTea()
	c.Apply(message(100, "bob", "x"))
	r.Older = true
	c.Page(client.History{Room: "#tea"}, Around)
	if len(r.Items()) != 1 || r.Detached || !r.Older {
		t.Errorf("%d items, detached %v, older %v", len(r.Items()), r.Detached, r.Older)
	}
}

func TestANewConnectionIsInNoRoomUntilItIsTold(t *testing.T) {
	c, r := inTea()
	if !r.Inside {
		t.Fatal("alice is not in #tea")
	}
	c.Apply(client.Connected{})
	if r.Inside {
		t.Error("alice is still in #tea")
	}
	c.Apply(client.Joined{Room: "#tea", Name: "alice", Resumed: true})
	if !r.Inside {
		t.Error("alice is not in #tea again")
	}
}

func TestPeopleWhoAreNotKnownAreCounted(t *testing.T) {
	c, r := inTea()
	c.Apply(client.Raw{Type: "members", JSON: []byte(`{"room":"#tea","list":[{"name":"alice"}],"others":200}`)})
	c.Apply(client.RoomEvent{Room: "#tea", What: "leave", Name: "one-of-them"})
	if r.Others != 199 {
		t.Errorf("%d others", r.Others)
	}
	for n := range MaxMembers + 9 {
		c.Apply(client.RoomEvent{Room: "#tea", What: "join", Name: fmt.Sprint("n", n)})
	}
	if len(r.Members)+r.Others != 200+MaxMembers+9 {
		t.Errorf("%d members, %d others", len(r.Members), r.Others)
	}
	for _, n := range []int{math.MaxInt, math.MinInt} {
		c.Apply(client.Joined{Room: "#tea", Name: "alice", Others: n})
		if people := len(r.Members) + r.Others; people < 1 || people > maxOthers+1 {
			t.Errorf("%d people", people)
		}
	}
}

// A long conversation takes as much memory as its texts and little more.
func TestMemoryOfALongConversation(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	c, r := inTea()
	before := heap()
	for id := range uint64(MaxItems) {
		c.Apply(message(11+id, fmt.Sprint("user", id%50), fmt.Sprint(id, ": a line as people write it, with about as many words as this one has")))
	}
	after := heap()
	if n := len(r.Items()); n != MaxItems {
		t.Fatalf("%d items", n)
	}
	const most = 120 << 20
	if after > before+most {
		t.Errorf("%d bytes for %d messages", after-before, MaxItems)
	}
	t.Logf("%.1f MiB for %d messages", float64(int64(after)-int64(before))/(1<<20), MaxItems)
	runtime.KeepAlive(c)
}
