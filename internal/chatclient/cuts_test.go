package chatclient_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/client/lossy"
)

// a reader keeps the messages that a session has shown, as lines.
type reader struct {
	tell func()

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced after each line
	rest     []byte
	messages []string
	notices  map[string]int
}

func newReader(tell func()) *reader {
	return &reader{tell: tell, changed: make(chan struct{}), notices: make(map[string]int)}
}

// Write implements io.Writer.
func (r *reader) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.rest = append(r.rest, p...)
	for {
		line, rest, found := bytes.Cut(r.rest, []byte("\n"))
		if !found {
			break
		}
		if r.rest = rest; bytes.HasPrefix(line, []byte("*** ")) {
			r.notices[string(line)]++
		} else {
			r.messages = append(r.messages, string(line))
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	r.tell()
	return len(p), nil
}

// count returns how many messages were shown.
func (r *reader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages)
}

// until waits until a condition holds, which is checked after each line.
func (r *reader) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	over := time.NewTimer(patience)
	defer over.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-over.C:
			t.Fatalf("not in time: %s", what)
		}
	}
}

// noticed reports whether a notice has this text in it.
func (r *reader) noticed(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range r.notices {
		if strings.Contains(n, text) {
			return true
		}
	}
	return false
}

// People type while their connections are cut and the server is restarted. Everybody is shown all
// that others have typed, once and in the same order. CLIENT_CUTS is the number of cuts,
// CLIENT_SEED repeats a run as far as the clock lets it.
func TestEveryLineIsShownOnceInSpiteOfCuts(t *testing.T) {
	cuts := lossy.Number(t, "CLIENT_CUTS", 60)
	seed := uint64(lossy.Number(t, "CLIENT_SEED", int(time.Now().UnixNano()&0x7fffffff)))
	t.Logf("CLIENT_SEED=%d", seed)
	w := newWorld(t)
	const people = 4 // of whom the last one types nothing until the end
	readers := make([]*reader, people)
	talkers := make([]*talker, people)
	name := func(i int) string { return fmt.Sprintf("user%c", 'a'+i) }
	for i := range people {
		readers[i] = newReader(w.network.Tell)
		talkers[i] = w.runs(&chatclient.Plain{Out: readers[i], Client: w.client(name(i), func(o *client.Options) {
			o.Idle, o.Timeout, o.FillGaps = 300*time.Millisecond, 500*time.Millisecond, true
			if i%2 == 0 {
				o.Password, o.Register = "correct horse battery", true
			}
		})})
		readers[i].until(t, "the room", func() bool { return readers[i].noticed(" as " + name(i)) })
	}
	for i, u := range talkers { // so that everybody has a token, and has seen the others come
		u.types("hello of " + name(i) + "\n")
		for j, r := range readers {
			r.until(t, "hello", func() bool { return j == i || r.count() > 0 && r.has(name(i)+": hello of "+name(i)) })
		}
	}
	w.network.Misbehave(lossy.Random(rand.New(rand.NewPCG(seed, 0)), true))
	w.network.CutAll() // the next connections have the faults

	typed := make([][]string, people)
	stop := make(chan struct{})
	var typing sync.WaitGroup
	for i := range people - 1 {
		typing.Go(func() { typed[i] = w.chats(talkers[i], readers, i, rand.New(rand.NewPCG(seed, uint64(i)+1)), stop) })
	}
	r := rand.New(rand.NewPCG(seed, 99))
	restarts := 0
	for next := 0; w.network.Cuts() < cuts && !t.Failed(); restarts++ {
		if !w.network.Await(patience, func() bool { return w.network.Cuts() >= next || t.Failed() }) {
			t.Fatalf("%d cuts instead of %d", w.network.Cuts(), next)
		}
		next += 5 + r.IntN(20)
		w.stop()
		w.start()
	}
	close(stop)
	typing.Wait()
	w.network.Misbehave(nil)
	talkers[people-1].types("the end\n")
	end := name(people-1) + ": the end"
	for i, r := range readers[:people-1] {
		r.until(t, "the end", func() bool { return r.has(end) })
		typed[i] = append([]string{"hello of " + name(i)}, typed[i]...)
	}
	typed[people-1] = []string{"hello of " + name(people-1), "the end"}
	total := 0
	for i := range people {
		total += len(typed[i])
		compare(t, readers, typed, i, name)
		for _, trouble := range []string{"may have arrived", "whether this message has arrived", "was not sent", "were missed", "in a new session"} {
			if readers[i].noticed(trouble) {
				t.Errorf("%s was told: %s", name(i), trouble)
			}
		}
	}
	t.Logf("%d lines, %d cuts, %d restarts", total, w.network.Cuts(), restarts)
}

// has reports whether a message was shown.
func (r *reader) has(line string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.messages, line)
}

// chats types until stop is closed, and returns the lines when they have arrived. Not more than a few lines are on their way
// to others, so that none of them is left out.
func (w *world) chats(u *talker, readers []*reader, i int, r *rand.Rand, stop <-chan struct{}) (typed []string) {
	last := readers[len(readers)-1]
	begin := last.from(i)
	waiting := func() int { return len(typed) - (last.from(i) - begin) }
	arrived := func(most int) {
		last.until(w.t, "what was typed", func() bool { return waiting() <= most })
	}
	for {
		select {
		case <-stop:
			arrived(0)
			return typed
		default:
		}
		arrived(r.IntN(12))
		if waiting() < 0 {
			w.t.Error("more was shown than typed")
			w.network.Tell()
			return typed
		}
		text := fmt.Sprintf("%d %s", len(typed), strings.Repeat("x", 1+r.IntN(200)))
		typed = append(typed, text)
		u.types(text + "\n")
	}
}

// from returns how many messages of a person were shown.
func (r *reader) from(i int) (n int) {
	prefix := fmt.Sprintf("user%c: ", 'a'+i)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		if strings.HasPrefix(m, prefix) {
			n++
		}
	}
	return n
}

// compare checks what the i-th person was shown: the lines that others have typed, each author's
// in their order, and all in the order in which every other person was shown them.
func compare(t *testing.T, readers []*reader, typed [][]string, i int, name func(int) string) {
	t.Helper()
	without := func(r *reader, authors ...int) []string {
		return slices.DeleteFunc(slices.Clone(r.messages), func(m string) bool {
			return slices.ContainsFunc(authors, func(a int) bool { return strings.HasPrefix(m, name(a)+": ") })
		})
	}
	for j := range readers {
		var want []string
		for _, text := range typed[j] {
			want = append(want, name(j)+": "+text)
		}
		if j == i {
			want = nil // what they have typed themselves
		}
		var got []string
		for _, m := range readers[i].messages {
			if strings.HasPrefix(m, name(j)+": ") {
				got = append(got, m)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s was shown of %s (-typed +shown):\n%.1500s", name(i), name(j), diff)
		}
		if diff := cmp.Diff(without(readers[j], i, j), without(readers[i], i, j)); diff != "" {
			t.Errorf("%s and %s were shown another order:\n%.1500s", name(j), name(i), diff)
		}
	}
}
