package storetest

import (
	"errors"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// edited commits an edit of a message and returns the message as it is now.
func (f *fixture) edited(p chat.Post, body string) chat.Event {
	f.Helper()
	f.now = f.now.Add(time.Second)
	f.commit(chat.Edit{Room: p.Event.Room, ID: p.Event.ID, Body: body, Time: f.now})
	e := p.Event
	e.Body, e.Edited = body, f.now
	return e
}

func (f *fixture) events(room string) []chat.Event {
	f.Helper()
	return must(f, first(f.s.History(chat.HistoryQuery{Room: room, Limit: 1000})), nil)
}

func edit(f *fixture) {
	f.load()
	a, b := f.say("#lobby", "ann", "one"), f.say("#lobby", "ann", "two")
	f.commit(chat.Flag{ID: a.Event.ID, Event: a.Event, Key: "ann", Why: "w"})
	now := f.edited(a, "uno")
	f.equal([]chat.Event{now, b.Event}, f.events("#lobby"))
	f.commit(chat.Edit{Room: "#lobby", ID: a.Event.ID, Body: "uno", Time: now.Edited}, a)
	f.equal([]chat.Event{now, b.Event}, f.events("#lobby"))
	f.commit(chat.Edit{Room: "#lobby", ID: a.Event.ID, Body: "eins", Time: now.Edited}) // at the same time
	f.equal([]string{"eins", "two"}, f.history("#lobby"))
	f.now = f.now.Add(-time.Hour) // the clock goes back
	now = f.edited(a, "un")
	st := f.restart()
	f.equal([]chat.Event{now, b.Event}, st.Orders[0].Recent)
	f.equal([]chat.Flag{{ID: a.Event.ID, Event: now, Key: "ann", Why: "w"}}, st.Flags)
	c := f.post("#lobby", "ann", "three")
	f.commit(c, chat.Edit{Room: "#lobby", ID: c.Event.ID, Body: "tre", Time: f.now}) // at once
	f.equal([]string{"un", "two", "tre"}, f.history("#lobby"))
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{a.Event.ID}})
	f.edited(a, "back again?")
	f.equal([]string{"two", "tre"}, f.history("#lobby"))
	f.index()
	f.healthy()
}

func editSearch(f *fixture) {
	f.load()
	a := f.say("#lobby", "ann", "red tea")
	b := f.say("#lobby", "ann", "red coffee")
	must(f, first(f.s.Index(1)), nil) // b is not indexed
	words := func(want map[string][]string) {
		f.Helper()
		for range 2 {
			for word, texts := range want {
				f.equal(texts, f.search(chat.SearchQuery{Words: []string{word}}))
				f.equal(texts, f.search(chat.SearchQuery{Words: []string{word}, Key: "ann"}))
			}
			f.index()
			f.healthy()
		}
	}
	f.edited(a, "blue tea")
	f.edited(b, "blue coffee")
	words(map[string][]string{"red": {}, "blue": {"blue coffee", "blue tea"}, "tea": {"blue tea"}, "coffee": {"blue coffee"}})
	f.edited(a, "green")
	f.edited(a, "green tea")
	words(map[string][]string{"red": {}, "blue": {"blue coffee"}, "green": {"green tea"}, "tea": {"green tea"}})
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{a.Event.ID, b.Event.ID}})
	words(map[string][]string{"green": {}, "blue": {}, "tea": {}})
}

func editNothing(f *fixture) {
	f.load()
	a := f.say("#lobby", "ann", "one")
	gone := f.say("#lobby", "ann", "two")
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{gone.Event.ID}})
	held := f.post("#lobby", "eve", "held")
	f.commit(chat.Flag{ID: held.Event.ID, Event: held.Event, Held: true})
	f.commit(
		chat.Edit{Room: "#side", ID: a.Event.ID, Body: "x", Time: f.now}, chat.Edit{Room: "#lobby", ID: gone.Event.ID, Body: "x", Time: f.now},
		chat.Edit{Room: "#lobby", ID: held.Event.ID, Body: "x", Time: f.now}, chat.Edit{Room: "#lobby", ID: 4711, Body: "x", Time: f.now},
	)
	f.equal([]string{"one"}, f.history("#lobby"))
	f.index()
	f.healthy()
	st := f.restart()
	f.equal([]string{"one"}, bodies(st.Orders[0].Recent))
	f.equal("held", st.Flags[0].Event.Body)
	f.equal(1, len(st.Orders))
}

func editSize(f *fixture) {
	f.load()
	var posts []chat.Post
	for range 10 {
		posts = append(posts, f.say("#lobby", "ann", "short"))
	}
	for i := range 5 {
		f.edited(posts[i+5], strings.Repeat("long", 250))
	}
	f.healthy()
	keep := store.Keep{Bytes: 5 * (store.Overhead + 1000 + 6)}
	f.expire(f.now, keep)
	f.equal(5, len(f.history("#lobby")))
	f.edited(posts[9], "short again")
	f.commit(chat.Edit{Room: "#lobby", ID: posts[0].Event.ID, Body: "expired", Time: f.now})
	f.equal(5, len(f.history("#lobby")))
	f.index()
	f.healthy()
}

func editImport(f *fixture) {
	f.load()
	p, q := f.say("#lobby", "ann", "one"), f.say("#lobby", "ann", "two")
	before := f.export()
	f.edited(p, "uno")
	f.edited(q, "due")
	after := f.export()
	if !strings.Contains(after, `"edited":"`) || strings.Contains(before, `"edited"`) {
		f.Error(after)
	}
	f.imports(before) // older texts do not come back
	f.equal(after, f.export())
	later := f.now.Add(time.Minute)
	theirs := strings.ReplaceAll(strings.Replace(after, `"uno"`, `"eins"`, 1), f.now.Add(-time.Second).UTC().Format(time.RFC3339Nano), later.UTC().Format(time.RFC3339Nano))
	f.imports(theirs)
	f.equal([]string{"eins", "due"}, f.history("#lobby"))
	f.equal([]string{"eins"}, f.search(chat.SearchQuery{Words: []string{"eins"}}))
	if err := store.ReadExport(strings.NewReader(strings.Replace(theirs, `"eins"`, `"zwei"`, 1)), f.s); !errors.Is(err, store.ErrConflict) {
		f.Errorf("another text of the same edit: %v", err)
	}
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{p.Event.ID}})
	f.imports(theirs)
	f.equal([]string{"due"}, f.history("#lobby"))
	f.imports(`{"format":"chatsrv export","version":1}
{"post":{"time":"2026-01-01T00:00:00Z","room":"#old","id":900,"epoch":1,"seq":1,"name":"a","key":"a","text":"old"}}
{"lines":1}
`)
	f.equal([]string{"old"}, f.history("#old"))
	f.index()
	f.healthy()
}
