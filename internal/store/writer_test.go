package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A disk is a store that a test can stop, and that counts.
type disk struct {
	*memory.Store
	mu      sync.Mutex
	broken  error
	batches [][]chat.Record
	probes  int
	gate    chan struct{} // a commit takes one, if not nil
	begun   chan struct{} // and sends to begun before
	indexed []int
	expired int
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{Store: memory.New()}
	if _, err := d.Load(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *disk) Commit(records []chat.Record) error {
	if d.gate != nil {
		d.begun <- struct{}{}
		<-d.gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(records) == 0 {
		d.probes++
	}
	if d.broken != nil {
		return d.broken
	}
	d.batches = append(d.batches, slices.Clone(records))
	return d.Store.Commit(records)
}

func (d *disk) Index(limit int) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.indexed = append(d.indexed, limit)
	return 0, d.broken
}

// indexings returns how often messages were indexed.
func (d *disk) indexings() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.indexed)
}

func (d *disk) Expire(now time.Time, keep store.Keep) (bool, error) {
	d.expired++
	return d.Store.Expire(now, keep)
}

func (d *disk) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

func post(id uint64) chat.Post {
	return chat.Post{Event: chat.Event{Room: "#lobby", Epoch: 1, Seq: id, ID: id, Kind: chat.Say, Body: "x"}}
}

// awaited is a post whose author wants a receipt.
func awaited(id uint64) chat.Post {
	p := post(id)
	p.Awaited = true
	return p
}

// outcomes collects the arguments of done.
type outcomes struct {
	mu   sync.Mutex
	list []string
}

func (o *outcomes) done(name string) func(error) {
	return func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.list = append(o.list, fmt.Sprintf("%s: %v", name, err))
	}
}

func (o *outcomes) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

// pass lets time pass, which is simulated.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestWritesDuringACommitAreTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		d.gate, d.begun = make(chan struct{}), make(chan struct{}, 100)
		w := store.NewWriter(d, store.Options{MaxBatch: 10})
		o := &outcomes{}
		for i := range uint64(25) {
			w.Write(o.done(fmt.Sprint(i)), post(i+1))
			if i == 0 {
				<-d.begun
			}
		}
		synctest.Wait()
		if got := o.take(); len(got) > 0 {
			t.Errorf("done before the disk: %v", got)
		}
		close(d.gate)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		var sizes []int
		for _, b := range d.batches {
			sizes = append(sizes, len(b))
		}
		if !slices.Equal(sizes, []int{1, 10, 10, 4}) {
			t.Errorf("batches of %v", sizes)
		}
		for i, got := range o.take() {
			if want := fmt.Sprintf("%d: <nil>", i); got != want {
				t.Errorf("%s instead of %s", got, want)
			}
		}
	})
}

func TestRecordsOfOneWriteAreNeverSplit(t *testing.T) {
	d := newDisk(t)
	w := store.NewWriter(d, store.Options{MaxBatch: 2, Inline: true})
	w.Write(nil, post(1))
	w.Write(nil, post(2), post(3), post(4))
	w.Wait()
	if len(d.batches) != 2 || len(d.batches[1]) != 3 {
		t.Errorf("%v", d.batches)
	}
}

func TestASenderWaitsWhileTheQueueIsFullAndIsWokenAtHalf(t *testing.T) {
	for name, o := range map[string]store.Options{
		"records": {MaxRecords: 8, MaxBatch: 1, Inline: true},
		"bytes":   {MaxBytes: 8 * store.Size(post(1)), MaxBatch: 1, Inline: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := store.NewWriter(newDisk(t), o)
			woken := 0
			wake := func() { woken++ }
			for i := range uint64(8) {
				if w.Full(wake) {
					t.Fatalf("full at %d", i)
				}
				w.Write(nil, post(i+1))
			}
			for range 2 {
				if !w.Full(wake) {
					t.Fatal("not full")
				}
			}
			for range 3 {
				w.Step()
			}
			if woken != 0 {
				t.Error("woken too early")
			}
			w.Step()
			if woken != 2 || w.Full(wake) {
				t.Errorf("woken %d times", woken)
			}
			w.Wait()
			if woken != 2 {
				t.Errorf("woken %d times", woken)
			}
		})
	}
}

func TestWritesToAFullQueueAreRefusedInTheirTurn(t *testing.T) {
	w := store.NewWriter(newDisk(t), store.Options{MaxRecords: 2, Inline: true})
	o := &outcomes{}
	for i := range uint64(6) {
		w.Write(o.done(fmt.Sprint(i)), post(i+1))
	}
	w.Wait()
	want := []string{"0: <nil>", "1: <nil>", "2: <nil>", "3: <nil>", "4: " + store.ErrBusy.Error(), "5: " + store.ErrBusy.Error()}
	if got := o.take(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Refused writes wait for their turn, too, so they have to count.
func TestRefusedWritesDoNotGrowTheQueueWithoutBound(t *testing.T) {
	const limit = 4
	w := store.NewWriter(newDisk(t), store.Options{MaxRecords: limit, Inline: true})
	for i := range uint64(100) {
		w.Write(nil, post(i+1)) // refused writes without a done are dropped
	}
	if n := w.Stats().Waiting; n != 2*limit {
		t.Errorf("%d wait, want %d", n, 2*limit)
	}
	var told atomic.Int32
	var all sync.WaitGroup
	for i := range uint64(100) {
		all.Add(1)
		w.Write(func(err error) {
			if errors.Is(err, store.ErrBusy) {
				told.Add(1)
			}
			all.Done()
		}, post(i+1))
	}
	if n := w.Stats().Waiting; n != 4*limit {
		t.Errorf("%d wait, want %d", n, 4*limit)
	}
	if n := w.Stats().Failed; n != 192 {
		t.Errorf("%d have failed, want 192", n)
	}
	w.Wait()
	all.Wait()
	if n := told.Load(); n != 100 {
		t.Errorf("%d were told", n)
	}
	if n := w.Stats().Waiting; n != 0 {
		t.Errorf("%d wait in the end", n)
	}
}

func TestAnInvalidRecordIsRefusedAlone(t *testing.T) {
	d := newDisk(t)
	w := store.NewWriter(d, store.Options{Inline: true})
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	w.Write(note, post(1))
	w.Write(note, post(2), chat.Post{})
	w.Write(note, post(3))
	w.Wait()
	if errs[0] != nil || !errors.Is(errs[1], store.ErrInvalid) || errs[2] != nil || len(d.batches[0]) != 2 {
		t.Errorf("%v, %v", errs, d.batches)
	}
}

func TestAFailureIsReportedToAllWritersAndEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		var states []string
		w := store.NewWriter(d, store.Options{Degraded: func(err error) { states = append(states, fmt.Sprint(err)) }})
		o := &outcomes{}
		d.set(store.ErrNoSpace)
		for i := range uint64(3) {
			w.Write(o.done(fmt.Sprint(i)), awaited(i+1))
		}
		synctest.Wait()
		if got := o.take(); len(got) != 3 || !strings.Contains(got[2], "not saved: store: the disk is full") {
			t.Errorf("%q", got)
		}
		if !errors.Is(w.Err(), store.ErrNoSpace) {
			t.Error(w.Err())
		}
		// Writes are not tried for a while.
		w.Write(o.done("4"), awaited(4))
		synctest.Wait()
		if got := o.take(); len(got) != 1 || len(states) != 1 {
			t.Errorf("%q, %q", got, states)
		}
		// It tries by itself, less and less often.
		pass(time.Minute)
		if d.probes < 10 || d.probes > 30 {
			t.Errorf("%d probes in a minute", d.probes)
		}
		d.set(nil)
		pass(6 * time.Second)
		if w.Err() != nil || len(states) != 2 || states[1] != "<nil>" {
			t.Errorf("%v, %q", w.Err(), states)
		}
		w.Write(o.done("1"), awaited(1)) // again
		w.Write(o.done("2"), awaited(2))
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if got := o.take(); !slices.Equal(got, []string{"1: <nil>", "2: <nil>"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestCloseTriesOnceMoreAndReturnsTheError(t *testing.T) {
	d := newDisk(t)
	w := store.NewWriter(d, store.Options{Inline: true})
	d.set(store.ErrReadOnly)
	w.Write(nil, awaited(1))
	w.Step()
	w.Write(nil, awaited(2))
	if err := w.Close(); !errors.Is(err, store.ErrReadOnly) {
		t.Error(err)
	}
	refused := make(chan error)
	w.Write(func(err error) { refused <- err }, post(3))
	if err := <-refused; !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
	if w.Full(nil) {
		t.Error("full")
	}
}

// Each transaction costs as much as many lines.
func TestRecordsThatNobodyWaitsForShareATransaction(t *testing.T) {
	none := func(error) {}
	for name, c := range map[string]struct {
		write   func(w *store.Writer)
		batches uint64 // before the delay ends
	}{
		"nobody waits":      {func(w *store.Writer) { w.Write(nil, post(1)); pass(49 * time.Millisecond); w.Write(nil, post(2)) }, 0},
		"only failures":     {func(w *store.Writer) { w.Write(none, post(1)); w.Write(none, post(2)) }, 0},
		"somebody waits":    {func(w *store.Writer) { w.Write(nil, post(1)); w.Write(none, awaited(2)) }, 1},
		"a ban":             {func(w *store.Writer) { w.Write(nil, post(1)); w.Write(none, chat.DropFlag{ID: 1}) }, 1},
		"for all so far":    {func(w *store.Writer) { w.Write(nil, post(1)); w.Write(none) }, 1},
		"a batch is full":   {func(w *store.Writer) { w.Write(nil, post(1), post(2)); w.Write(nil, post(3), post(4)) }, 1},
		"the writer closes": {func(w *store.Writer) { w.Write(nil, post(1)); _ = w.Close() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := store.NewWriter(newDisk(t), store.Options{MaxBatch: 4})
				synctest.Wait()
				c.write(w)
				synctest.Wait()
				if got := w.Stats().Batches; got != c.batches {
					t.Errorf("%d transactions, want %d", got, c.batches)
				}
				pass(50 * time.Millisecond)
				if s := w.Stats(); s.Batches != 1 || s.Waiting != 0 {
					t.Errorf("in the end %+v", s)
				}
				w.Write(nil, post(9)) // the delay begins again
				pass(50 * time.Millisecond)
				if name != "the writer closes" && w.Stats().Batches != 2 {
					t.Errorf("in the end %+v", w.Stats())
				}
				_ = w.Close()
			})
		})
	}
}

// A search scans messages that are not indexed yet, but deleted text has to be wiped soon.
func TestDeletedTextIsWipedSoonerThanMessagesAreIndexed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		w := store.NewWriter(d, store.Options{Delay: -1})
		synctest.Wait()
		first := d.indexings() // what an earlier run left
		w.Write(nil, post(1))
		pass(900 * time.Millisecond)
		if n := d.indexings() - first; n != 0 {
			t.Errorf("a message was indexed %d times in 0.9 s", n)
		}
		w.Write(nil, chat.DropFlag{ID: 1})
		synctest.Wait()
		w.Write(nil, post(2))
		pass(20 * time.Millisecond)
		if d.indexings() == first {
			t.Error("nothing was wiped out")
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestIndexingWaitsForAQuietMomentUnlessTheBacklogIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		w := store.NewWriter(d, store.Options{IndexBacklog: 50, Delay: -1, IndexQuiet: 10 * time.Millisecond})
		synctest.Wait()
		first := d.indexings() // what an earlier run left
		for i := range uint64(20) {
			w.Write(nil, post(i+1))
			synctest.Wait()
		}
		if d.indexings() != first || first != 1 {
			t.Errorf("indexed %d times, %d before", d.indexings(), first)
		}
		pass(20 * time.Millisecond)
		if d.indexings() != first+1 {
			t.Errorf("indexed %d times after a pause", d.indexings())
		}
		for i := range uint64(60) {
			w.Write(nil, post(i+21))
			synctest.Wait()
		}
		if d.indexings() != first+2 {
			t.Errorf("indexed %d times with a backlog", d.indexings())
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestErrorsOfIndexingAreReportedAndRetriedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		var trouble []error
		w := store.NewWriter(d, store.Options{Trouble: func(err error) { trouble = append(trouble, err) }})
		synctest.Wait()
		w.Write(nil, post(1))
		w.Wait()
		d.set(store.ErrNoSpace)
		pass(time.Second)
		if len(trouble) != 1 || !errors.Is(trouble[0], store.ErrNoSpace) {
			t.Errorf("%v", trouble)
		}
		before := d.indexings()
		d.set(nil)
		pass(10 * time.Second)
		if d.indexings() != before+1 || len(trouble) != 1 {
			t.Errorf("indexed %d times more, %v", d.indexings()-before, trouble)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestExpireIsCalledPeriodically(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		w := store.NewWriter(d, store.Options{Keep: store.Keep{Bytes: 1}})
		w.Write(nil, post(1))
		pass(time.Hour + time.Second)
		if d.expired != 6 {
			t.Errorf("%d times in an hour", d.expired)
		}
		if list, err := d.History(chat.HistoryQuery{Room: "#lobby", Limit: 1}); len(list) > 0 {
			t.Errorf("%v %v", list, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestManyWritersAreAnsweredOnceEach(t *testing.T) {
	d := newDisk(t)
	w := store.NewWriter(d, store.Options{MaxRecords: 20})
	var all sync.WaitGroup
	for p := range uint64(20) {
		all.Go(func() {
			last := uint64(0)
			for i := range uint64(100) {
				for woken := make(chan struct{}); w.Full(sync.OnceFunc(func() { close(woken) })); woken = make(chan struct{}) {
					<-woken
				}
				saved := make(chan error, 2)
				w.Write(func(err error) { saved <- err }, post(1+p*100+i))
				if err := <-saved; err != nil {
					t.Error(err)
				}
				last++
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if s := w.Stats(); s.Records != 2000 || s.Waiting != 0 || s.WaitingBytes != 0 || sum(s.Latency.Counts[:]) != s.Batches {
		t.Errorf("%+v", s)
	}
}

func TestUsersAreToldTheReasonWithoutThePath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		w := store.NewWriter(d, store.Options{})
		for is, want := range map[error]string{
			store.ErrNoSpace:            "the disk is full",
			store.ErrReadOnly:           "the disk is read-only",
			errors.New("/var: strange"): "the disk can't be written",
		} {
			d.set(fmt.Errorf("write /var/chat.db: %w", is))
			pass(time.Minute) // it has found out
			var got error
			w.Write(func(err error) { got = err }, awaited(1))
			synctest.Wait()
			if text.Words(chat.Why(got)) != want || !errors.Is(got, is) {
				t.Errorf("%q, %v", text.Words(chat.Why(got)), got)
			}
		}
		d.set(nil)
		pass(time.Minute)
		_ = w.Close()
	})
}

func sum(list []uint64) (n uint64) {
	for _, k := range list {
		n += k
	}
	return n
}
