package client_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat/historytest"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/client/lossy"
)

// Clients post while their connections are cut and the server is stopped and crashes.
// Then every acknowledged message is stored once, nobody has got one twice, all of them
// have the room's messages, and what they have sent and read is linearizable. CLIENT_CUTS is the number of cuts, CLIENT_SEED repeats
// a run as far as the clock lets it.
func TestNothingIsLostOrDoubledByCuts(t *testing.T) {
	cuts := lossy.Number(t, "CLIENT_CUTS", 100)
	seed := uint64(lossy.Number(t, "CLIENT_SEED", int(time.Now().UnixNano()&0x7fffffff)))
	t.Logf("CLIENT_SEED=%d", seed)
	w := newWorld(t, nil)
	const rooms, people = 2, 4
	room := func(i int) string { return []string{"#lobby", "#tea"}[i%rooms] }
	var users []*user
	var history historytest.History
	for i := range people {
		o := w.options(fmt.Sprintf("user%c", 'a'+i))
		o.Idle, o.Timeout = 300*time.Millisecond, 500*time.Millisecond
		if i%2 == 0 {
			o.Password, o.Register = "correct horse battery", true
		}
		u := w.joins(o, "#tea")
		u.recorded(&history, i)
		if _, err := u.c.Send(client.Request{Type: "join", Room: "#tea"}); err != nil {
			t.Fatal(err)
		}
		users = append(users, u)
		u.says("#tea", "hello of "+u.name)
		u.flush()
	}
	w.network.Misbehave(lossy.Random(rand.New(rand.NewPCG(seed, 0)), true))
	stop := make(chan struct{})
	said := make([][]string, people)
	var talking sync.WaitGroup
	for i, u := range users {
		talking.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)+1))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				burst := 1 + r.IntN(12)
				u.until("acks", func() bool { return u.c.Unacked() < burst })
				text := fmt.Sprintf("%s says %d %s", u.name, n, strings.Repeat("x", r.IntN(200)))
				said[i] = append(said[i], text)
				u.says(room(r.IntN(rooms)), text)
				if r.IntN(20) == 0 {
					u.asks(room(r.IntN(rooms)))
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 99))
	total := func() (n int) {
		for _, u := range users {
			u.mu.Lock()
			n += len(u.seen)
			u.mu.Unlock()
		}
		return n
	}
	stops, crashes := 0, 0
	for next := 0; w.network.Cuts() < cuts; {
		if !w.network.Await(patience, func() bool { return w.network.Cuts() >= next }) {
			t.Fatalf("%d cuts instead of %d", w.network.Cuts(), next)
		}
		next += 5 + r.IntN(20)
		switch r.IntN(2) {
		case 0:
			stops++
			w.stop()
		default:
			crashes++
			w.crash(func() { // with messages that are never saved
				more := total() + 1 + r.IntN(10)
				w.network.Await(time.Second, func() bool { return total() >= more }) // they do not come if nobody is connected
			})
		}
		w.start()
	}
	close(stop)
	talking.Wait()
	w.network.Misbehave(nil)
	for _, u := range users {
		u.flush()
	}
	for _, name := range []string{"#lobby", "#tea"} {
		users[0].says(name, "the end of "+name)
		for _, u := range users {
			u.sees("the end of " + name)
		}
	}
	users[0].flush()
	// order has the number of each user's last message in a room, which must grow.
	order := map[string]int{}
	all, resumes, rollbacks, gaps := map[string]int{}, 0, 0, 0
	for _, name := range []string{"#lobby", "#tea"} {
		answered := history.Ask(0, name)
		log := users[0].history(name)
		answered(entries(log), false)
		for _, m := range log {
			all[m.Text]++
			var by string
			var n int
			if _, err := fmt.Sscanf(m.Text, "%s says %d", &by, &n); err == nil {
				if last, ok := order[name+by]; ok && last >= n {
					t.Errorf("%s said %d after %d", by, n, last)
				}
				order[name+by] = n
			}
		}
		for _, u := range users {
			if u.gaps > 0 {
				u.history(name) // which the transcript applies, too
			}
			if diff := cmp.Diff(log, u.transcript(name)); diff != "" {
				t.Errorf("%s has another history of %s (-log +own):\n%.800s", u.name, name, diff)
			}
		}
	}
	posts := 0
	for i, u := range users {
		u.check()
		for _, text := range said[i] {
			posts++
			if all[text] != 1 {
				t.Errorf("%q was acknowledged and is there %d times", text, all[text])
			}
		}
		resumes, rollbacks, gaps = resumes+u.resumes, rollbacks+u.rollback, gaps+u.gaps
		if u.lost > 1 {
			t.Errorf("%s has lost %d sessions", u.name, u.lost-1)
		}
	}
	checked, err := history.Check(patience)
	if err != nil {
		t.Error(err)
	}
	if checked.Posts < posts || cuts >= 100 && checked.Histories < 3 {
		t.Errorf("checked only %v", checked)
	}
	t.Logf("checked %v", checked)
	t.Logf("%d messages, %d cuts, %d stops, %d crashes, %d resumes, %d rollbacks, %d gaps",
		posts, w.network.Cuts(), stops, crashes, resumes, rollbacks, gaps)
}

// Private messages between clients whose connections are cut are received once, in order: the
// server tells what arrived on a connection that was lost.
func TestPrivateMessagesAreNotLostOrDoubledByCuts(t *testing.T) {
	cuts := lossy.Number(t, "CLIENT_CUTS", 40)
	seed := uint64(lossy.Number(t, "CLIENT_SEED", int(time.Now().UnixNano()&0x7fffffff)))
	t.Logf("CLIENT_SEED=%d", seed)
	w := newWorld(t, nil)
	options := func(name string) client.Options {
		o := w.options(name)
		o.Idle, o.Timeout = 300*time.Millisecond, 500*time.Millisecond
		return o
	}
	ada, bob := w.joins(options("ada")), w.joins(options("bob"))
	users := []*user{ada, bob}
	for _, u := range users {
		u.says("#lobby", "hello of "+u.name)
		u.flush() // so that the token is there, too
	}
	w.network.Misbehave(lossy.Random(rand.New(rand.NewPCG(seed, 0)), true))
	w.network.CutAll() // the next connections have the faults
	said := make([][]string, len(users))
	var talking sync.WaitGroup
	for i, u := range users {
		other := users[1-i]
		talking.Go(func() {
			for n := 0; w.network.Cuts() < cuts; n++ {
				u.until("acks", func() bool { return u.c.Unacked() < 8 })
				other.until("private messages", func() bool { return n < len(other.private)+40 }) // fewer than may wait
				text := fmt.Sprintf("message %d %s", n, strings.Repeat("x", n%300))
				if _, err := u.c.Post(client.Post{To: other.name, Text: text}); err != nil {
					t.Error(err)
					return
				}
				said[i] = append(said[i], text)
				if n%20 == 19 { // without the faults, the server notices at once
					w.network.CutOne()
				}
			}
		})
	}
	talking.Wait()
	w.network.Misbehave(nil)
	for i, u := range users {
		u.flush()
		other := users[1-i]
		other.until("all", func() bool { return len(other.private) >= len(said[i]) })
	}
	for i, u := range users {
		u.says("#lobby", "the end of "+u.name)
		users[1-i].sees("the end of " + u.name)
		u.flush()
	}
	for i, u := range users {
		u.mu.Lock()
		diff := cmp.Diff(said[1-i], u.private)
		u.mu.Unlock()
		if diff != "" {
			t.Errorf("%s (-sent +received):\n%.2000s", u.name, diff)
		}
		u.check()
		t.Logf("%s has received %d messages, and resumed %d times", u.name, len(said[1-i]), u.resumes)
	}
}
