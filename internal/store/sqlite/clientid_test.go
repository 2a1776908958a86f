package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// cidWriter commits messages with client IDs to a store, and can reopen it.
type cidWriter struct {
	*testing.T
	dir  string
	s    *Store
	st   *chat.State
	id   uint64
	sent map[uint64][]string // by owner
}

func newCIDWriter(t *testing.T) *cidWriter {
	w := &cidWriter{T: t, dir: emptyFolder(t), sent: map[uint64][]string{}}
	w.open()
	return w
}

func (w *cidWriter) open() {
	w.Helper()
	var err error
	if w.s, err = Open(w.dir, Options{}); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = w.s.Close() })
	if w.st, err = w.s.Load(time.Unix(1, 0)); err != nil {
		w.Fatal(err)
	}
	w.id = max(w.id, w.st.LastID)
}

func (w *cidWriter) restart() {
	w.Helper()
	if err := w.s.Close(); err != nil {
		w.Fatal(err)
	}
	w.open()
}

// post makes the next message of an owner.
func (w *cidWriter) post(owner uint64, cid string) chat.Post {
	w.id++
	w.sent[owner] = append(w.sent[owner], cid)
	return chat.Post{Key: "ann", Owner: owner, CID: cid, Event: chat.Event{
		Room: "#tea", Epoch: w.st.Epoch, Seq: w.id, ID: w.id, Kind: chat.Say, Name: "ann", Body: "x", Time: time.Unix(int64(w.id), 0),
	}}
}

// many makes messages of an owner with new client IDs.
func (w *cidWriter) many(owner uint64, count int) (records []chat.Record) {
	for range count {
		records = append(records, w.post(owner, fmt.Sprint("c", w.id+1)))
	}
	return records
}

func (w *cidWriter) commit(records ...chat.Record) {
	w.Helper()
	if err := w.s.Commit(records); err != nil {
		w.Fatal(err)
	}
}

func (w *cidWriter) count(table string) (n int64) {
	w.Helper()
	n, err := w.s.w.number(`SELECT count(*) FROM ` + table)
	if err != nil {
		w.Fatal(err)
	}
	return n
}

func (w *cidWriter) posted(owner uint64) []chat.Posted {
	w.Helper()
	list, err := w.s.Posted(owner, 1<<20)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// check checks that the latest client IDs of each owner are known, in order, and that
// the tables are within their bounds.
func (w *cidWriter) check() {
	w.Helper()
	most := int64(0)
	for owner, sent := range w.sent {
		want := slices.Clone(sent[max(0, len(sent)-chat.CIDWindow):])
		slices.Reverse(want)
		var got []string
		for _, p := range w.posted(owner) {
			got = append(got, p.CID)
		}
		if !slices.Equal(want, got) {
			w.Fatalf("owner %d: %d are known instead of %d, the first ones %.3q instead of %.3q", owner, len(got), len(want), got, want)
		}
		most += int64(min(len(sent), chat.CIDWindow+cidSlack))
	}
	if n := w.count("recent_cids"); n >= maxRecentCIDs {
		w.Errorf("%d rows are not moved", n)
	}
	if n := w.count("cids"); n > most {
		w.Errorf("%d rows instead of at most %d", n, most)
	}
}

func (w *cidWriter) healthy() {
	w.Helper()
	if found, err := w.s.Verify(); err != nil || len(found) > 0 {
		w.Errorf("damage: %v %q", err, found)
	}
}

func TestTheClientIDsOfManyOwnersAreBounded(t *testing.T) {
	w := newCIDWriter(t)
	for owner := uint64(1); owner <= 40; owner++ {
		w.commit(chat.Account{ID: owner, Name: fmt.Sprint("u", owner)})
	}
	for round := range 30 {
		// One writes much, one seldom, the others now and then.
		records := w.many(1, 200)
		if round%10 == 0 {
			records = append(records, w.many(2, 1)...)
		}
		for owner := uint64(3); owner <= 40; owner++ {
			records = append(records, w.many(owner, round%4)...)
		}
		w.commit(records...)
		w.check()
		if round%7 == 6 {
			w.restart()
			w.check()
		}
	}
	w.commit(w.many(1, 3*maxRecentCIDs)...)
	w.check()
	w.healthy()
}

func TestACommitThatFailsLeavesTheClientIDs(t *testing.T) {
	w := newCIDWriter(t)
	w.commit(chat.Account{ID: 1, Name: "ann"})
	w.commit(w.many(1, maxRecentCIDs-10)...)
	before := w.sent[1]
	failure := errors.New("no")
	for _, count := range []int{50, 5} { // with and without a move
		w.s.mu.Lock()
		err := w.s.change(func(c *change) error {
			for _, r := range w.many(1, count) {
				if err := c.apply(r); err != nil {
					return err
				}
			}
			return errors.Join(c.moveClientIDs(), c.dropClientIDs(1), failure)
		})
		w.s.mu.Unlock()
		if !errors.Is(err, failure) {
			t.Fatal(err)
		}
		w.sent[1] = before
		w.check()
	}
	w.commit(w.many(1, 9)...)
	if n := w.count("recent_cids"); n != maxRecentCIDs-1 {
		t.Errorf("%d rows are recent", n)
	}
	w.commit(w.many(1, 1)...)
	if n := w.count("recent_cids"); n != 0 {
		t.Errorf("%d rows are recent", n)
	}
	w.check()
	w.commit(chat.DropAccount{ID: 1})
	delete(w.sent, 1)
	w.check()
}

func TestTheNewestMessageWithAClientIDCounts(t *testing.T) {
	w := newCIDWriter(t)
	w.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	w.id = 10
	first, skipped := w.post(1, "same"), w.post(1, "late")
	w.commit(first)
	w.commit(w.many(2, maxRecentCIDs)...)
	if n := w.count("recent_cids"); n != 0 {
		t.Fatalf("%d rows are recent", n)
	}
	check := func(want ...chat.Post) {
		t.Helper()
		var ids []uint64
		for _, p := range w.posted(1) {
			ids = append(ids, p.ID)
		}
		if !slices.EqualFunc(ids, want, func(id uint64, p chat.Post) bool { return id == p.Event.ID }) {
			t.Fatalf("%d", ids)
		}
	}
	check(first)
	again := w.post(1, "same")
	w.commit(again)
	check(again)
	late := w.post(1, "late")
	w.commit(late)
	check(late, again)
	w.commit(skipped) // was delayed
	check(late, again)
	w.commit(w.many(2, maxRecentCIDs)...)
	check(late, again)
	if list, err := w.s.Posted(1, 1); err != nil || len(list) != 1 || list[0].ID != late.Event.ID {
		t.Errorf("%v %v", list, err)
	}
	w.restart()
	check(late, again)
	w.healthy()
}

func TestTheClientIDsOfADroppedOwnerAreDeleted(t *testing.T) {
	w := newCIDWriter(t)
	for owner := uint64(1); owner <= 3; owner++ {
		w.commit(chat.Account{ID: owner, Name: fmt.Sprint("u", owner)})
	}
	const stored, gone = 1, 5 // gone was never stored
	rows := func(owner uint64) int64 {
		return w.count(fmt.Sprintf("cids WHERE owner = %d", owner)) + w.count(fmt.Sprintf("recent_cids WHERE owner = %d", owner))
	}
	w.commit(slices.Concat(w.many(2, 10), w.many(gone, 10), w.many(stored, maxRecentCIDs-20))...)
	w.commit(slices.Concat(w.many(2, 10), w.many(gone, 10), w.many(stored, 10))...)
	if n, recent := rows(2), w.count("recent_cids"); n != 20 || recent != 30 {
		t.Fatalf("%d rows; %d are recent", n, recent)
	}
	w.commit(chat.DropAccount{ID: 2})
	w.commit(chat.DropAccount{ID: 3})
	if n := rows(2); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	delete(w.sent, 2)
	w.check()
	w.commit(slices.Concat(w.many(2, maxRecentCIDs/2), w.many(gone, maxRecentCIDs/2-21))...) // were on their way
	if n := w.count("recent_cids"); n != maxRecentCIDs-1 {
		t.Errorf("%d rows are recent", n)
	}
	w.commit(w.many(2, 1)...)
	w.commit(w.many(2, 3)...)
	if n, recent := rows(2), w.count("recent_cids"); n != maxRecentCIDs/2+4 || recent != 3 {
		t.Fatalf("%d rows; %d are recent", n, recent)
	}
	w.restart()
	if n := rows(2) + rows(gone); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	delete(w.sent, 2)
	delete(w.sent, gone)
	w.check()
	w.commit(w.many(stored, maxRecentCIDs-1)...)
	if n := w.count("recent_cids"); n != maxRecentCIDs-1 {
		t.Errorf("%d rows are recent", n)
	}
	w.check()
	w.healthy()
}

func TestAMessageThatIsStoredAgainAfterItWasArchivedMovesOnce(t *testing.T) {
	w := newCIDWriter(t)
	w.commit(chat.Account{ID: 1, Name: "ann"}, chat.Account{ID: 2, Name: "bob"})
	w.id = 10
	p := w.post(1, "a")
	for range 2 {
		w.commit(append(w.many(2, maxRecentCIDs-1), p)...)
		w.check()
		if n := w.count("recent_cids"); n != 0 {
			t.Fatalf("%d rows are recent", n)
		}
		for more := true; more; {
			var err error
			if more, err = w.s.Expire(time.Unix(1<<30, 0), store.Keep{Age: time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count("posts"); n != 0 {
			t.Fatalf("%d messages are left", n)
		}
	}
	w.check()
	w.healthy()
}
