package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// RunModel compares a store with another one, the model, using random records,
// restarts and queries. fresh is called for each run; the function that it
// returns with the Open cleans up.
func RunModel(t *testing.T, fresh func() (Open, func()), model func() (Open, func())) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{now: start}
		for _, make := range []func() (Open, func()){fresh, model} {
			open, clean := make()
			t.Cleanup(clean)
			m.pair = append(m.pair, &side{open: open})
		}
		m.load(t)
		t.Cleanup(func() {
			for _, s := range m.pair {
				_ = s.s.Close()
			}
		})
		t.Repeat(map[string]func(*rapid.T){
			"commit": m.commit, "history": m.history, "search": m.search, "since": m.since,
			"restart": m.restart, "index": m.index, "expire": m.expire, "verify": m.verify, "": m.check,
		})
	})
}

type side struct {
	open Open
	s    store.Store
}

// A machine runs the same operations on two stores.
type machine struct {
	pair  []*side
	now   time.Time
	epoch uint64
	id    uint64
	seqs  map[string]uint64
}

var (
	rooms = []string{"#a", "#b", "#c"}
	keys  = []string{"ann", "bob", "'"}
	terms = []string{"red", "Rôt", "blue", "日本", "e-mail", "*", `"`, "NEAR"}
)

// both runs an operation on both and compares the results.
func both[T any](t *rapid.T, m *machine, do func(store.Store) (T, error)) T {
	t.Helper()
	var got [2]T
	for i, s := range m.pair {
		var err error
		if got[i], err = do(s.s); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(got[1], got[0], same); diff != "" {
		t.Fatalf("(-model +store)\n%s", diff)
	}
	return got[0]
}

func (m *machine) load(t *rapid.T) {
	for _, s := range m.pair {
		var err error
		if s.s, err = s.open(); err != nil {
			t.Fatal(err)
		}
	}
	st := both(t, m, func(s store.Store) (*chat.State, error) { return s.Load(m.now) })
	m.epoch, m.id, m.seqs = st.Epoch, st.LastID, map[string]uint64{}
	for _, o := range st.Orders {
		m.seqs[o.Room] = o.Seq
	}
}

func (m *machine) restart(t *rapid.T) {
	if rapid.Bool().Draw(t, "clean") {
		e := chat.End{LastID: m.id}
		for _, r := range rooms {
			e.Orders = append(e.Orders, chat.Order{Room: r, Seq: m.seqs[r]})
		}
		m.write(t, []chat.Record{e})
	}
	for _, s := range m.pair {
		if err := s.s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m.load(t)
}

func (m *machine) write(t *rapid.T, records []chat.Record) {
	both(t, m, func(s store.Store) (int, error) { return 0, s.Commit(records) })
}

func (m *machine) commit(t *rapid.T) {
	var records []chat.Record
	for range rapid.IntRange(0, 8).Draw(t, "records") {
		records = append(records, m.record(t))
	}
	m.write(t, records)
	if rapid.Bool().Draw(t, "again") {
		records = slices.DeleteFunc(records, func(r chat.Record) bool { _, act := r.(chat.Act); return act })
		m.write(t, records)
	}
}

// body draws a text of a few terms.
func body(t *rapid.T) string {
	text := ""
	for _, term := range rapid.SliceOfN(rapid.SampledFrom(terms), 0, 4).Draw(t, "terms") {
		text += term + rapid.SampledFrom([]string{" ", "", ", "}).Draw(t, "between")
	}
	return text
}

// queries are terms, and prefixes of some.
var queries = append([]string{"r*", "rôt*", "e-m*", "日*", "blue red*"}, terms...)

func (m *machine) record(t *rapid.T) chat.Record {
	room, key := rapid.SampledFrom(rooms).Draw(t, "room"), rapid.SampledFrom(keys).Draw(t, "key")
	small := rapid.Uint64Range(1, 5).Draw(t, "number")
	kind := rapid.IntRange(0, 21).Draw(t, "kind")
	if kind >= 17 {
		m.id++
		m.seqs[room] += small
		m.now = m.now.Add(time.Duration(rapid.Int64Range(-100, 1000).Draw(t, "minutes")) * time.Minute)
		return chat.Post{Key: key, Event: chat.Event{
			Room: room, Epoch: m.epoch, Seq: m.seqs[room], ID: m.id, Kind: chat.Say, Name: key, Body: body(t),
			Time: m.now, Account: rapid.Uint64Range(0, 2).Draw(t, "account"), ReplyTo: small,
		}, Owner: small, CID: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "cid")}
	}
	return []chat.Record{
		chat.Redaction{Room: room, IDs: []uint64{max(small, m.id) - small + 1, m.id + 1}, Time: m.now},
		chat.Redaction{Room: room, Key: key, Account: small % 3, Since: m.now.Add(-100 * time.Minute)},
		chat.Account{ID: small, Name: key, Created: m.now, Ignores: keys[:small%3], Rooms: rooms[:small%2]},
		chat.DropAccount{ID: small},
		chat.RoomState{Name: room, Topic: body(t), KeepAge: time.Duration(small%3) * 1000 * time.Minute},
		chat.DropRoom{Name: room},
		chat.Sanction{ID: small, Kind: chat.Mute, Target: key, Until: m.now},
		chat.DropSanction{ID: small},
		chat.Mail{ID: small, To: small%2 + 1, Body: key, Time: m.now},
		chat.DropMail{IDs: []uint64{small}},
		chat.Flag{ID: max(1, m.id), Event: chat.Event{Room: room, ID: m.id, Body: key}},
		chat.Act{Time: m.now, By: key, Verb: room},
		chat.Session{ID: small, Account: small % 3, Name: key, Hash: [32]byte{byte(kind + 1)}, Seen: m.now, Rooms: rooms[:small%3]},
		chat.DropSession{ID: small},
		chat.Edit{Room: room, ID: max(small, m.id) - small + 1, Body: body(t) + "!", Time: m.now},
		chat.Edit{Room: room, ID: max(small, m.id) - small + 1, Body: key, Time: m.now},
		chat.ReadMark{Account: small, Room: room, Epoch: m.epoch, Seq: rapid.Uint64Range(1, m.seqs[room]+1).Draw(t, "read")},
	}[kind]
}

func (m *machine) history(t *rapid.T) {
	q := chat.HistoryQuery{
		Room: rapid.SampledFrom(rooms).Draw(t, "room"), Limit: rapid.IntRange(0, 20).Draw(t, "limit"),
		Before: m.before(t), After: m.before(t), Since: m.time(t, "since"),
	}
	both(t, m, func(s store.Store) ([]chat.Event, error) { return s.History(q) })
}

func (m *machine) since(t *rapid.T) {
	room := rapid.SampledFrom(append(rooms, "#none")).Draw(t, "room")
	epoch := m.epoch - rapid.Uint64Range(0, 3).Draw(t, "epochs ago")
	seq := m.seqs[room] + 1 - rapid.Uint64Range(0, m.seqs[room]+1).Draw(t, "events ago")
	limit := rapid.IntRange(-1, 20).Draw(t, "limit")
	both(t, m, func(s store.Store) (chat.Missed, error) { return s.Since(room, epoch, seq, limit) })
}

func (m *machine) before(t *rapid.T) uint64 {
	if rapid.Bool().Draw(t, "all") {
		return 0
	}
	return rapid.Uint64Range(m.id-min(m.id, 30), m.id+1).Draw(t, "before")
}

func (m *machine) time(t *rapid.T, name string) time.Time {
	if rapid.Bool().Draw(t, "no "+name) {
		return time.Time{}
	}
	return m.now.Add(-time.Duration(rapid.Int64Range(-10, 5000).Draw(t, name)) * time.Minute)
}

func (m *machine) search(t *rapid.T) {
	q := chat.SearchQuery{
		Words: rapid.SliceOfN(rapid.SampledFrom(queries), 0, 3).Draw(t, "words"),
		Rooms: rapid.SliceOfN(rapid.SampledFrom(append(rooms, "#none")), 0, 4).Draw(t, "rooms"),
		Key:   rapid.SampledFrom(append(keys, "", "", "")).Draw(t, "key"),
		After: m.time(t, "after"), Before: m.time(t, "until"), BeforeID: m.before(t),
		Limit: rapid.IntRange(0, 20).Draw(t, "limit"),
	}
	both(t, m, func(s store.Store) ([]chat.Event, error) { return s.Search(q) })
}

func (m *machine) index(t *rapid.T) {
	if _, err := m.pair[0].s.Index(rapid.IntRange(1, 20).Draw(t, "limit")); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) expire(t *rapid.T) {
	keep := store.Keep{Age: 3000 * time.Minute, Bytes: 40 * store.Overhead, TotalBytes: 60 * store.Overhead}
	for _, s := range m.pair {
		for range 100 {
			more, err := s.s.Expire(m.now, keep)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
		}
	}
}

func (m *machine) check(t *rapid.T) {
	both(t, m, func(s store.Store) ([]store.Entry, error) { return s.Acts(0, 1000) })
	both(t, m, func(s store.Store) ([]chat.Mail, error) { return s.Mail(1, 3) })
	both(t, m, func(s store.Store) ([]chat.Posted, error) { return s.Posted(1, 2) })
}

func (m *machine) verify(t *rapid.T) {
	for i, s := range m.pair {
		if found, err := s.s.Verify(); err != nil || len(found) > 0 {
			t.Fatal(fmt.Sprint("damage: ", i, err, found))
		}
	}
}
