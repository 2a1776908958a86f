package sqlite_test

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// TestNothingThatWasSavedIsLostWhenTheProcessIsKilled kills a writer STORE_KILLS
// times, 100 if that is not set.
func TestNothingThatWasSavedIsLostWhenTheProcessIsKilled(t *testing.T) {
	rounds := rounds
	if n, err := strconv.Atoi(os.Getenv("STORE_KILLS")); err == nil {
		rounds = n
	}
	if testing.Short() {
		rounds = 5
	}
	dir := folder(t)
	r := rand.New(rand.NewPCG(1, 1))
	saved := map[uint64]bool{}
	lastEpoch, lastID := uint64(0), uint64(0)
	for round := range rounds {
		fresh := map[uint64]bool{}
		epoch := killed(t, dir, 1+r.IntN(60), fresh)
		maps.Copy(saved, fresh)
		if epoch <= lastEpoch {
			t.Fatalf("round %d: epoch %d after %d", round, epoch, lastEpoch)
		}
		s, st := opened(t, dir)
		if st.Epoch <= epoch || st.LastID <= lastID {
			t.Fatalf("round %d: epoch %d, ID %d", round, st.Epoch, st.LastID)
		}
		lastEpoch, lastID = st.Epoch, st.LastID
		// Check everything now and then, otherwise only new messages.
		whole := round%20 == 0 || round == rounds-1
		look, limit := fresh, 1000
		if whole {
			look, limit = saved, 1<<30
		}
		list, err := s.History(chat.HistoryQuery{Room: "#lobby", Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		have := map[uint64]bool{}
		for _, e := range list {
			have[e.ID] = true
			if want := fmt.Sprintf("message %d of %d", e.ID, e.Epoch); e.Body != want {
				t.Fatalf("round %d: %q instead of %q", round, e.Body, want)
			}
		}
		for id := range look {
			if !have[id] {
				t.Fatalf("round %d: message %d was saved and is lost", round, id)
			}
		}
		posted, err := s.Posted(1, chat.CIDWindow)
		if err != nil {
			t.Fatal(err)
		}
		known := map[uint64]bool{}
		for _, p := range posted {
			known[p.ID] = true
			if p.CID != fmt.Sprint(p.ID) || whole && !have[p.ID] {
				t.Fatalf("round %d: %+v is known, and the message is there: %v", round, p, have[p.ID])
			}
		}
		for id := range fresh {
			if !known[id] {
				t.Fatalf("round %d: message %d was saved and its client's ID is lost", round, id)
			}
		}
		if whole {
			healthy(t, s)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d messages saved, %d processes killed", len(saved), rounds)
}

// killed starts a writer and kills it once it has reported the given number of
// messages as saved. It adds these to saved.
func killed(t *testing.T, dir string, after int, saved map[uint64]bool) (epoch uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	said := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n uint64
		if _, err := fmt.Sscanf(lines.Text(), "epoch %d", &n); err == nil {
			epoch = n
		} else if _, err := fmt.Sscanf(lines.Text(), "saved %d", &n); err == nil {
			saved[n] = true
			said++
		} else {
			t.Fatalf("%q", lines.Text())
		}
		if said == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || said < after {
		t.Fatalf("the writer ended by itself after %d: %v", said, err)
	}
	return epoch
}

func healthy(t testing.TB, s *sqlite.Store) {
	t.Helper()
	if found, err := s.Verify(); err != nil || len(found) > 0 {
		t.Fatalf("damage: %v %q", err, found)
	}
}
