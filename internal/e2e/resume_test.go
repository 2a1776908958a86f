//go:build e2e && unix

package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
	jsonclient "github.com/sudoXpg/netloop/internal/client"
)

// A resumer is a client that posts as fast as it is acknowledged.
type resumer struct {
	c         *jsonclient.Client
	room      jsonclient.Transcript
	sent      map[string]string // by CID
	acked     map[string]uint64
	seen      map[uint64]bool
	problems  []string
	rollbacks int
	resumes   int
	done      bool // the end was seen
	gap       bool // messages are missing: a client that was away for more than 1,000 fetches them
}

// take acts on an event.
func (k *resumer) take(e jsonclient.Event) {
	k.room.Apply(e)
	switch e := e.(type) {
	case jsonclient.Message:
		k.got(e)
	case jsonclient.Joined:
		for _, m := range e.History {
			k.got(m)
		}
	case jsonclient.Ack:
		k.acked[e.CID] = e.ID
	case jsonclient.Rollback:
		k.rollbacks++
		k.seen = make(map[uint64]bool)
		for _, m := range k.room.Messages() {
			k.seen[m.ID] = true
		}
	case jsonclient.Connected:
		if e.Resumed {
			k.resumes++
		}
	case jsonclient.Gap:
		k.gap = true
	case jsonclient.Filled:
		k.gap = false
	case jsonclient.Failure, jsonclient.Lost:
		k.problems = append(k.problems, fmt.Sprintf("%T %+v", e, e))
	}
}

// awaits takes events until a message is acknowledged.
func (k *resumer) awaits(ctx context.Context, cid string) error {
	for k.acked[cid] == 0 {
		select {
		case e, open := <-k.c.Events():
			if !open {
				return k.c.Err()
			}
			k.take(e)
		case <-ctx.Done():
			return fmt.Errorf("no acknowledgement: %w", ctx.Err())
		}
	}
	return nil
}

func (k *resumer) got(m jsonclient.Message) {
	if m.Room != k.room.Room {
		return
	}
	if k.seen[m.ID] {
		k.problems = append(k.problems, "got twice: "+m.Text)
	}
	k.seen[m.ID] = true
	k.done = k.done || m.Text == "the end"
}

// Sessions, and messages with a CID, survive kill -9: each acknowledged message is stored once,
// nobody gets one twice, and all clients have what is stored.
func TestSessionsOutliveKill9(t *testing.T) {
	t.Parallel()
	const kills = 8
	accounts := []Account{{Name: "alice", Role: "user"}, {Name: "bob", Role: "user"}}
	dir := keep(t, accounts)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	var now atomic.Pointer[server]
	now.Store(startKeeping(t, dir))
	var acks atomic.Int64
	acked := make(chan struct{}, 1) // has an element after an ack
	stop := make(chan struct{})
	var posting, talking sync.WaitGroup
	clients := make([]*resumer, 4)
	for i, name := range []string{"alice", "bob", "carol", "dave"} {
		k := &resumer{
			room: jsonclient.Transcript{Room: chat.Lobby},
			sent: make(map[string]string), acked: make(map[string]uint64), seen: make(map[uint64]bool),
		}
		o := jsonclient.Options{
			Name: name, Timeout: patience, FillGaps: true,
			Connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
				at := now.Load().places[0]
				return new(net.Dialer).DialContext(ctx, at.network, at.address)
			},
			Rand: func() float64 { return 0.05 * rand.Float64() },
		}
		if i < len(accounts) {
			o.Password = accounts[i].Password()
		}
		var err error
		if k.c, err = jsonclient.Dial(ctx, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.c.Close() })
		// Its token comes before this acknowledgement: without one, it could only log in again.
		cid, err := k.c.Post(jsonclient.Post{Room: chat.Lobby, Text: name + " is here"})
		if err == nil {
			k.sent[cid] = name + " is here"
			err = k.awaits(ctx, cid)
		}
		if err != nil {
			t.Fatal(err)
		}
		clients[i] = k
	}
	for i, k := range clients {
		posting.Add(1)
		talking.Go(func() {
			said, stopped := 0, sync.OnceFunc(posting.Done)
			defer stopped()
			for {
				select {
				case <-stop:
					stopped()
				default:
					for k.c.Unacked() < 20 {
						said++
						text := fmt.Sprintf("client %d says %d", i, said)
						if cid, err := k.c.Post(jsonclient.Post{Room: chat.Lobby, Text: text}); err == nil {
							k.sent[cid] = text
						}
					}
				}
				select {
				case e, open := <-k.c.Events():
					if !open {
						return
					}
					k.take(e)
					if _, ok := e.(jsonclient.Ack); ok {
						acks.Add(1)
						select {
						case acked <- struct{}{}:
						default:
						}
					}
					if k.done && !k.gap && k.c.Unacked() == 0 {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	for range kills {
		for more := acks.Load() + 1 + rand.Int64N(200); acks.Load() < more; {
			select {
			case <-acked:
			case <-ctx.Done():
				t.Fatalf("%d acks instead of %d in time", acks.Load(), more)
			}
		}
		now.Load().dies(t)
		now.Store(startKeeping(t, dir))
	}
	close(stop)
	posting.Wait()
	for _, k := range clients {
		if err := k.c.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	end, err := clients[0].c.Post(jsonclient.Post{Room: chat.Lobby, Text: "the end"})
	if err != nil {
		t.Fatal(err)
	}
	talking.Wait()
	if err := clients[0].awaits(ctx, end); err != nil { // it may come after the message
		t.Fatal(err)
	}
	clients[0].sent[end] = "the end"
	stored := posts(t, dir)
	times := make(map[string]int)
	for _, text := range stored {
		times[text]++
	}
	sent, resumes, rollbacks := 0, 0, 0
	for i, k := range clients {
		for _, p := range k.problems[:min(len(k.problems), 5)] {
			t.Errorf("client %d: %s", i, p)
		}
		for cid, text := range k.sent {
			if id, ok := k.acked[cid]; !ok || times[text] != 1 || stored[id] != text {
				t.Errorf("%q: acknowledged %v as #%d, stored %d times", text, ok, id, times[text])
			}
		}
		own := make(map[uint64]string)
		for _, m := range k.room.Messages() {
			own[m.ID] = m.Text
		}
		if !maps.Equal(own, stored) {
			missing := slices.DeleteFunc(slices.Sorted(maps.Keys(stored)), func(id uint64) bool { return own[id] == stored[id] })
			t.Errorf("client %d has %d messages, %d are stored; it lacks %v", i, len(own), len(stored), missing[:min(len(missing), 10)])
		}
		sent, resumes, rollbacks = sent+len(k.sent), resumes+k.resumes, rollbacks+k.rollbacks
	}
	t.Logf("%d kills, %d messages, %d resumes, %d rollbacks", kills, sent, resumes, rollbacks)
	if resumes < kills {
		t.Errorf("%d resumes", resumes)
	}
	now.Load().stops(t)
}
