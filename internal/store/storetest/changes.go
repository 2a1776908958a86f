package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

func redaction(f *fixture) {
	f.load()
	a, b, c := f.say("#lobby", "ann", "keep this"), f.say("#lobby", "ann", "drop this"), f.say("#lobby", "ann", "drop that")
	f.commit(chat.Flag{ID: b.Event.ID, Event: b.Event, Key: "ann", Why: "w"})
	held := f.post("#lobby", "eve", "never seen")
	f.commit(chat.Flag{ID: held.Event.ID, Event: held.Event, Held: true})
	must(f, first(f.s.Index(2)), nil) // c is not indexed
	f.commit(chat.Redaction{Room: "#other", IDs: []uint64{a.Event.ID}})
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{b.Event.ID, c.Event.ID, c.Event.ID, held.Event.ID, 4711}})
	for range 2 {
		f.equal([]string{"keep this"}, f.history("#lobby"))
		f.equal([]string{}, f.search(chat.SearchQuery{Words: []string{"drop"}}))
		f.equal([]string{"keep this"}, f.search(chat.SearchQuery{Words: []string{"this"}}))
		f.index()
		f.healthy()
	}
	st := f.restart()
	f.equal([]string{"keep this"}, bodies(st.Orders[0].Recent))
	for _, fl := range st.Flags {
		f.equal("", fl.Event.Body)
	}
}

func redactAuthor(f *fixture) {
	f.load()
	f.say("#lobby", "eve", "old")
	since := f.now.Add(time.Second / 2)
	f.say("#lobby", "eve", "guest")
	f.say("#lobby", "bob", "other")
	p := f.post("#lobby", "eve", "with account")
	p.Event.Account = 77
	f.commit(p)
	f.say("#side", "eve", "elsewhere")
	f.commit(chat.Redaction{Room: "#lobby", Key: "eve", Since: since})
	f.equal([]string{"old", "other", "with account"}, f.history("#lobby"))
	f.commit(chat.Redaction{Room: "#lobby", Account: 77, Key: "eve"})
	f.equal([]string{"old", "other"}, f.history("#lobby"))
	f.equal([]string{"elsewhere"}, f.history("#side"))
	f.index()
	f.healthy()
}

func audit(f *fixture) {
	f.load()
	acts := []chat.Act{
		{Time: f.now, By: "ann", Verb: "ban", Target: "eve", Room: "#lobby", Why: "spam"},
		{By: "ann", Verb: "unban"},
	}
	f.commit(acts[0], acts[1])
	f.restart()
	f.commit(acts[1])
	got := must(f, first(f.s.Acts(0, 10)), nil)
	prev := store.Entry{}
	for _, e := range got {
		if !e.Follows(prev) {
			f.Errorf("entry %d does not follow", e.N)
		}
		prev = e
	}
	f.equal([]chat.Act{acts[0], acts[1], acts[1]}, []chat.Act{got[0].Act, got[1].Act, got[2].Act})
	f.equal(got[1:2], must(f, first(f.s.Acts(1, 1)), nil))
	f.equal([]store.Entry{}, must(f, first(f.s.Acts(3, 1)), nil))
	f.healthy()
}

func invalid(f *fixture) {
	f.load()
	good := f.post("#lobby", "ann", "good")
	for _, bad := range []chat.Record{
		nil,
		chat.Post{},
		chat.Account{},
		chat.Mail{ID: 1},
		chat.Redaction{Room: "#lobby"},
		chat.RoomState{},
		chat.Sanction{},
		chat.Post{Event: chat.Event{Room: "#a", ID: 1 << 63, Seq: 1, Epoch: 1}},
		chat.Act{Why: strings.Repeat("x", store.MaxText+1)},
		chat.Act{By: "\xff"},
		chat.Act{By: "\x00"},
		chat.Act{Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
		chat.Edit{Room: "#lobby", ID: 1, Body: "x"},
		chat.Edit{Room: "#lobby", ID: 1, Time: f.now},
		chat.Edit{Room: "#lobby", Body: "x", Time: f.now},
		chat.Edit{ID: 1, Body: "x", Time: f.now},
		chat.Edit{Room: "#lobby", ID: 1, Body: strings.Repeat("x", store.MaxText+1), Time: f.now},
		chat.ReadMark{Room: "#a", Epoch: 1},
		chat.ReadMark{Account: 1, Epoch: 1},
		chat.ReadMark{Account: 1, Room: "#a"},
		chat.ReadMark{Account: 1, Room: "#a", Epoch: 1, Seq: 1 << 63},
		chat.Session{ID: 1},
		chat.Session{Hash: [32]byte{1}},
		chat.Session{ID: 1, Hash: [32]byte{1}, Account: 1 << 63},
		chat.Session{ID: 1, Hash: [32]byte{1}, Rooms: []string{"\xff"}},
		chat.Session{ID: 1, Hash: [32]byte{1}, Seen: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
		chat.DropSession{},
		withCID(good, 0, "no owner"),
		withCID(good, 1, strings.Repeat("x", chat.MaxCID+1)),
		withCID(good, 1, "\xff"),
		withCID(good, 1<<63, ""),
		chat.Post{Event: chat.Event{Room: "#a", ID: 1, Seq: 1, Epoch: 1, ReplyTo: 1 << 63}},
		chat.Post{Event: chat.Event{Room: "#a", ID: 1, Seq: 1, Epoch: 1, Edited: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		if err := f.s.Commit([]chat.Record{good, bad}); !errors.Is(err, store.ErrInvalid) {
			f.Errorf("%+v: %v", bad, err)
		}
	}
	f.equal([]string{}, f.history("#lobby"))
	f.commit(good)
	f.equal([]string{"good"}, f.history("#lobby"))
}

func expire(f *fixture) {
	f.load()
	f.commit(chat.RoomState{Name: "#short", KeepAge: 10 * time.Second}, chat.RoomState{Name: "#small", KeepBytes: 5 * (store.Overhead + 11)})
	for i := range 20 {
		for _, room := range []string{"#short", "#small", "#lobby"} {
			f.say(room, "ann", fmt.Sprintf("no %02d", i))
		}
		if i == 10 {
			f.index()
		}
	}
	all := func(keep store.Keep) {
		f.Helper()
		f.expire(f.now, keep)
		f.index()
		f.healthy()
	}
	all(store.Keep{})
	f.equal(20, len(f.history("#lobby")))
	f.equal(3, len(f.history("#short")))
	f.equal(5, len(f.history("#small")))
	f.equal("no 19", f.history("#small")[4])
	f.equal([]string{}, f.search(chat.SearchQuery{Words: []string{"00"}, Rooms: []string{"#short", "#small"}}))
	all(store.Keep{Age: 30 * time.Second, Bytes: 1 << 20})
	f.equal(11, len(f.history("#lobby")))
	all(store.Keep{TotalBytes: 3 * (store.Overhead + 11)})
	f.equal(3, len(f.history("#lobby"))+len(f.history("#short"))+len(f.history("#small")))
	f.say("#lobby", "ann", "goes on")
	f.equal([]string{"goes on"}, f.search(chat.SearchQuery{Words: []string{"goes"}}))
}

func exportImport(f *fixture) {
	f.load()
	list, _ := everything(f)
	f.commit(list...)
	f.id = 100
	for i := range 10 {
		f.say("#lobby", "ann", fmt.Sprintf("<b> & \u2028 \"%d\" 日本", i))
	}
	gone := f.say("#lobby", "ann", "gone")
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{gone.Event.ID}}, chat.Act{By: "a", Verb: "v"}, chat.Act{By: "b"}, chat.Mail{ID: 3, To: 11, Body: "m"})
	var exported bytes.Buffer
	if err := store.WriteExport(&exported, f.s); err != nil {
		f.Fatal(err)
	}
	for range 2 { // again changes nothing
		if err := store.ReadExport(bytes.NewReader(exported.Bytes()), f.s); err != nil {
			f.Fatal(err)
		}
		var second bytes.Buffer
		if err := store.WriteExport(&second, f.s); err != nil {
			f.Fatal(err)
		}
		f.equal(exported.String(), second.String())
	}
	f.index()
	f.healthy()
	f.equal(10, len(f.search(chat.SearchQuery{Words: []string{"日本"}})))
	epoch := f.st.Epoch
	if f.restart().Epoch <= epoch {
		f.Error("no new epoch after an import")
	}
}

func importFails(f *fixture) {
	f.load()
	p := f.say("#lobby", "ann", "mine")
	f.commit(chat.Act{By: "me"})
	var exported bytes.Buffer
	if err := store.WriteExport(&exported, f.s); err != nil {
		f.Fatal(err)
	}
	whole := exported.String()
	lines := strings.SplitAfter(whole, "\n")
	room := `{"room":{"Name":"#imported"}}` + "\n"
	header, end := lines[0], func(n int) string { return fmt.Sprintf("{\"lines\":%d}\n", n) }
	post := strings.Replace(lines[slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, `{"post"`) })], "mine", "theirs", 1)
	act := strings.Replace(lines[slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, `{"act"`) })], "me", "you", 1)
	for name, text := range map[string]string{
		"cut short": header + room, "empty": "", "no header": room + end(1), "wrong count": header + room + end(2),
		"unknown": header + room + `{"thing":1}` + "\n" + end(2), "unknown inside": header + room + `{"post":{"id":1,"x":2}}` + "\n" + end(2),
		"two members": header + room + `{"last_id":1,"room":{"Name":"#x"}}` + "\n" + end(2), "null": header + room + `{"post":null}` + "\n" + end(2),
		"no JSON": header + room + "hello\n" + end(2), "newer": strings.Replace(header, "2", "3", 1) + room + end(1), "more after the end": header + room + end(1) + room,
		"another post": header + room + post + end(2), "another act": header + room + act + end(2), "invalid": header + room + `{"account":{"ID":0}}` + "\n" + end(2),
		"drops": header + room + `{"drop_room":{"Name":"#x"}}` + "\n" + end(2),
	} {
		if err := store.ReadExport(strings.NewReader(text), f.s); err == nil {
			f.Errorf("%s: imported", name)
		}
	}
	st := f.restart()
	f.equal([]chat.RoomState{}, st.Rooms)
	f.equal([]string{p.Event.Body}, f.history("#lobby"))
	if err := store.ReadExport(strings.NewReader(header+room+end(1)), f.s); err != nil {
		f.Error(err)
	}
	f.equal([]chat.RoomState{{Name: "#imported"}}, f.restart().Rooms)
}

func closed(f *fixture) {
	f.load()
	if err := f.s.Close(); err != nil {
		f.Fatal(err)
	}
	if err := f.s.Commit([]chat.Record{chat.DropFlag{ID: 1}}); !errors.Is(err, store.ErrClosed) {
		f.Errorf("commit: %v", err)
	}
	if err := f.s.Close(); err != nil {
		f.Errorf("again: %v", err)
	}
}

func concurrent(f *fixture) {
	f.load()
	var list []chat.Post
	for i := range 200 {
		list = append(list, f.post("#lobby", "ann", fmt.Sprintf("word %d", i)))
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := i; j < len(list); j += 4 {
				if err := f.s.Commit([]chat.Record{list[j]}); err != nil {
					f.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 20 {
				if _, err := f.s.Search(chat.SearchQuery{Words: []string{"word"}, Rooms: []string{"#lobby"}, Limit: 50}); err != nil {
					f.Error(err)
				}
				if _, err := f.s.History(chat.HistoryQuery{Room: "#lobby", Limit: 50}); err != nil {
					f.Error(err)
				}
				if _, err := f.s.Index(5); err != nil {
					f.Error(err)
				}
			}
		})
	}
	all.Wait()
	f.index()
	f.healthy()
	f.equal(200, len(f.search(chat.SearchQuery{Words: []string{"word"}, Limit: 500})))
}
