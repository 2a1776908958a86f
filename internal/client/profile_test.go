package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat/historytest"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/client/lossy"
)

// Broadcasts reach every client once, in order, although all of them lose their connections
// again and again. By default there are some clients that come back at once; CLIENT_PROFILE is a number
// of clients that are cut every 15 s or so, and away for 2 s, during 120 broadcasts in 120 s.
func TestBroadcastsReachClientsThatAreCut(t *testing.T) {
	profile := lossy.Number(t, "CLIENT_PROFILE", 0)
	people, broadcasts, cuts := 50, 36, 4
	if profile > 0 {
		people, broadcasts = profile, 120
	}
	w := newWorld(t, nil)
	away := func(ctx context.Context, _ time.Duration) error {
		if profile == 0 {
			return w.wait(ctx, 0)
		}
		return client.Wait(ctx, time.Second+rand.N(2*time.Second))
	}
	users := make([]*user, people)
	var history historytest.History
	for i := range users {
		o := w.options(fmt.Sprintf("user%d", i))
		o.Wait = away
		users[i] = w.joins(o)
		if i < 50 { // enough for the check, whose memory grows with the square of what was seen
			users[i].recorded(&history, i)
		}
	}
	speaker := w.joins(w.options("speaker"))
	speaker.recorded(&history, people)
	stop := make(chan struct{})
	var cutting sync.WaitGroup
	if profile > 0 {
		cutting.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-stop
				cancel()
			}()
			for client.Wait(ctx, 15*time.Second/time.Duration(people)) == nil {
				w.network.CutOne()
			}
		})
	}
	each := people * cuts / broadcasts
	for i := range broadcasts {
		speaker.says("#lobby", fmt.Sprintf("broadcast %d", i))
		switch {
		case profile > 0:
			_ = client.Wait(t.Context(), time.Second)
		default:
			speaker.flush()
			for range each {
				w.network.CutOne()
			}
		}
	}
	close(stop)
	cutting.Wait()
	speaker.flush()
	lost, doubled, resumes, gaps := 0, 0, 0, 0
	for _, u := range users {
		u.sees(fmt.Sprintf("broadcast %d", broadcasts-1))
		u.check()
		u.mu.Lock()
		texts := make(map[string]int)
		for _, m := range u.rooms["#lobby"].Messages() {
			texts[m.Text]++
		}
		for i := range broadcasts {
			switch n := texts[fmt.Sprintf("broadcast %d", i)]; {
			case n == 0:
				lost++
			case n > 1:
				doubled++
			}
		}
		for _, n := range u.seen {
			if n > 1 {
				doubled++
			}
		}
		resumes, gaps = resumes+u.resumes, gaps+u.gaps
		if u.lost > 1 {
			t.Errorf("%s has lost %d sessions", u.name, u.lost-1)
		}
		u.mu.Unlock()
	}
	t.Logf("%d clients, %d broadcasts, %d resumes, %d gaps: %d lost, %d doubled", people, broadcasts, resumes, gaps, lost, doubled)
	if lost > 0 || doubled > 0 || resumes < people {
		t.Errorf("%d lost, %d doubled, %d resumes", lost, doubled, resumes)
	}
	checked, err := history.Check(patience)
	if err != nil || checked.Posts != broadcasts || checked.Seen < broadcasts {
		t.Errorf("checked %v: %v", checked, err)
	}
	w.crash(func() {}) // otherwise each one is told that each other leaves
}
