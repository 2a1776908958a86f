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

// childVariable makes the test's program a server that others kill: it holds
// the folder.
const childVariable = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if onWine() {
		fmt.Println("skipped: Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
		return
	}
	if underRace { // ten times slower, and nothing here depends on the number
		rounds = 10
		if err := flag.Set("rapid.checks", "10"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// rounds is how often a process is killed.
var rounds = 100

// child writes messages without end, eight at a time, and says on standard
// output which are saved.
func child(dir string) error {
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return err
	}
	st, err := s.Load(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("epoch %d\n", st.Epoch)
	var id atomic.Uint64
	id.Store(st.LastID)
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
		}, chat.Post{Key: "ann", Event: chat.Event{
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
