package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// BenchmarkCommit is the rate of durable messages of 64 writers that each wait
// for one message to be saved before they write the next.
func BenchmarkCommit(b *testing.B) {
	for _, producers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) { benchmarkCommit(b, producers, 0) })
	}
	b.Run("producers=64, indexed later", func(b *testing.B) { benchmarkCommit(b, 64, 1<<30) })
}

func benchmarkCommit(b *testing.B, producers, backlog int) {
	s, st := opened(b, folder(b))
	w := store.NewWriter(s, store.Options{IndexBacklog: backlog})
	r := rand.New(rand.NewPCG(1, 2))
	posts := make([]chat.Record, b.N)
	for i := range posts {
		p := message(r, st.Epoch, uint64(i+1))
		p.Awaited = true
		posts[i] = p
	}
	took := make([]time.Duration, b.N)
	var mu sync.Mutex
	next := 0
	var all sync.WaitGroup
	b.ResetTimer()
	for range producers {
		all.Go(func() {
			saved := make(chan error, 1)
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= b.N {
					return
				}
				begin := time.Now()
				w.Write(func(err error) { saved <- err }, posts[i])
				if err := <-saved; err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(w.Stats().Records)/float64(w.Stats().Batches), "messages/commit")
	b.ReportMetric(float64(w.Stats().Unindexed), "unindexed")
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBatch is the cost of a message in large transactions, without a Writer and
// without indexing.
func BenchmarkBatch(b *testing.B) {
	s, st := opened(b, folder(b))
	r := rand.New(rand.NewPCG(1, 2))
	posts := make([]chat.Record, b.N)
	for i := range posts {
		posts[i] = message(r, st.Epoch, uint64(i+1))
	}
	b.ResetTimer()
	for batch := range slices.Chunk(posts, 1000) {
		if err := s.Commit(batch); err != nil {
			b.Fatal(err)
		}
	}
}

// vocabulary has 20,000 words; message draws them as people use words, the
// first ones very often.
var vocabulary = func() (list []string) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		var w strings.Builder
		for range 2 + r.IntN(4) {
			w.WriteString([]string{"ka", "lo", "mi", "ter", "sun", "po", "re", "dal", "vi", "en", "go", "ast"}[r.IntN(12)])
		}
		list = append(list, w.String())
	}
	return list
}()

func message(r *rand.Rand, epoch, id uint64) chat.Post {
	var body strings.Builder
	for range 4 + r.IntN(12) {
		body.WriteString(vocabulary[int(float64(len(vocabulary))*r.Float64()*r.Float64()*r.Float64()*r.Float64())])
		body.WriteByte(' ')
	}
	name := fmt.Sprintf("user%d", r.IntN(300))
	return chat.Post{Key: name, Event: chat.Event{
		Room: fmt.Sprintf("#room%d", r.IntN(20)), Epoch: epoch, Seq: id, ID: id, Kind: chat.Say, Name: name,
		Body: body.String(), Time: time.Unix(1_800_000_000+int64(id)*10, 0),
	}}
}

func opened(tb testing.TB, dir string) (*sqlite.Store, *chat.State) {
	tb.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	st, err := s.Load(time.Unix(1_800_000_000, 0))
	if err != nil {
		tb.Fatal(err)
	}
	return s, st
}

// filled returns a folder with STORE_MESSAGES messages, 100,000 if that is not
// set.
var filled = sync.OnceValues(func() (string, error) {
	n := 100_000
	if v, err := strconv.Atoi(os.Getenv("STORE_MESSAGES")); err == nil {
		n = v
	}
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		return "", err
	}
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return "", err
	}
	defer s.Close()
	st, err := s.Load(time.Unix(1, 0))
	if err != nil {
		return "", err
	}
	r := rand.New(rand.NewPCG(1, 2))
	begin := time.Now()
	for id := uint64(1); id <= uint64(n); {
		var batch []chat.Record
		for range min(4096, uint64(n)+1-id) {
			batch = append(batch, message(r, st.Epoch, id))
			id++
		}
		if err := s.Commit(batch); err != nil {
			return "", err
		}
	}
	committed := time.Since(begin)
	for {
		waiting, err := s.Index(2000)
		if err != nil {
			return "", err
		}
		if waiting == 0 {
			break
		}
	}
	fmt.Fprintf(os.Stderr, "%d messages: committed in %v, indexed in %v\n", n, committed, time.Since(begin)-committed)
	return dir, nil
})

func filledFolder(b *testing.B) string {
	b.Helper()
	dir, err := filled()
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkLoad is the start with many messages: opening and loading.
func BenchmarkLoad(b *testing.B) {
	dir := filledFolder(b)
	for b.Loop() {
		s, err := sqlite.Open(dir, sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Load(time.Unix(1, 0)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkSince asks for at most 100 messages after a place, as a client does that
// resumes.
func BenchmarkSince(b *testing.B) {
	s, st := opened(b, filledFolder(b))
	last := st.Orders[0].Recent[len(st.Orders[0].Recent)-1]
	for name, at := range map[string]uint64{"nothing missed": last.Seq, "the last 10": last.Seq - 200, "everything": 0} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Since(last.Room, last.Epoch, at, 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSearch searches for two words and takes the newest 50 results.
func BenchmarkSearch(b *testing.B) {
	s, _ := opened(b, filledFolder(b))
	var rooms []string
	for i := range 20 {
		rooms = append(rooms, fmt.Sprintf("#room%d", i))
	}
	r := rand.New(rand.NewPCG(5, 6))
	draw := func(among int) string { return vocabulary[r.IntN(among)] }
	for name, query := range map[string]func() chat.SearchQuery{
		"frequent words": func() chat.SearchQuery { return chat.SearchQuery{Words: []string{draw(5), draw(5)}} },
		"as people say": func() chat.SearchQuery {
			return chat.SearchQuery{Words: strings.Fields(message(r, 1, 1).Event.Body)[:2]}
		},
		"any words":      func() chat.SearchQuery { return chat.SearchQuery{Words: []string{draw(20_000), draw(20_000)}} },
		"frequent, rare": func() chat.SearchQuery { return chat.SearchQuery{Words: []string{draw(3), draw(20_000)}} },
		"one author": func() chat.SearchQuery {
			return chat.SearchQuery{Words: []string{draw(50), draw(50)}, Key: fmt.Sprintf("user%d", r.IntN(300))}
		},
		"one room": func() chat.SearchQuery {
			return chat.SearchQuery{Words: []string{draw(50), draw(50)}, Rooms: rooms[3:4]}
		},
		"long ago": func() chat.SearchQuery {
			return chat.SearchQuery{Words: []string{draw(5), draw(5)}, Before: time.Unix(1_800_000_000+500_000, 0)}
		},
		"no words, one author": func() chat.SearchQuery { return chat.SearchQuery{Key: "user7"} },
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			found := 0
			for b.Loop() {
				q := query()
				q.Limit = 50
				if q.Rooms == nil {
					q.Rooms = rooms
				}
				begin := time.Now()
				list, err := s.Search(q)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
				found += len(list)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
			b.ReportMetric(float64(found)/float64(len(took)), "found")
		})
	}
}

// owners is how many authors there are of messages with a client's ID.
const owners = 64

// BenchmarkClientIDs is the rate of commits of a message by each of 64 authors, without
// and with a client's ID, once the window of each author is full. writtenKB includes
// checkpoints.
func BenchmarkClientIDs(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("with=%v", with), func(b *testing.B) { benchmarkClientIDs(b, with) })
	}
}

func benchmarkClientIDs(b *testing.B, with bool) {
	s, st := opened(b, folder(b))
	r := rand.New(rand.NewPCG(1, 2))
	id := uint64(0)
	round := func(records []chat.Record) []chat.Record {
		for owner := range uint64(owners) {
			id++
			p := message(r, st.Epoch, id)
			if with {
				// Accounts are not created in sequence.
				p.Owner, p.CID = 1+owner*1000, fmt.Sprintf("%016x-%d", r.Uint64(), id)
			}
			records = append(records, p)
		}
		return records
	}
	for range (chat.CIDWindow + chat.CIDWindow/4) / 10 {
		var records []chat.Record
		for range 10 {
			records = round(records)
		}
		if err := s.Commit(records); err != nil {
			b.Fatal(err)
		}
	}
	commits := make([][]chat.Record, b.N)
	for i := range commits {
		commits[i] = round(nil)
	}
	took := make([]time.Duration, b.N)
	before := written()
	b.ResetTimer()
	for i, records := range commits {
		begin := time.Now()
		if err := s.Commit(records); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(begin)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N*owners)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(written()-before)/1024/float64(b.N), "writtenKB/commit")
}

// BenchmarkPosted asks for the client IDs of one of 64 authors, whose messages alternate.
func BenchmarkPosted(b *testing.B) {
	s, st := opened(b, folder(b))
	r := rand.New(rand.NewPCG(1, 2))
	id := uint64(0)
	for range chat.CIDWindow + chat.CIDWindow/8 {
		var records []chat.Record
		for owner := range uint64(owners) {
			id++
			p := message(r, st.Epoch, id)
			p.Owner, p.CID = 1+owner*1000, fmt.Sprintf("%016x-%d", r.Uint64(), id)
			records = append(records, p)
		}
		if err := s.Commit(records); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		list, err := s.Posted(1+1000*r.Uint64N(owners), chat.CIDWindow)
		if err != nil || len(list) != chat.CIDWindow {
			b.Fatal(len(list), err)
		}
	}
}

// written returns how many bytes this process has written, 0 if the system does not
// say.
func written() (n int64) {
	text, _ := os.ReadFile("/proc/self/io")
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "wchar: %d", &n); err == nil {
			return n
		}
	}
	return 0
}
