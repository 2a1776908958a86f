package storetest

import (
	"fmt"
	"strings"
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
	earlier, later := f.post("#lobby", "bob", "earlier"), f.post("#side", "bob", "later")
	f.commit(withCID(later, 2, "same"), withCID(earlier, 2, "same"))
	f.equal(later.Event.ID, must(f, first(f.s.Posted(2, 1)), nil)[0].ID)
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

// session makes a session with all fields.
func (f *fixture) session(id, account uint64) chat.Session {
	return chat.Session{
		ID: id, Account: account, Name: "Ann", Hash: [32]byte{1, 2, byte(id)}, Previous: [32]byte{31: 9}, Rotated: f.now, Seen: f.now.Add(time.Hour),
		Rooms: []string{"#lobby", "#Ödd"}, Settings: chat.Settings{Bell: true, Zone: "Europe/Paris"},
		Ignores: []string{"bob", "ödd"}, Mutes: []uint64{41},
	}
}

func sessions(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"})
	own, guest, short := f.session(51, 1), f.session(52, 0), chat.Session{ID: 53, Hash: [32]byte{3}}
	f.commit(guest, own, short)
	f.commit(withCID(f.post("#lobby", "ann", "x"), 52, "a"))
	st := f.restart()
	f.equal([]chat.Session{own, guest, short}, st.Sessions)
	if st.LastID < 53 {
		f.Errorf("the last ID is %d", st.LastID)
	}
	own.Hash, own.Previous, own.Rooms, own.Seen = [32]byte{7}, own.Hash, nil, own.Seen.Add(time.Second)
	f.commit(own)
	f.equal([]chat.Session{own, guest, short}, f.restart().Sessions)
	f.equal([]string{"a"}, f.posted(52, 9))
	f.commit(chat.DropSession{ID: 52}, chat.DropSession{ID: 99})
	f.equal([]string{}, f.posted(52, 9))
	f.equal([]chat.Session{own, short}, f.restart().Sessions)
	f.healthy()
}

func sessionsOfDropped(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	other, guest := f.session(52, 2), f.session(54, 0)
	f.commit(f.session(51, 1), other, f.session(53, 1), guest)
	f.id = 60
	f.commit(withCID(f.post("#lobby", "ann", "x"), 51, "a"), withCID(f.post("#lobby", "bob", "x"), 52, "b"))
	f.commit(chat.DropAccount{ID: 1})
	f.equal([]string{}, f.posted(51, 9))
	f.commit(f.session(51, 1)) // was on its way
	f.equal([]chat.Session{other, guest}, f.restart().Sessions)
	f.equal([]string{"b"}, f.posted(52, 9))
}

func sessionsAreSecret(f *fixture) {
	f.load()
	r := chat.Session{ID: 51, Name: "Ann"}
	copy(r.Hash[:], "hash of the present token 123456")
	copy(r.Previous[:], "hash of the former token 1234567")
	f.commit(r)
	exported := f.export()
	for what, text := range map[string]string{
		"an export": exported, "%v": fmt.Sprintf("%v %+v %s", r, &r, r), "%#v": fmt.Sprintf("%#v", r), "a list": fmt.Sprint([]chat.Session{r}),
		"an error": fmt.Sprint(store.Valid(chat.Session{Hash: r.Hash})),
	} {
		for _, secret := range []string{"token", fmt.Sprintf("%x", r.Hash[:4]), fmt.Sprintf("%d", r.Hash[0]) + ","} {
			if strings.Contains(text, secret) {
				f.Errorf("%s has it: %s", what, text)
			}
		}
	}
	if strings.Contains(exported, "Ann") {
		f.Errorf("the session is exported: %s", exported)
	}
}

func readMarks(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	mark := func(account uint64, room string, epoch, seq uint64) chat.ReadMark {
		return chat.ReadMark{Account: account, Room: room, Epoch: epoch, Seq: seq}
	}
	f.commit(mark(2, "#a", 5, 1), mark(1, "#a", 5, 10), mark(1, "#b", 5, 3))
	f.commit(mark(1, "#a", 5, 9), mark(1, "#a", 4, 99), mark(1, "#b", 5, 3))
	f.equal([]chat.ReadMark{mark(1, "#a", 5, 10), mark(1, "#b", 5, 3), mark(2, "#a", 5, 1)}, f.restart().ReadMarks)
	f.commit(mark(1, "#a", 6, 0), mark(1, "#a", 6, 0), mark(2, "#a", 5, 2))
	want := []chat.ReadMark{mark(1, "#b", 5, 3), mark(1, "#a", 6, 0), mark(2, "#a", 5, 2)}
	f.equal(want, f.restart().ReadMarks)
	exported := f.export()
	f.commit(mark(1, "#b", 7, 0), chat.DropAccount{ID: 2})
	f.imports(exported) // not backward
	f.equal([]chat.ReadMark{mark(1, "#a", 6, 0), mark(1, "#b", 7, 0), mark(2, "#a", 5, 2)}, f.restart().ReadMarks)
	f.healthy()
}

func readMarksBounded(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	f.commit(chat.ReadMark{Account: 2, Room: "#r0", Epoch: 1, Seq: 1})
	mark := func(room int, seq uint64) chat.ReadMark {
		return chat.ReadMark{Account: 1, Room: fmt.Sprintf("#r%d", room), Epoch: 1, Seq: seq}
	}
	for i := range chat.MaxReadMarks {
		f.commit(mark(i, 1))
	}
	f.commit(mark(0, 2))
	f.commit(mark(1000, 1), mark(1001, 1))
	got := f.restart().ReadMarks
	f.equal(chat.MaxReadMarks+1, len(got))
	f.equal(mark(3, 1), got[0])
	f.equal([]chat.ReadMark{mark(0, 2), mark(1000, 1), mark(1001, 1), {Account: 2, Room: "#r0", Epoch: 1, Seq: 1}}, got[len(got)-4:])
}

func readMarksOfDropped(f *fixture) {
	f.load()
	one, two := chat.ReadMark{Account: 1, Room: "#a", Epoch: 1, Seq: 1}, chat.ReadMark{Account: 2, Room: "#a", Epoch: 1, Seq: 1}
	f.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"}, one, two)
	f.commit(chat.DropAccount{ID: 1})
	if text := f.export(); strings.Count(text, "read_mark") != 1 {
		f.Error(text)
	}
	f.equal([]chat.ReadMark{two}, f.restart().ReadMarks)
	f.commit(one) // was on its way
	f.equal([]chat.ReadMark{two}, f.restart().ReadMarks)
}
