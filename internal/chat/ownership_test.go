package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// written is a Journal that records. Everything is on disk when save is called.
type written struct {
	records []chat.Record
	waiting []func(error)
}

func (w *written) Write(done func(error), records ...chat.Record) {
	w.records = append(w.records, records...)
	if done != nil {
		w.waiting = append(w.waiting, done)
	}
}

func (w *written) save() {
	for _, done := range w.waiting {
		done(nil)
	}
	w.waiting = nil
}

func (*written) Full(func()) bool { return false }

// dropped returns the names of the rooms that were dropped.
func (w *written) dropped() (names []string) {
	for _, r := range w.records {
		if d, ok := r.(chat.DropRoom); ok {
			names = append(names, d.Name)
		}
	}
	return names
}

func TestAtTheStartEachRoomHasAnOwnerWhoExists(t *testing.T) {
	const ann, bob, gone = 1, 2, 3
	journal := &written{}
	owned := chat.RoomState{Name: "#owned", Founder: ann}
	rooms := []chat.RoomState{
		{Name: "#empty", Founder: gone},
		{Name: "#operated", Founder: gone, Operators: []uint64{gone, bob}},
		owned,
		{Name: chat.Lobby, Topic: "hello", Members: []uint64{gone}},
	}
	f := newFixtureWith(t, func(o *chat.Options) {
		o.Journal = journal
		o.State = &chat.State{Epoch: 1, LastID: 9, Accounts: []chat.Account{{ID: ann, Name: "ann"}, {ID: bob, Name: "bob"}}, Rooms: rooms}
	})
	if f.hub.Room("#empty") != nil {
		t.Error("#empty, which nobody owns, is still there")
	}
	for _, name := range []string{"#operated", "#owned", chat.Lobby} {
		if f.hub.Room(name) == nil {
			t.Errorf("%s is gone", name)
		}
	}
	handed := slices.ContainsFunc(journal.records, func(r chat.Record) bool {
		s, ok := r.(chat.RoomState)
		return ok && s.Name == "#operated" && s.Founder == bob
	})
	if dropped := journal.dropped(); !handed || len(dropped) != 1 || dropped[0] != "#empty" {
		t.Errorf("recorded: %v", journal.records)
	}
}

func TestGuestsHaveAQuarterOfTheRooms(t *testing.T) {
	f := newFixtureWith(t, func(o *chat.Options) { o.Rooms = 16 })
	for i := range 4 {
		p := f.join(fmt.Sprintf("guest%d", i))
		f.hub.Run(&p.Member, chat.Command{Name: "join", Text: fmt.Sprintf("#room%d", i)}, now)
	}
	p := f.join("late")
	f.hub.Run(&p.Member, chat.Command{Name: "join", Text: "#more"}, now)
	if got, want := p.lastTold().Body, "guests have created 4 rooms, the limit for all of them: /register, or join an existing room"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.hub.Run(&p.Member, chat.Command{Name: "join", Text: "#room1"}, now)
	if p.Room().Name() != "#room1" {
		t.Error("a room that exists can't be entered")
	}
}

func TestAnAdminDeletesAnyRoomFromTheConsole(t *testing.T) {
	f := newFixture(t)
	bob, op := f.join("bob"), &person{bare: true}
	f.hub.Run(&bob.Member, chat.Command{Name: "join", Text: "#tea"}, now)
	f.hub.Operate(&op.Member, op, "operator")
	f.hub.RunIn(&op.Member, "#tea", chat.Command{Name: "room", Text: "delete"}, now)
	want := "deleting #tea can't be undone: its settings and its history are lost, and 1 person in it will be moved to #lobby; room delete #tea deletes it"
	if got := op.lastTold().Body; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.hub.RunIn(&op.Member, "#tea", chat.Command{Name: "room", Text: "delete #tea"}, now)
	if got := op.lastTold().Body; got != "#tea was deleted" {
		t.Errorf("%q", got)
	}
	if f.hub.Room("#tea") != nil || bob.Room().Name() != chat.Lobby {
		t.Errorf("bob is in %s", bob.Room().Name())
	}
}

func TestABanFromARoomEndsWithTheRoom(t *testing.T) {
	const ann = 1
	journal := &written{}
	f := newFixtureWith(t, func(o *chat.Options) {
		o.Journal = journal
		o.State = &chat.State{
			Epoch: 1, LastID: 9, Accounts: []chat.Account{{ID: ann, Name: "ann"}}, Rooms: []chat.RoomState{{Name: "#tea", Founder: ann}},
			Sanctions: []chat.Sanction{{ID: 5, Kind: chat.Ban, Room: "#tea", Target: "bob", Key: "bob"}},
		}
	})
	bob, op := f.join("bob"), &person{bare: true}
	f.hub.Operate(&op.Member, op, "operator")
	f.hub.RunIn(&op.Member, "#tea", chat.Command{Name: "deop", Text: "ann"}, now)
	journal.save()
	if !slices.Contains(journal.records, chat.Record(chat.DropSanction{ID: 5})) || !slices.Equal(journal.dropped(), []string{"#tea"}) {
		t.Errorf("recorded: %v", journal.records)
	}
	f.hub.Run(&bob.Member, chat.Command{Name: "join", Text: "#tea"}, now)
	if bob.Room().Name() != "#tea" {
		t.Errorf("bob is told: %s", bob.lastTold().Body)
	}
}
