package memory

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// said is one post of a batch.
func said(id uint64, room, body string) chat.Record {
	return chat.Post{Event: chat.Event{ID: id, Epoch: 1, Seq: id, Room: room, Name: "ann", Kind: chat.Say, Body: body, Time: time.Unix(int64(id), 0)}}
}

func TestTheSizeOfAPostIsKnown(t *testing.T) {
	if got := unsafe.Sizeof(post{}) + unsafe.Sizeof(&post{}) + unsafe.Sizeof(queued{}); got > postSize {
		t.Errorf("a post takes up %d bytes, not %d", got, postSize)
	}
}

func TestACommitKeepsNoMoreThanTheLimit(t *testing.T) {
	const limit, batch = 1 << 20, 500
	s := New()
	s.Limit = limit
	for name, body := range map[string]string{"long": strings.Repeat("x", 4000), "short": "x"} {
		t.Run(name, func(t *testing.T) {
			first := s.lastID + 1
			for range 40 {
				var records []chat.Record
				for range batch {
					s.lastID++
					records = append(records, said(s.lastID, fmt.Sprintf("#r%d", s.lastID%7), body))
				}
				if err := s.Commit(records); err != nil {
					t.Fatal(err)
				}
				if s.held > limit {
					t.Fatalf("after a commit it holds %d bytes, the limit is %d", s.held, limit)
				}
			}
			check(t, s, first)
		})
	}
}

// check checks that exactly the newest messages are there, and are counted.
func check(t *testing.T, s *Store, first uint64) {
	t.Helper()
	n, held, oldest := 0, int64(0), s.lastID
	for _, r := range s.rooms {
		for _, p := range r.posts {
			n, held, oldest = n+1, held+p.size(), min(oldest, p.Event.ID)
		}
	}
	if held != s.held || held < s.Limit*9/10 {
		t.Errorf("it counts %d bytes and has %d of %d", s.held, held, s.Limit)
	}
	if oldest < first || uint64(n) != s.lastID-oldest+1 {
		t.Errorf("%d messages are there, the oldest is %d of %d to %d", n, oldest, first, s.lastID)
	}
	if got := len(s.order.posts); got > 3*n {
		t.Errorf("the queue has %d places for %d messages", got, n)
	}
}

func TestTheLimitAccountsForExpiryAndRedaction(t *testing.T) {
	s := New()
	s.Limit = 100 << 10
	body := strings.Repeat("x", 1000)
	for id := range uint64(50) {
		if err := s.Commit([]chat.Record{said(id+1, "#a", body)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit([]chat.Record{chat.Redaction{Room: "#a", IDs: []uint64{40, 41}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(time.Unix(1000, 0), store.Keep{TotalBytes: 20 << 10}); err != nil {
		t.Fatal(err)
	}
	for id := range uint64(1000) {
		if err := s.Commit([]chat.Record{said(id+100, "#b", body)}); err != nil {
			t.Fatal(err)
		}
	}
	check(t, s, 100)
}

func TestTheLimitDropsClientIDsAndLeavesAGap(t *testing.T) {
	s := New()
	s.Limit = 100 << 10
	for id := uint64(1); id <= 1000; id++ {
		p := said(id, "#a", strings.Repeat("x", 1000)).(chat.Post)
		p.Owner, p.CID = id%10+1, fmt.Sprint(id)
		if err := s.Commit([]chat.Record{p}); err != nil {
			t.Fatal(err)
		}
	}
	check(t, s, 1)
	n := 0
	for _, own := range s.posted {
		n += len(own)
	}
	if posts := len(s.rooms["#a"].posts); n != posts {
		t.Errorf("%d client IDs of %d messages", n, posts)
	}
	first := s.rooms["#a"].posts[0].Event.Seq
	for seq, gap := range map[uint64]bool{first - 2: true, first - 1: false} {
		if m, err := s.Since("#a", 1, seq, 1); err != nil || m.Gap != gap || len(m.Events) != 1 || m.Events[0].Seq != first {
			t.Errorf("after %d of %d: %+v, %v", seq, first, m, err)
		}
	}
}

// A store's count is about its real memory: neither half of it nor twice.
func TestTheCountedSizeIsTheRealMemory(t *testing.T) {
	const limit = 8 << 20
	for _, size := range []int{1, 80, 4000} {
		s := New()
		s.Limit = limit
		before := heap()
		for s.held < limit*9/10 || len(s.rooms) == 0 {
			commitBatch(t, s, size)
		}
		for range 40 { // removed messages are freed
			commitBatch(t, s, size)
		}
		if took := heap() - before; took > s.held*110/100 || took < s.held*85/100 {
			t.Errorf("messages of %d bytes take up %d bytes of memory, and %d are counted", size, took, s.held)
		}
	}
}

func commitBatch(t *testing.T, s *Store, size int) {
	t.Helper()
	records := make([]chat.Record, 0, 500)
	for range 500 {
		s.lastID++
		records = append(records, said(s.lastID, fmt.Sprintf("#r%d", s.lastID%7), strings.Repeat("x", size)))
	}
	if err := s.Commit(records); err != nil {
		t.Fatal(err)
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTheAuditLogKeepsNoMoreThanItsLimit(t *testing.T) {
	s := New()
	s.AuditLimit = 10
	for i := range 1000 {
		if err := s.Commit([]chat.Record{chat.Act{Time: time.Unix(int64(i), 0), By: "root", Verb: "mute", Target: fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
		if len(s.acts) > 10 || cap(s.acts) > 64 {
			t.Fatalf("%d entries, room for %d", len(s.acts), cap(s.acts))
		}
	}
	for _, c := range []struct {
		after uint64
		limit int
		first uint64
		n     int
	}{{0, 100, 991, 10}, {0, 3, 991, 3}, {995, 100, 996, 5}, {1000, 100, 0, 0}, {5000, 1, 0, 0}} {
		got, err := s.Acts(c.after, c.limit)
		if err != nil || len(got) != c.n || c.n > 0 && got[0].N != c.first {
			t.Errorf("after %d there are %d, %v", c.after, len(got), err)
		}
	}
	if found, err := s.Verify(); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	other := New()
	other.AuditLimit = 10
	if err := other.Import(s.Export()); err == nil {
		t.Error("the end of an audit log is taken for a whole one")
	}
	if err := s.Import(linesOf(s.lines())); err != nil {
		t.Errorf("what is there already: %v", err)
	}
}

// linesOf yields lines without the store's mutex, which Import holds.
func linesOf(lines []store.Line) iter.Seq2[store.Line, error] {
	return func(yield func(store.Line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
}
