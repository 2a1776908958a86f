package server_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// Programs whose connections are cut at random, on a server that crashes at random: what was
// acknowledged is in the log once, and what each of them has seen, with what was taken back, is
// the log.
func TestNothingIsLostAndNothingIsDoubled(t *testing.T) {
	const enough = 15 // for everything to happen
	seeds := enough
	if text := os.Getenv("SIM_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		seeds = max(n/10, 1)
	}
	var sum outcome
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { sum.add(playCuts(t, uint64(seed))) })
	}
	t.Logf("%+v", sum)
	if seeds >= enough && (sum.Acks == 0 || sum.Cuts == 0 || sum.Crashes == 0 || sum.Rollbacks == 0 || sum.Resumed == 0) {
		t.Errorf("not everything has happened: %+v", sum)
	}
}

// An outcome counts what has happened.
type outcome struct{ Acks, Cuts, Crashes, Rollbacks, Resumed, Logins int }

func (o *outcome) add(p outcome) {
	o.Acks += p.Acks
	o.Cuts += p.Cuts
	o.Crashes += p.Crashes
	o.Rollbacks += p.Rollbacks
	o.Resumed += p.Resumed
	o.Logins += p.Logins
}

// A heard is a message as a client has it.
type heard struct {
	Epoch, Seq float64
	ID, Text   string
}

// A cuttable is a program with what it has seen.
type cuttable struct {
	w       *crashing
	name    string
	p       *program // nil: not connected
	key     string
	at      fields // the place of the last event
	seen    []heard
	unacked []fields
	acked   []string
	posts   int
}

// A crashing is a server that crashes, and its clients.
type crashing struct {
	t       *testing.T
	rng     *rand.Rand
	store   *memory.Store
	writer  *store.Writer
	f       *fixture
	clients []*cuttable
	outcome outcome
}

func playCuts(t *testing.T, seed uint64) outcome {
	w := &crashing{t: t, rng: rand.New(rand.NewPCG(seed, 1)), store: memory.New()}
	w.start()
	for i := range 4 {
		w.clients = append(w.clients, &cuttable{w: w, name: fmt.Sprintf("user%d", i), at: fields{}})
	}
	for range 150 {
		c := w.clients[w.rng.IntN(len(w.clients))]
		switch n := w.rng.IntN(40); {
		case c.p == nil:
			c.connect()
		case n < 20:
			c.post()
		case n < 24:
			_ = c.p.c.Close()
			c.cut()
		case n < 26: // half-open: the server notices nothing
			c.cut()
		case n < 36:
			w.save()
		case n == 36:
			w.crash()
		default:
			c.read()
		}
	}
	w.finish()
	return w.outcome
}

// start starts a server over what is stored. Nothing is stored before save.
func (w *crashing) start() {
	w.f = startOn(w.t, w.store, speaksJSON, func(o *server.Options) {
		s, ok := o.Chat.Journal.(stepped)
		if !ok {
			w.t.Fatal("the journal is another one")
		}
		w.writer = s.Writer
		o.Chat.Journal = s.Writer
		o.MaxPerIP, o.NewPerIP = 0, 0
	})
}

// save stores what was written until nothing more happens.
func (w *crashing) save() {
	for range 20 {
		w.f.settle()
		for w.writer.Step() {
		}
	}
}

// crash ends the server, with what was not stored.
func (w *crashing) crash() {
	w.outcome.Crashes++
	for _, c := range w.clients {
		if c.p != nil {
			c.read()
			c.cut()
		}
	}
	w.start()
}

// connect logs in, or resumes.
func (c *cuttable) connect() {
	c.p = c.w.f.program()
	if c.key == "" {
		c.w.outcome.Logins++
		c.send(fields{"type": "login", "name": c.name})
	} else {
		r := fields{"type": "resume", "token": c.key}
		if len(c.at) > 0 {
			r["rooms"] = fields{"#lobby": c.at}
		}
		c.send(r)
	}
	c.w.save()
	c.read()
	for _, post := range slices.Clone(c.unacked) {
		c.send(post)
	}
}

func (c *cuttable) send(r fields) { c.take(c.p.asks(r)) }

func (c *cuttable) cut() {
	c.w.outcome.Cuts++
	c.p = nil
}

func (c *cuttable) post() {
	c.posts++
	r := fields{"type": "post", "room": "#lobby", "text": fmt.Sprintf("%s says %d", c.name, c.posts), "cid": strconv.Itoa(c.posts)}
	c.unacked = append(c.unacked, r)
	c.send(r)
}

func (c *cuttable) read() { c.take(c.p.objects()) }

// take acts on what was received.
func (c *cuttable) take(got []fields) {
	for _, o := range got {
		if seq, ok := o["seq"]; ok && o["type"] != "ack" {
			c.at = fields{"epoch": o["epoch"], "seq": seq}
		}
		switch o["type"] {
		case "session":
			c.key, _ = o["token"].(string)
		case "joined":
			if o["resumed"] == true {
				c.w.outcome.Resumed++
			}
			missed, _ := o["history"].([]any)
			for _, m := range missed {
				if e, ok := m.(map[string]any); ok {
					c.hear(e)
				}
			}
		case "message":
			c.hear(o)
		case "rollback":
			c.w.outcome.Rollbacks++
			epoch, kept := o["epoch"].(float64), o["keptTo"].(float64)
			c.seen = slices.DeleteFunc(c.seen, func(h heard) bool { return h.Epoch == epoch && h.Seq > kept })
		case "ack":
			c.acknowledged(o)
		case "gap", "error", "bye":
			if o["code"] == "resume-unknown" || o["code"] == "resume-reused" { // its login was never saved
				c.key, c.at, c.seen, c.p = "", fields{}, nil, nil
				return
			}
			if o["code"] != "name-taken" && o["code"] != "no-name" {
				c.w.t.Fatalf("%s got %v", c.name, o)
			}
		}
	}
}

func (c *cuttable) hear(o map[string]any) {
	h := heard{ID: o["id"].(string), Text: o["text"].(string)}
	h.Epoch, _ = o["epoch"].(float64)
	h.Seq, _ = o["seq"].(float64)
	c.seen = append(c.seen, h)
}

func (c *cuttable) acknowledged(o fields) {
	c.w.outcome.Acks++
	if o["stored"] != true {
		c.w.t.Errorf("%s: an ack of what is not stored: %v", c.name, o)
	}
	c.unacked = slices.DeleteFunc(c.unacked, func(post fields) bool {
		if post["cid"] != o["cid"] {
			return false
		}
		text, _ := post["text"].(string)
		c.acked = append(c.acked, text)
		return true
	})
}

// finish brings everybody back and compares.
func (w *crashing) finish() {
	for range 6 {
		for _, c := range w.clients {
			if c.p == nil {
				c.connect()
			}
		}
		w.save()
		for _, c := range w.clients {
			if c.p != nil {
				c.read()
			}
		}
	}
	events, err := w.store.History(chat.HistoryQuery{Room: chat.Lobby, Limit: math.MaxInt32})
	if err != nil {
		w.t.Fatal(err)
	}
	var log []heard
	count := map[string]int{}
	for _, e := range events {
		log = append(log, heard{float64(e.Epoch), float64(e.Seq), strconv.FormatUint(e.ID, 10), e.Body})
		count[e.Body]++
	}
	for _, c := range w.clients {
		if len(c.unacked) > 0 {
			w.t.Errorf("%s: not acknowledged: %v", c.name, c.unacked)
		}
		for _, text := range c.acked {
			if count[text] != 1 {
				w.t.Errorf("%q is in the log %d times", text, count[text])
			}
		}
		if len(c.seen) == 0 {
			continue
		}
		from := slices.IndexFunc(log, func(h heard) bool { return h.ID == c.seen[0].ID })
		if from < 0 {
			w.t.Errorf("%s: the first message that it has seen is not in the log: %v", c.name, c.seen[0])
			continue
		}
		if diff := cmp.Diff(log[from:], c.seen); diff != "" {
			w.t.Errorf("%s has not seen the log (-log +seen):\n%s", c.name, diff)
		}
	}
	if text := fmt.Sprint(log); strings.Count(text, "says") != len(log) {
		w.t.Errorf("the log is %s", text)
	}
}
