package storetest

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

func withCID(p chat.Post, owner uint64, cid string) chat.Post {
	p.Owner, p.CID = owner, cid
	return p
}

func answers(f *fixture) {
	f.load()
	asked := f.say("#lobby", "ann", "tea?")
	p := f.post("#lobby", "bob", "yes")
	p.Event.ReplyTo, p.Event.Edited = asked.Event.ID, f.now.Add(time.Minute)
	f.commit(p)
	want := []chat.Event{asked.Event, p.Event}
	f.equal(want, must(f, first(f.s.History(chat.HistoryQuery{Room: "#lobby", Limit: 9})), nil))
	f.equal([]chat.Event{p.Event}, must(f, first(f.s.Search(chat.SearchQuery{Words: []string{"yes"}, Rooms: []string{"#lobby"}, Limit: 9})), nil))
	f.equal(want, f.restart().Orders[0].Recent)
}

func historyAfter(f *fixture) {
	f.load()
	var ids []uint64
	for i := range 10 {
		ids = append(ids, f.say("#lobby", "ann", fmt.Sprint(i)).Event.ID)
		f.say("#other", "bob", "x")
	}
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{ids[4]}})
	ask := func(q chat.HistoryQuery) []string {
		q.Room = "#lobby"
		return bodies(must(f, first(f.s.History(q)), nil))
	}
	f.equal([]string{"3", "5", "6"}, ask(chat.HistoryQuery{After: ids[2], Limit: 3}))
	f.equal([]string{"3", "5", "6"}, ask(chat.HistoryQuery{After: ids[2] + 1, Limit: 3})) // of another room
	f.equal([]string{"8", "9"}, ask(chat.HistoryQuery{After: ids[7], Limit: 3}))
	f.equal([]string{}, ask(chat.HistoryQuery{After: ids[9], Limit: 3}))
	f.equal([]string{}, ask(chat.HistoryQuery{After: 1<<64 - 1, Limit: 3}))
	f.equal([]string{}, ask(chat.HistoryQuery{After: ids[2]}))
	f.equal([]string{"6", "7"}, ask(chat.HistoryQuery{After: ids[2], Before: ids[8], Limit: 2}))
	f.equal([]string{"7"}, ask(chat.HistoryQuery{After: ids[6], Before: ids[8], Limit: 2}))
	f.equal([]string{}, ask(chat.HistoryQuery{After: ids[6], Before: ids[5], Limit: 2}))
	since := f.now.Add(-4 * time.Second)
	f.equal([]string{"8", "9"}, ask(chat.HistoryQuery{After: ids[2], Since: since, Limit: 2}))
	f.equal([]string{"8"}, ask(chat.HistoryQuery{After: ids[2], Since: since, Limit: 1}))
}

// posted returns the client IDs of an owner's messages, newest first.
func (f *fixture) posted(owner uint64, limit int) []string {
	f.Helper()
	list := []string{}
	for _, p := range must(f, first(f.s.Posted(owner, limit)), nil) {
		list = append(list, p.CID)
	}
	return list
}

func clientIDs(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	f.id = 2
	one := withCID(f.post("#lobby", "ann", "one"), 1, "a")
	other := withCID(f.post("#side", "bob", "other"), 2, "a")
	two := withCID(f.post("#side", "ann", "two"), 1, "'; ü")
	f.commit(one, other, f.post("#lobby", "ann", "plain"), two)
	f.commit(one, two)
	want := []chat.Posted{
		{CID: "'; ü", Room: "#side", Epoch: f.st.Epoch, Seq: 2, ID: two.Event.ID},
		{CID: "a", Room: "#lobby", Epoch: f.st.Epoch, Seq: 1, ID: one.Event.ID},
	}
	for range 2 {
		f.equal(want, must(f, first(f.s.Posted(1, 10)), nil))
		f.equal([]string{"'; ü"}, f.posted(1, 1))
		f.equal([]string{}, f.posted(1, 0))
		f.equal([]string{"a"}, f.posted(2, 10))
		f.equal([]string{}, f.posted(3, 10))
		f.equal([]string{}, f.posted(1<<63, 10))
		f.restart()
	}
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{one.Event.ID}})
	f.equal(want, must(f, first(f.s.Posted(1, 10)), nil))
	f.commit(withCID(f.post("#lobby", "ann", "again"), 1, "a")) // after the window
	f.equal(f.id, must(f, first(f.s.Posted(1, 1)), nil)[0].ID)
	f.equal([]string{"a", "'; ü"}, f.posted(1, 10))
	f.expire(f.now.Add(time.Hour), store.Keep{Age: time.Second})
	f.equal([]string{}, f.history("#side"))
	f.equal([]string{"a", "'; ü"}, f.posted(1, 10))
	f.healthy()
}

func clientIDsOfDropped(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	f.id = 2
	f.commit(withCID(f.post("#lobby", "ann", "one"), 1, "a"), withCID(f.post("#lobby", "bob", "one"), 2, "b"))
	f.commit(chat.DropAccount{ID: 1})
	f.equal([]string{}, f.posted(1, 10))
	f.equal([]string{"b"}, f.posted(2, 10))
	// Messages that were on their way.
	f.commit(withCID(f.post("#lobby", "ann", "two"), 1, "c"), withCID(f.post("#lobby", "bob", "two"), 2, "c"))
	f.restart()
	f.equal([]string{}, f.posted(1, 10))
	f.equal([]string{"c", "b"}, f.posted(2, 10))
	f.healthy()
}

func clientIDsBounded(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	f.id = 2
	f.commit(withCID(f.post("#lobby", "bob", "x"), 2, "b"))
	n := 0
	more := func(count int) {
		f.Helper()
		var records []chat.Record
		for range count {
			n++
			records = append(records, withCID(f.post("#lobby", "ann", "x"), 1, fmt.Sprint(n)))
		}
		f.commit(records...)
		got := f.posted(1, 1<<20)
		if len(got) < min(n, chat.CIDWindow) || len(got) > chat.CIDWindow*5/4 {
			f.Errorf("%d are kept of %d", len(got), n)
		}
		for i, cid := range got {
			if cid != fmt.Sprint(n-i) {
				f.Fatalf("number %d is %s", n-i, cid)
			}
		}
	}
	for range 7 {
		more(200)
		f.restart()
	}
	more(3000)
	f.equal([]string{"b"}, f.posted(2, 10))
	f.healthy()
}
