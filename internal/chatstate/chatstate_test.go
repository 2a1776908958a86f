package chatstate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/client"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// message returns a message in #tea whose ID is also its place.
func message(id uint64, from, text string) client.Message {
	return client.Message{Room: "#tea", Place: client.Place{Epoch: 1, Seq: id}, ID: id, From: from, Text: text, Time: noon}
}

// inTea returns the state of user alice in room #tea, read up to 10.
func inTea() (*Chat, *Room) {
	c := &Chat{}
	change := c.Apply(client.Joined{Room: "#tea", Name: "alice", Place: client.Place{Epoch: 1, Seq: 10}})
	return c, change.Room
}

func textsOf(r *Room) (list []string) {
	for _, i := range r.Items() {
		list = append(list, i.Text)
	}
	return list
}

func TestMessagesAreInOrderAndThereOnce(t *testing.T) {
	c, r := inTea()
	for _, id := range []uint64{12, 11, 12, 15, 13} {
		c.Apply(message(id, "bob", fmt.Sprint(id)))
	}
	r.Add(&Item{Kind: Local, Text: "local"})
	c.Apply(message(14, "bob", "14"))
	c.Apply(message(16, "bob", "16"))
	if d := cmp.Diff([]string{"11", "12", "13", "14", "15", "local", "16"}, textsOf(r)); d != "" {
		t.Error(d)
	}
	if r.Unread != 6 {
		t.Errorf("%d are unread", r.Unread)
	}
}

func TestWhatCountsAsUnread(t *testing.T) {
	c, r := inTea()
	c.Apply(message(11, "alice", "mine"))
	c.Apply(message(12, "bob", "for Alice!"))
	c.Apply(message(13, "bob", "for malice"))
	c.Apply(client.RoomEvent{Room: "#tea", Place: client.Place{Epoch: 1, Seq: 14}, ID: 14, What: "join", Name: "dave"})
	if r.Unread != 2 || r.Mentions != 1 || r.FirstUnread().ID != 12 {
		t.Errorf("%d unread, %d mentions, first %v", r.Unread, r.Mentions, r.FirstUnread())
	}
	c.Apply(client.RoomEvent{Room: "#tea", What: "redact", Redacted: 12})
	if r.Unread != 1 || r.Mentions != 0 {
		t.Errorf("%d unread, %d mentions after a deletion", r.Unread, r.Mentions)
	}
	at, moved := r.MarkRead()
	if !moved || at.Seq != 14 || r.Unread != 0 || r.FirstUnread() != nil {
		t.Errorf("%v %v, %d unread", at, moved, r.Unread)
	}
	if _, moved := r.MarkRead(); moved {
		t.Error("it moves again")
	}
	c.Apply(client.RoomEvent{Room: "#tea", What: "read", Place: client.Place{Epoch: 1, Seq: 11}})
	if r.Unread != 0 {
		t.Error("the read position moves back")
	}
	// A new epoch comes after all of the old one.
	m := message(20, "bob", "after a crash")
	m.Place = client.Place{Epoch: 2, Seq: 3}
	c.Apply(m)
	if r.Unread != 1 {
		t.Errorf("%d are unread in the next epoch", r.Unread)
	}
}

func TestPrivateMessages(t *testing.T) {
	c, _ := inTea()
	c.Apply(client.Message{Private: true, From: "Bob", Text: "one"})
	c.Apply(client.Message{Private: true, To: "bob", Text: "mine"})
	r := c.Apply(client.Message{Private: true, From: "bob", Text: "two"}).Room
	if d := cmp.Diff([]string{"one", "mine", "two"}, textsOf(r)); d != "" || r.Unread != 2 || !r.Items()[1].Own {
		t.Errorf("%d unread, %s", r.Unread, d)
	}
	r.MarkRead()
	if r.Unread != 0 || r.FirstUnread() != nil {
		t.Error("they are unread")
	}
	c.Apply(client.RoomEvent{Room: "#tea", What: "nick", Name: "bob", NewName: "rob"})
	if c.Find("@rob") != r || r.Name != "rob" || c.Find("@bob") != nil {
		t.Errorf("%q is at %v", r.Name, c.Find("@rob"))
	}
	other := c.Person("carol")
	c.Apply(client.RoomEvent{Room: "#tea", What: "nick", Name: "rob", NewName: "carol"})
	if c.Find("@rob") != r || c.Find("@carol") != other {
		t.Error("two conversations are mixed")
	}
}

func TestPeople(t *testing.T) {
	c, r := inTea()
	c.Apply(client.Raw{Type: "members", JSON: []byte(`{"room":"#tea","others":3,"list":[{"name":"Carol"},{"name":"bob","role":"operator"},{"name":"bob"},{"name":"alice","role":"owner"}]}`)})
	names := func() (list []string) {
		for _, m := range r.Members {
			list = append(list, m.Name+" "+m.Role+" "+m.Why)
		}
		return list
	}
	if d := cmp.Diff([]string{"alice owner ", "bob operator ", "Carol  "}, names()); d != "" || r.Others != 3 || r.Role != "owner" {
		t.Errorf("%d others, %q, %s", r.Others, r.Role, d)
	}
	for _, e := range []client.RoomEvent{
		{What: "join", Name: "dave", Role: "voiced"},
		{What: "leave", Name: "Carol"},
		{What: "nick", Name: "bob", NewName: "zoe"},
		{What: "away", Name: "zoe", Why: "lunch"},
		{What: "join", Name: "dave"},
	} {
		e.Room = "#tea"
		c.Apply(e)
	}
	if d := cmp.Diff([]string{"alice owner ", "dave voiced ", "zoe operator lunch"}, names()); d != "" {
		t.Error(d)
	}
	change := c.Apply(client.RoomEvent{Room: "#tea", What: "notice", Code: "deop", Args: map[string]any{"name": "alice"}})
	if !change.Roles || r.Role != "" || c.MayModerate(r) {
		t.Errorf("%+v %q", change, r.Role)
	}
	c.Apply(client.Raw{Type: "whoami", JSON: []byte(`{"name":"alice","registered":true,"role":"moderator"}`)})
	if !c.MayModerate(r) || !c.IsStaff() {
		t.Error("a moderator may not moderate")
	}
}

func TestANewSessionDropsWhatMayNeverHaveBeenSaved(t *testing.T) {
	c, r := inTea()
	for id := uint64(11); id < 20; id++ {
		c.Apply(message(id, "bob", fmt.Sprint(id)))
	}
	again := client.Joined{Room: "#tea", Name: "alice", Place: client.Place{Epoch: 2, Seq: 1}}
	again.History = []client.Message{message(15, "bob", "15"), message(16, "bob", "16"), message(17, "bob", "another 17")}
	c.Apply(again)
	if d := cmp.Diff([]string{"11", "12", "13", "14", "15", "16", "another 17"}, textsOf(r)); d != "" {
		t.Error(d)
	}
	again.History = []client.Message{message(30, "bob", "30")}
	c.Apply(again)
	if d := cmp.Diff([]string{"30"}, textsOf(r)); d != "" || !r.Older {
		t.Error("messages on both sides of a hole:", d)
	}
}

func TestAResumedSessionAddsWhatWasMissed(t *testing.T) {
	c, r := inTea()
	c.Apply(message(11, "bob", "11"))
	c.Apply(message(13, "bob", "lost"))
	c.Apply(client.Rollback{Room: "#tea", Epoch: 1, KeptTo: 12})
	c.Apply(client.Joined{Room: "#tea", Name: "alice", Resumed: true, History: []client.Message{message(11, "bob", "11"), message(12, "bob", "12")}})
	if d := cmp.Diff([]string{"11", "12"}, textsOf(r)); d != "" {
		t.Error(d)
	}
}

func TestPages(t *testing.T) {
	c, r := inTea()
	page := func(from, to uint64) (h client.History) {
		h.Room = "#tea"
		for id := from; id <= to; id++ {
			h.Events = append(h.Events, message(id, "bob", fmt.Sprint(id)))
		}
		return h
	}
	c.Apply(message(100, "bob", "100"))
	older := page(90, 99)
	older.Older = true
	c.Page(older, Before)
	if r.First() != 90 || r.Last() != 100 || !r.Older || r.Detached {
		t.Errorf("%d to %d, %+v", r.First(), r.Last(), r)
	}
	far := page(20, 30)
	far.Older, far.Newer = true, true
	c.Page(far, Around)
	if r.First() != 20 || r.Last() != 30 || !r.Detached {
		t.Errorf("%d to %d, detached %v", r.First(), r.Last(), r.Detached)
	}
	unread := r.Unread
	c.Apply(message(101, "bob", "live"))
	if r.Last() != 30 || r.Unread != unread+1 {
		t.Errorf("the last is %d, %d are unread", r.Last(), r.Unread)
	}
	next := page(31, 40)
	next.Newer = true
	c.Page(next, After)
	if r.Last() != 40 || !r.Detached {
		t.Errorf("the last is %d, detached %v", r.Last(), r.Detached)
	}
	c.Page(page(41, 101), After)
	if r.Last() != 101 || r.Detached {
		t.Errorf("the last is %d, detached %v", r.Last(), r.Detached)
	}
	c.Page(client.History{Room: "#elsewhere"}, Before)
}

func TestMemoryIsBounded(t *testing.T) {
	c, r := inTea()
	for id := uint64(11); id < MaxItems+5000; id++ {
		c.Apply(message(id, "bob", "x"))
	}
	if n := len(r.Items()); n > MaxItems || n < MaxItems-2*trimmed || !r.Older || r.Last() != MaxItems+4999 {
		t.Errorf("%d items, last %d", n, r.Last())
	}
	first := r.First()
	h := client.History{Room: "#tea", Older: true}
	for id := first - 200; id < first; id++ {
		h.Events = append(h.Events, message(id, "bob", "older"))
	}
	for range 30 { // the user keeps scrolling up
		c.Page(h, Before)
		for n := range h.Events {
			h.Events[n].ID -= 200
		}
	}
	if n := len(r.Items()); n > MaxItems || r.First() >= first {
		t.Errorf("%d items, from %d", n, r.First())
	}
	list := make([]string, 2*MaxMembers)
	for n := range list {
		list[n] = fmt.Sprintf(`{"name":"n%d"}`, n)
	}
	c.Apply(client.Raw{Type: "members", JSON: []byte(`{"room":"#tea","list":[` + strings.Join(list, ",") + `]}`)})
	if len(r.Members) != MaxMembers {
		t.Errorf("%d members", len(r.Members))
	}
}

func TestPosts(t *testing.T) {
	c, r := inTea()
	c.Posted("1", client.Post{Room: "#tea", Text: "same"})
	c.Posted("2", client.Post{Room: "#tea", Text: "same"})
	c.Posted("3", client.Post{To: "Bob", Text: "psst"})
	waiting := func(r *Room) (list []string) {
		for _, p := range c.Waiting(r) {
			list = append(list, p.CID)
		}
		return list
	}
	if !slices.Equal(waiting(r), []string{"1", "2"}) || !slices.Equal(waiting(c.Person("bob")), []string{"3"}) {
		t.Errorf("%v", waiting(r))
	}
	c.Apply(message(11, "alice", "same"))
	if !slices.Equal(waiting(r), []string{"2"}) || c.Unacked() != 3 {
		t.Errorf("%v, %d", waiting(r), c.Unacked())
	}
	c.Apply(client.Ack{CID: "1"})
	c.Apply(client.Held{CID: "2"})
	c.Apply(client.Message{Private: true, To: "bob", Text: "psst"})
	if len(waiting(r)) != 0 || len(waiting(c.Person("bob"))) != 0 || c.Unacked() != 1 {
		t.Errorf("%v, %d", waiting(r), c.Unacked())
	}
	if p := c.Settle("3"); p == nil || p.Text != "psst" || c.Settle("3") != nil {
		t.Errorf("%+v", p)
	}
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]bool{
		"alice": true, "hi Alice!": true, "@alice": true, "malice": false, "alices": false, "alice_": false, "alice alice2 x": true, "": false, "alicé": false, "é alice": true,
	} {
		if Mentions(text, "alice") != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if Mentions("anything", "") {
		t.Error("nobody is mentioned")
	}
}

func TestLeavingRooms(t *testing.T) {
	c, r := inTea()
	if change := c.Apply(client.Notice{Code: "left-room", Args: map[string]any{"room": "#tea"}}); change.Left != r || c.Find("#tea") != nil {
		t.Errorf("%+v", change)
	}
	if change := c.Apply(client.RoomEvent{Room: "#tea", What: "join", Name: "bob"}); change.Room != nil {
		t.Errorf("%+v", change)
	}
}
