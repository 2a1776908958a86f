package historytest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat/historytest"
)

type (
	message  = historytest.Message
	position = historytest.Position
)

// enough is a limit that only a fault reaches.
const enough = time.Minute

const room = "#lobby"

// A faults is what goes wrong with the message in the middle of a history.
type faults struct {
	lost     bool // it is acknowledged, but not in the log
	twice    bool // it is in the log twice
	swapped  bool // one client reads it before the message before it
	late     bool // it is appended after a message that was sent after its acknowledgement
	stale    bool // a history that is asked for after its acknowledgement does not have it
	hole     bool // one client does not see it
	invented bool // it was not sent
	other    bool // its acknowledgement has the position of another message
	back     bool // one client sees it, and then no longer
}

// play records a history of n messages of 3 clients. Each message is acknowledged after some
// later ones were sent, and some never are.
func play(seed uint64, n int, f faults) *historytest.History {
	h, rng := &historytest.History{}, rand.New(rand.NewPCG(seed, 0))
	var log []message
	read := func(client int, list []message) { h.See(client, room, list[max(0, len(list)-4):]) }
	var acks []message
	settle := func() {
		rng.Shuffle(len(acks), func(i, j int) { acks[i], acks[j] = acks[j], acks[i] })
		for _, m := range acks {
			h.Ack(room, m.Key, m.Position)
		}
		acks = nil
	}
	for i := range n {
		faulty := i == n/2
		if faulty {
			settle()
		}
		m := message{position{1 + uint64(i/10), uint64(i * 3)}, fmt.Sprint("message ", i)}
		if !faulty || !f.invented {
			h.Post(rng.IntN(3), room, m.Key)
		}
		if faulty && f.late {
			h.Ack(room, m.Key, position{1000, 1})
			log = append(log, message{position{1000, 1}, m.Key})
			continue
		}
		if !faulty || !f.lost {
			log = append(log, m)
		}
		if faulty && f.twice {
			log = append(log, message{position{m.Epoch, m.Seq + 1}, m.Key})
		}
		if faulty && f.other {
			m.Position = log[len(log)-2].Position
		}
		if acks = append(acks, m); faulty && !f.invented || rng.IntN(3) == 0 {
			settle()
		} else if rng.IntN(10) == 0 { // never acknowledged
			acks = acks[:len(acks)-1]
		}
		if faulty && f.swapped {
			k := len(log)
			read(0, []message{log[k-1], log[k-2]})
		}
		if faulty && f.stale {
			h.Ask(1, room)(log[:len(log)-1], false)
		}
		if faulty && f.back {
			read(2, log)
			read(2, log[:len(log)-1])
		}
		list := log
		if i > n/2 && f.hole {
			list = slices.Delete(slices.Clone(log), n/2, n/2+1)
		}
		read(0, list)
		if rng.IntN(4) == 0 && i > 4 { // somebody is behind
			read(1, log[:len(log)-3])
		}
		if rng.IntN(4) == 0 {
			answered := h.Ask(rng.IntN(3), room)
			h.Post(1, room, fmt.Sprint("never appended ", i))
			answered(log[max(0, len(log)-20):], len(log) > 20)
		}
	}
	settle()
	slices.SortFunc(log, func(a, b message) int { return int(a.Epoch) - int(b.Epoch) })
	h.Ask(1, room)(log, false)
	return h
}

func TestHistoriesOfALogAreLinearizable(t *testing.T) {
	for seed := range uint64(20) {
		c, err := play(seed, 200, faults{}).Check(enough)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if c.Posts < 200 || c.Pending == 0 || c.Histories == 0 || c.Seen < 200 {
			t.Errorf("seed %d: %v", seed, c)
		}
	}
	if _, err := play(1, 5000, faults{}).Check(enough); err != nil {
		t.Error(err)
	}
}

func TestFaultyHistoriesAreRefused(t *testing.T) {
	for what, f := range map[string]faults{
		"lost":                   {lost: true},
		"doubled":                {twice: true},
		"read in another order":  {swapped: true},
		"appended late":          {late: true},
		"missing in a history":   {stale: true},
		"not seen by one client": {hole: true},
		"not sent":               {invented: true},
		"acknowledged elsewhere": {other: true},
		"seen and then not seen": {back: true},
	} {
		for _, n := range []int{10, 200, 2000} {
			_, err := play(1, n, f).Check(enough)
			if err == nil {
				t.Errorf("%s, %d messages: accepted", what, n)
			} else if n == 200 {
				t.Logf("%s: %v", what, err)
			}
		}
	}
}

// A message that was sent before and after a crash is in the log at most once.
func TestPostsThatWereNotAcknowledged(t *testing.T) {
	first, second := message{position{1, 1}, "a"}, message{position{2, 1}, "a"}
	for what, c := range map[string]struct {
		log []message
		ok  bool
	}{
		"not appended": {nil, true},
		"appended":     {[]message{second}, true},
		"twice":        {[]message{first, second}, false},
	} {
		h := &historytest.History{}
		h.Post(0, room, "a")
		h.See(1, room, []message{first})
		h.Rollback(1, room, 1, 0)
		h.Post(0, room, "a")
		h.Ask(1, room)(c.log, false)
		if _, err := h.Check(enough); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMessagesThatVanishAreRolledBackOrForgotten(t *testing.T) {
	for what, c := range map[string]struct {
		do func(*historytest.History)
		ok bool
	}{
		"rolled back":            {func(h *historytest.History) { h.Rollback(1, room, 1, 4) }, true},
		"less is rolled back":    {func(h *historytest.History) { h.Rollback(1, room, 1, 5) }, false},
		"more is rolled back":    {func(h *historytest.History) { h.Rollback(1, room, 1, 0) }, false},
		"another client is told": {func(h *historytest.History) { h.Rollback(0, room, 1, 4) }, false},
		"nobody is told":         {func(*historytest.History) {}, false},
		"the session has ended":  {func(h *historytest.History) { h.Forget(1, room) }, true},
	} {
		h := &historytest.History{}
		kept, vanished, last := message{position{1, 4}, "kept"}, message{position{1, 5}, "vanished"}, message{position{2, 1}, "last"}
		for _, m := range []message{kept, vanished, last} {
			h.Post(0, room, m.Key)
		}
		h.Ack(room, kept.Key, kept.Position)
		h.See(1, room, []message{kept, vanished})
		c.do(h)
		if what == "more is rolled back" {
			h.See(1, room, []message{last})
			h.Ask(0, room)([]message{last}, false)
		} else {
			h.See(1, room, []message{kept, last})
			h.Ask(0, room)([]message{kept, last}, false)
		}
		if _, err := h.Check(enough); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}
