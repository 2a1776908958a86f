package chat_test

import (
	"fmt"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// saved is a journal that saves everything at once.
type saved struct{ *memory.Store }

func (s saved) Write(done func(error), records ...chat.Record) {
	err := s.Commit(records)
	if done != nil {
		done(err)
	}
}

func (saved) Full(func()) bool { return false }

// While the archive is read for a client that comes back, others say more than memory retains.
func TestNothingIsMissingBetweenTheArchiveAndMemory(t *testing.T) {
	tokens := byte(0)
	s := memory.New()
	f := newFixtureWith(t, func(o *chat.Options) {
		o.Journal, o.Archive = saved{s}, s
		o.History = chat.DefaultHistory
		o.Resumption.Token = func() [32]byte {
			tokens++
			return [32]byte{tokens}
		}
	})
	ann, bob := f.join("ann"), f.join("bob")
	f.hub.OpenSession(&ann.Member, now)
	ann.resume()
	key := lastAnswer[chat.Resumable](ann).Token
	said := 0
	says := func(n int) {
		for range n {
			f.hub.Post(&bob.Member, chat.Line{Kind: chat.Say, Text: fmt.Sprint(said)}, now)
			said++
		}
	}
	says(1)
	last := f.feed.events[len(f.feed.events)-1]
	f.hub.Linger(&ann.Member, now)
	says(3 * chat.DefaultHistory)
	back := f.admit()
	back.slow = true
	f.hub.Resume(&back.Member, key, chat.Seen{Rooms: []chat.Position{{Room: chat.Lobby, Epoch: last.Epoch, Seq: last.Seq}}}, now)
	for len(back.waits) > 0 && len(back.rooms) == 0 {
		next := back.waits[0]
		back.waits = back.waits[1:]
		next()
		if said < 7*chat.DefaultHistory { // twice
			says(3 * chat.DefaultHistory)
		}
	}
	if len(back.recent) != said-1 {
		t.Errorf("missed %d messages, and got %d", said-1, len(back.recent))
	}
	for i, e := range back.recent {
		if e.Body != fmt.Sprint(i+1) {
			t.Fatalf("message %d is %q", i+1, e.Body)
		}
	}
}
