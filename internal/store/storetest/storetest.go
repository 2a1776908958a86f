// Package storetest tests the behaviour of stores.
package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// An Open opens the store of one test. Called again, after Close or without, it
// opens the same store, as after a restart.
type Open func() (store.Store, error)

// Run runs the suite. fresh is called once per test; tests run in parallel.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			open := fresh(t)
			test.run(&fixture{T: t, open: open, now: start})
		})
	}
}

var tests = []struct {
	name string
	run  func(*fixture)
}{
	{"a new store is empty", newIsEmpty},
	{"what was committed is there after a restart", keepsEverything},
	{"writing a record again changes nothing", again},
	{"dropped things are gone, an account's mail with it", drops},
	{"an epoch goes on after an End and only then", epochs},
	{"IDs are never used again", ids},
	{"history returns the newest, oldest first, before a message, since a time", history},
	{"search finds all words of a message, newest first, page by page", search},
	{"search finds the same before and after indexing", searchTail},
	{"search keeps to rooms, an author and times", searchFilters},
	{"a search is never a language", hostile},
	{"accents, case and scripts without spaces", scripts},
	{"private mail is not found by searching", mailIsPrivate},
	{"what is taken back is gone for everybody", redaction},
	{"all messages of an author since a time are taken back", redactAuthor},
	{"an edit replaces the text of a message", edit},
	{"an edit is found by its new words only", editSearch},
	{"an edit of a message that is not there changes nothing", editNothing},
	{"an edit counts for the size of a room", editSize},
	{"an import brings later edits", editImport},
	{"the audit log is a chain", audit},
	{"an invalid record is refused with its neighbours untouched", invalid},
	{"old messages leave by age, by size of the room and in total", expire},
	{"a message keeps what it answers and when it was edited", answers},
	{"history after a message begins with the oldest", historyAfter},
	{"the messages of a client are known by its own IDs", clientIDs},
	{"a client's IDs are gone with its account", clientIDsOfDropped},
	{"the newest client IDs of each owner are kept", clientIDsBounded},
	{"a read mark only moves forward", readMarks},
	{"the read marks that moved last are kept", readMarksBounded},
	{"read marks are gone with their account", readMarksOfDropped},
	{"a client gets what it missed", since},
	{"a client learns what was not kept of an earlier epoch", sinceEpoch},
	{"a client learns that messages it missed are no longer there", sinceGap},
	{"a client learns which messages were deleted and edited", sinceChanges},
	{"the changes that were made last are remembered", sinceChangesBounded},
	{"sessions are kept with the hashes of their tokens", sessions},
	{"sessions are gone with their account", sessionsOfDropped},
	{"sessions and hashes of tokens are not exported", sessionsAreSecret},
	{"an export imported elsewhere is the same", exportImport},
	{"an import is all or nothing", importFails},
	{"a closed store refuses", closed},
	{"questions, commits and indexing may come from several goroutines", concurrent},
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// A fixture is a store under test.
type fixture struct {
	*testing.T
	open Open
	now  time.Time
	s    store.Store
	id   uint64
	seqs map[string]uint64
	st   *chat.State
}

// load opens the store and loads it.
func (f *fixture) load() *chat.State {
	f.Helper()
	var err error
	if f.s, err = f.open(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = f.s.Close() })
	if f.st, err = f.s.Load(f.now); err != nil {
		f.Fatal(err)
	}
	f.seqs = map[string]uint64{}
	for _, o := range f.st.Orders {
		f.seqs[o.Room] = o.Seq
	}
	f.id = max(f.id, f.st.LastID)
	return f.st
}

// restart closes the store and loads it again.
func (f *fixture) restart() *chat.State {
	f.Helper()
	if err := f.s.Close(); err != nil {
		f.Fatal(err)
	}
	return f.load()
}

func (f *fixture) commit(records ...chat.Record) {
	f.Helper()
	if err := f.s.Commit(records); err != nil {
		f.Fatal(err)
	}
}

// post makes the next message of a room, a second after the last of all.
func (f *fixture) post(room, name, body string) chat.Post {
	f.id++
	f.seqs[room]++
	f.now = f.now.Add(time.Second)
	return chat.Post{Key: name, Event: chat.Event{
		Room: room, Epoch: f.st.Epoch, Seq: f.seqs[room], ID: f.id, Kind: chat.Say, Name: name, Body: body, Time: f.now,
	}}
}

// say commits a message.
func (f *fixture) say(room, name, body string) chat.Post {
	f.Helper()
	p := f.post(room, name, body)
	f.commit(p)
	return p
}

func (f *fixture) end() {
	f.Helper()
	e := chat.End{LastID: f.id}
	for room, seq := range f.seqs {
		e.Orders = append(e.Orders, chat.Order{Room: room, Seq: seq})
	}
	f.commit(e)
}

// index indexes everything.
func (f *fixture) index() {
	f.Helper()
	for range 1000 {
		waiting, err := f.s.Index(7)
		if err != nil {
			f.Fatal(err)
		}
		if waiting == 0 {
			return
		}
	}
	f.Fatal("indexing does not end")
}

// expire expires everything beyond keep.
func (f *fixture) expire(now time.Time, keep store.Keep) {
	f.Helper()
	for range 100 {
		more, err := f.s.Expire(now, keep)
		if err != nil {
			f.Fatal(err)
		}
		if !more {
			return
		}
	}
	f.Fatal("expiring does not end")
}

// export returns an export.
func (f *fixture) export() string {
	f.Helper()
	var b strings.Builder
	if err := store.WriteExport(&b, f.s); err != nil {
		f.Fatal(err)
	}
	return b.String()
}

// imports imports an export.
func (f *fixture) imports(text string) {
	f.Helper()
	if err := store.ReadExport(strings.NewReader(text), f.s); err != nil {
		f.Fatal(err)
	}
}

// must returns v unless there is an error.
func must[T any](f *fixture, v T, err error) T {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
	return v
}

func (f *fixture) search(q chat.SearchQuery) []string {
	f.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Rooms == nil {
		q.Rooms = []string{"#lobby"}
	}
	found, err := f.s.Search(q)
	if err != nil {
		f.Fatal(err)
	}
	return bodies(found)
}

func (f *fixture) history(room string) []string {
	f.Helper()
	list, err := f.s.History(chat.HistoryQuery{Room: room, Limit: 1000})
	if err != nil {
		f.Fatal(err)
	}
	return bodies(list)
}

func bodies(events []chat.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.Body)
	}
	return list
}
