package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

func (f *fixture) since(room string, epoch, seq uint64, limit int) chat.Missed {
	f.Helper()
	return must(f, first(f.s.Since(room, epoch, seq, limit)), nil)
}

func since(f *fixture) {
	f.load()
	var posts []chat.Post
	for i := range 10 {
		f.seqs["#lobby"] += uint64(i % 3) // joins and leaves
		posts = append(posts, f.say("#lobby", "ann", fmt.Sprint(i)))
		f.say("#side", "bob", "x")
	}
	for round := range 2 {
		epoch := posts[0].Event.Epoch
		f.equal(chat.Missed{Events: []chat.Event{posts[8].Event, posts[9].Event}}, f.since("#lobby", epoch, posts[7].Event.Seq, 5))
		f.equal([]string{"9"}, bodies(f.since("#lobby", epoch, posts[9].Event.Seq-1, 5).Events))
		f.equal(chat.Missed{}, f.since("#lobby", epoch, posts[9].Event.Seq, 5))
		f.equal(chat.Missed{}, f.since("#lobby", epoch, 1<<64-1, 5))
		f.equal(10, len(f.since("#lobby", epoch, 0, 10).Events))
		f.equal(10, len(f.since("#lobby", 0, 0, 10).Events))
		f.equal(chat.Missed{}, f.since("#none", epoch, 1, 5))
		for limit, want := range map[int][]string{-1: {}, 0: {}, 1: {"2"}, 2: {"2", "3"}} {
			m := f.since("#lobby", epoch, posts[1].Event.Seq, limit)
			f.equal(want, bodies(m.Events))
			f.equal(true, m.More)
		}
		f.equal(false, f.since("#lobby", epoch, posts[1].Event.Seq, 8).More)
		if round == 0 {
			f.end()
			f.restart()
		}
	}
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{posts[8].Event.ID}})
	f.equal([]string{"9"}, bodies(f.since("#lobby", f.st.Epoch, posts[7].Event.Seq, 1).Events))
	f.equal(false, f.since("#lobby", f.st.Epoch, posts[7].Event.Seq, 1).More)
}

func sinceEpoch(f *fixture) {
	one := f.load().Epoch
	f.say("#lobby", "ann", "a")
	b := f.say("#lobby", "ann", "b")
	two := f.restart().Epoch // without an End
	f.say("#lobby", "ann", "c")
	three := f.restart().Epoch
	d := f.say("#lobby", "ann", "d")
	m := f.since("#lobby", one, 99, 9)
	f.equal(b.Event.Seq, m.KeptTo)
	f.equal([]string{"c", "d"}, bodies(m.Events))
	m = f.since("#lobby", one, 1, 9)
	f.equal(b.Event.Seq, m.KeptTo)
	f.equal([]string{"b", "c", "d"}, bodies(m.Events))
	m = f.since("#lobby", two, 1, 9)
	f.equal(uint64(1), m.KeptTo)
	f.equal([]string{"d"}, bodies(m.Events))
	f.equal(chat.Missed{}, f.since("#lobby", three, d.Event.Seq, 9))
	f.equal(chat.Missed{}, f.since("#lobby", three+1000, 7, 9)) // of a copy that went on
	f.equal([]string{"c", "d"}, bodies(f.since("#lobby", two-1, 7, 9).Events))
	f.equal(uint64(0), f.since("#side", one, 9, 9).KeptTo)
}

func sinceGap(f *fixture) {
	f.load()
	var posts []chat.Post
	for i := range 10 {
		posts = append(posts, f.say("#lobby", "ann", fmt.Sprint(i)))
	}
	f.say("#side", "ann", "x")
	f.commit(chat.Redaction{Room: "#lobby", IDs: []uint64{posts[4].Event.ID}})
	f.expire(f.now, store.Keep{Age: f.now.Sub(posts[5].Event.Time)})
	ask := func() {
		f.Helper()
		for seq, gap := range map[uint64]bool{0: true, 1: true, 3: true, 4: false, 5: false, 6: false, 10: false} { // the 5th is the deleted one
			m := f.since("#lobby", posts[0].Event.Epoch, seq, 20)
			f.equal(gap, m.Gap)
			f.equal(min(5, 10-int(seq)), len(m.Events))
		}
		f.equal(true, f.since("#lobby", posts[0].Event.Epoch-1, 100, 20).Gap)
		f.equal(false, f.since("#lobby", posts[0].Event.Epoch+1, 0, 20).Gap)
		f.equal(false, f.since("#side", posts[0].Event.Epoch, 0, 20).Gap)
	}
	ask()
	f.restart()
	ask()
	exported := f.export()
	f.imports(exported)
	ask()
	f.imports(strings.Replace(exported, `"Removed":4`, `"Removed":5`, 1))
	f.equal(true, f.since("#lobby", posts[0].Event.Epoch, 4, 20).Gap)
	f.equal(false, f.since("#lobby", posts[0].Event.Epoch, 5, 20).Gap)
}

func sinceChanges(f *fixture) {
	f.load()
	var posts []chat.Post
	for i := range 6 {
		posts = append(posts, f.say("#lobby", "ann", fmt.Sprint(i)))
	}
	side := f.say("#side", "ann", "x")
	id := func(i int) uint64 { return posts[i].Event.ID }
	edited := f.edited(posts[1], "one")
	f.edited(posts[2], "two")
	f.edited(side, "y")
	again := f.edited(posts[2], "II")
	at := f.now
	deletion := chat.Redaction{Room: "#lobby", IDs: []uint64{id(5), id(0)}, Time: at}
	f.commit(deletion)
	f.commit(deletion, chat.Edit{Room: "#lobby", ID: id(2), Body: "II", Time: again.Edited}, chat.Edit{Room: "#lobby", ID: 99, Body: "x", Time: at})
	want := []chat.Change{
		{ID: id(1), Time: edited.Edited, Edited: &edited}, {ID: id(2), Time: again.Edited, Edited: &again}, {ID: id(0), Time: at}, {ID: id(5), Time: at},
	}
	epoch := f.st.Epoch
	for range 2 {
		f.equal(want, f.since("#lobby", epoch, 6, 9).Changes)
		f.equal(want[:3], f.since("#lobby", epoch, 5, 9).Changes)
		f.equal([]chat.Change{want[0], want[2]}, f.since("#lobby", epoch, 2, 9).Changes)
		f.equal([]chat.Change{}, f.since("#lobby", epoch, 0, 9).Changes)
		f.equal(1, len(f.since("#side", epoch, 1, 9).Changes))
		f.end()
		f.restart()
	}
	f.commit(chat.Redaction{Room: "#lobby", Key: "ann", Time: f.now})
	var ids []uint64
	for _, c := range f.since("#lobby", epoch, 6, 9).Changes {
		if ids = append(ids, c.ID); c.Edited != nil {
			f.Errorf("%d was only edited", c.ID)
		}
	}
	f.equal([]uint64{id(0), id(5), id(1), id(2), id(3), id(4)}, ids)
	e := f.edited(f.say("#side", "ann", "z"), "zz")
	f.equal(2, len(f.since("#side", epoch, 9, 9).Changes))
	f.expire(f.now.Add(time.Hour), store.Keep{Age: time.Second})
	f.equal(6, len(f.since("#lobby", epoch, 6, 9).Changes)) // a client may still show them
	f.equal([]chat.Change{}, f.since("#side", e.Epoch, e.Seq, 9).Changes)
	f.healthy()
}

func sinceChangesBounded(f *fixture) {
	f.load()
	var list []chat.Record
	var ids []uint64
	for range 2 * chat.MaxChanges {
		p := f.post("#lobby", "ann", "x")
		list, ids = append(list, p), append(ids, p.Event.ID)
	}
	f.commit(list...)
	known := func(n int) {
		f.Helper()
		got := f.since("#lobby", f.st.Epoch, f.seqs["#lobby"], 1).Changes
		if len(got) < min(n, chat.MaxChanges) || len(got) > chat.MaxChanges*5/4 {
			f.Errorf("%d are remembered of %d", len(got), n)
		}
		for i, c := range got {
			if want := ids[n-len(got)+i]; c.ID != want {
				f.Fatalf("number %d is %d and not %d", i, c.ID, want)
			}
		}
	}
	for n := 0; n < len(ids); n += 100 {
		f.commit(chat.Redaction{Room: "#lobby", IDs: ids[n : n+100]})
		known(n + 100)
	}
	f.say("#side", "ann", "x")
	f.commit(chat.Redaction{Room: "#side", Key: "ann"})
	known(len(ids))
	f.index()
	f.healthy()
}
