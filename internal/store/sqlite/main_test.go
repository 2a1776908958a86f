package sqlite_test

import (
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// childVariable makes the test's program the writer that is killed: its value
// is the folder.
const childVariable = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(sqlite.MigrationVariable); dir != "" {
		fmt.Fprintln(os.Stderr, sqlite.DieMigrating(dir))
		os.Exit(1)
	}
	if noPlaceholders() { // so that it is visible that no other test ran
		if err := flag.Set("test.run", "^TestTheLibraryHasItsMemory$"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if underRace || onWine() { // each file, or each process, takes ten times as long
		rounds = 10 // nothing here depends on the number
		if err := flag.Set("rapid.checks", "10"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

func TestTheLibraryHasItsMemory(t *testing.T) {
	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs: no test of this package runs")
	}
}

// rounds is how many times a process is killed.
var rounds = 100

// child writes messages until it is killed, eight at a time, and prints on
// standard output which are saved.
func child(dir string) error {
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return err
	}
	st, err := s.Load(time.Now())
	if err != nil {
		return err
	}
	if err := s.Commit([]chat.Record{chat.Account{ID: 1, Name: "ann"}}); err != nil {
		return err
	}
	fmt.Printf("epoch %d\n", st.Epoch)
	var id atomic.Uint64
	id.Store(max(1, st.LastID))
	w := store.NewWriter(s, store.Options{IndexStep: 8, IndexBacklog: 64})
	failed := make(chan error)
	var next func(error)
	write := func() {
		n := id.Add(1)
		body := fmt.Sprintf("message %d of %d", n, st.Epoch)
		w.Write(func(err error) {
			if err == nil {
				_, err = fmt.Printf("saved %d\n", n)
			}
			next(err)
		}, chat.Post{Key: "ann", Owner: 1, CID: fmt.Sprint(n), Event: chat.Event{
			Room: "#lobby", Epoch: st.Epoch, Seq: n, ID: n, Kind: chat.Say, Name: "ann", Body: body, Time: time.Now(),
		}}, chat.Act{By: "ann", Verb: "say", Target: body})
	}
	next = func(err error) {
		if err != nil {
			failed <- err
		}
		write()
	}
	for range 8 {
		write()
	}
	return <-failed
}
