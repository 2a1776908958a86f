package server_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/chat/historytest"
	"github.com/sudoXpg/netloop/internal/codec/json/jsontest"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// Programs whose connections are cut at random, on a server that crashes at random: what was
// acknowledged is in the log once, what each of them has seen, with what was rolled back, is the
// log, and all of it is linearizable.
func TestNothingIsLostAndNothingIsDoubled(t *testing.T) {
	const enough = 12 // seeds that reach every case
	seeds := enough
	if text := os.Getenv("SIM_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		seeds = max(n/20, 1)
	}
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "without TLS", true: "with TLS"}[secure], func(t *testing.T) {
			var sum outcome
			for seed := range seeds {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { sum.add(playCuts(t, uint64(seed), secure)) })
			}
			t.Logf("%+v", sum)
			happened := sum.Acks > 0 && sum.Cuts > 0 && sum.Torn > 0 && sum.Crashes > 0 && sum.Rollbacks > 0 && sum.Resumed > 0 &&
				sum.Checked.Histories > 2*seeds
			if seeds >= enough && (!happened || secure && sum.Tickets == 0) {
				t.Errorf("not everything has happened: %+v", sum)
			}
		})
	}
}

// The same seed gives the same run, operation by operation. TLS takes its randomness from the
// seed and its time from the world, so only another version of Go can change the run.
func TestCutsAreReproducible(t *testing.T) {
	for _, secure := range []bool{false, true} {
		var first outcome
		for i := range 2 {
			t.Run(fmt.Sprintf("secure=%v run %d", secure, i), func(t *testing.T) {
				o := playCuts(t, 3, secure)
				if i == 0 {
					first = o
				} else if o != first {
					t.Errorf("%+v, and then %+v", first, o)
				}
			})
		}
	}
}

// An outcome counts what has happened.
type outcome struct {
	Acks, Cuts, Crashes, Rollbacks, Resumed, Logins int

	Torn    int // connections that broke in the middle of something
	Lost    int // sessions whose token was used too late
	Tickets int // TLS sessions that were resumed
	Trace   uint64

	Checked historytest.Counts // by porcupine
}

func (o *outcome) add(p outcome) {
	o.Acks += p.Acks
	o.Cuts += p.Cuts
	o.Crashes += p.Crashes
	o.Rollbacks += p.Rollbacks
	o.Resumed += p.Resumed
	o.Logins += p.Logins
	o.Torn += p.Torn
	o.Lost += p.Lost
	o.Tickets += p.Tickets
	o.Trace ^= p.Trace
	o.Checked.Add(p.Checked)
}

// A heard is a message as a client has it.
type heard struct {
	Epoch, Seq float64
	ID, Text   string
}

// A cuttable is a program with what it has seen.
type cuttable struct {
	w         *crashing
	number    int
	name      string
	secure    *tls.Config // nil: without TLS
	conn      *lossyConn  // nil: not connected
	logins    int
	key       string
	at        fields // the place of the last event
	seen      []heard
	unacked   []fields
	acked     []string
	uncertain []string // that were sent in a session that has ended, and not acknowledged
	posts     int
	asked     map[string]func([]historytest.Message, bool) // for a history, by CID
}

// A crashing is a server that crashes, and its clients.
type crashing struct {
	t       *testing.T
	rng     *rand.Rand
	seed    uint64
	cert    *tls.Certificate // nil: without TLS
	schema  jsontest.Schema
	store   *memory.Store
	writer  *store.Writer
	f       *fixture
	clients []*cuttable
	history historytest.History
	calm    bool // connections do not break any more
	outcome outcome
}

func playCuts(t *testing.T, seed uint64, secure bool) outcome {
	cryptotest.SetGlobalRandom(t, seed)
	w := &crashing{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, store: memory.New(),
		schema: jsontest.Load(t, "../../docs/protocol.schema.json"),
	}
	if secure {
		begin := time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
		cert := testcert.Valid(begin, begin.AddDate(1, 0, 0), "chat.test")
		w.cert = &cert
	}
	w.start()
	for i := range 4 {
		c := &cuttable{
			w: w, number: i, name: fmt.Sprintf("user%d", i), at: fields{}, asked: map[string]func([]historytest.Message, bool){},
		}
		if secure {
			c.secure = &tls.Config{
				ServerName: "chat.test", InsecureSkipVerify: true, NextProtos: []string{"chat"},
				ClientSessionCache: tls.NewLRUClientSessionCache(0), Time: w.now,
				MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12 + uint16(min(i, 1)),
			}
		}
		w.clients = append(w.clients, c)
	}
	for range 150 {
		w.clients[w.rng.IntN(len(w.clients))].act()
	}
	w.finish()
	return w.outcome
}

// act does something at random.
func (c *cuttable) act() {
	w := c.w
	switch n := w.rng.IntN(40); {
	case c.conn == nil:
		c.connect()
	case n < 20:
		c.post()
	case n < 22:
		c.conn.hangUp()
		c.cut()
	case n < 23: // with what was not read
		c.conn.breaks()
		c.cut()
	case n < 24: // in the middle of what comes next
		c.conn.in, c.conn.out = 1+w.rng.IntN(600), 1+w.rng.IntN(200)
	case n < 26: // half-open: the server notices nothing
		c.cut()
	case n < 36:
		w.save()
	case n == 36:
		w.crash()
	case n == 37:
		w.f.advance(20 * time.Second)
	case n == 38:
		c.ask()
	default:
		c.read()
	}
}

func (w *crashing) now() time.Time { return w.f.world.Now() }

// start starts a server over what is stored. Nothing is stored before save.
func (w *crashing) start() {
	o := sim.Options{
		Seed: w.seed<<16 + uint64(w.outcome.Crashes), SocketBuffer: 2000,
		Faults: sim.Faults{
			ShortRead: 0.2, ShortWrite: 0.2, WouldBlock: 0.1, Spurious: 0.1, Reorder: 0.3, Partial: 0.3, Reset: 0.001,
		},
	}
	if w.f != nil {
		w.outcome.Trace ^= w.f.world.Trace()
		o.Start = w.now()
	}
	world := sim.New(o)
	w.f = startIn(w.t, world, func(o *server.Options) {
		state, err := w.store.Load(world.Now())
		if err != nil {
			w.t.Fatal(err)
		}
		w.writer = store.NewWriter(w.store, store.Options{Inline: true, Now: world.Now})
		o.Chat.State, o.Chat.Journal, o.Chat.Archive, o.Chat.Passwords = state, w.writer, w.store, plain{}
		o.MaxPerIP, o.NewPerIP = 0, 0
		if w.cert == nil {
			speaksJSON(o)
			return
		}
		speaksTLS(o)
		o.TLS.Certificates, o.TLS.Time = []tls.Certificate{*w.cert}, world.Now
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
		c.read()
		c.cut()
	}
	w.start()
}

// connect logs in, or resumes.
func (c *cuttable) connect() {
	w := c.w
	c.conn = newLossyConn(w.f)
	if !w.calm && w.rng.IntN(3) == 0 {
		c.conn.in, c.conn.out, c.conn.halfOpen = 1+w.rng.IntN(5000), 1+w.rng.IntN(3000), w.rng.IntN(3) == 0
	}
	if c.secure != nil {
		c.conn.handshake(c.secure)
	}
	c.send(fields{"type": "hello", "v": 1})
	if c.key == "" {
		w.outcome.Logins++
		c.logins++ // nobody knows whether the last name is still taken
		c.send(fields{"type": "login", "name": fmt.Sprintf("%s.%d", c.name, c.logins)})
	} else {
		r := fields{"type": "resume", "token": c.key}
		if len(c.at) > 0 {
			r["rooms"] = fields{chat.Lobby: c.at}
		}
		c.send(r)
	}
	w.save()
	c.read()
	if c.key == "" { // there is no session to send messages in
		c.cut()
	}
	for _, post := range slices.Clone(c.unacked) {
		c.send(post)
	}
}

// send sends a request, and takes what is received then.
func (c *cuttable) send(r fields) {
	if c.conn == nil {
		return
	}
	line, err := json.Marshal(r)
	if err == nil {
		err = c.w.schema.Client(line)
	}
	if err != nil {
		c.w.t.Fatalf("%s: %v", line, err)
	}
	c.conn.send(string(line) + "\n")
	c.read()
}

// cut forgets the connection.
func (c *cuttable) cut() {
	if c.conn == nil {
		return
	}
	c.w.outcome.Cuts++
	if c.conn.secure != nil && c.conn.secure.ConnectionState().DidResume {
		c.w.outcome.Tickets++
	}
	c.conn = nil
}

func (c *cuttable) post() {
	c.posts++
	cid := strconv.Itoa(c.posts)
	r := fields{"type": "post", "room": chat.Lobby, "text": c.text(cid), "cid": cid}
	c.unacked = append(c.unacked, r)
	c.w.history.Post(c.number, chat.Lobby, c.text(cid))
	c.send(r)
}

// text returns the text of the message with that CID.
func (c *cuttable) text(cid any) string { return fmt.Sprintf("%s says %v", c.name, cid) }

// ask asks for the end of the log.
func (c *cuttable) ask() {
	cid := fmt.Sprint("history ", len(c.asked))
	c.asked[cid] = c.w.history.Ask(c.number, chat.Lobby)
	c.send(fields{"type": "history", "room": chat.Lobby, "limit": 10, "cid": cid})
}

// sees records the latest messages that c has.
func (c *cuttable) sees() {
	if len(c.seen) > 0 {
		c.w.history.See(c.number, chat.Lobby, entries(c.seen[max(0, len(c.seen)-5):]))
	}
}

func entries(list []heard) []historytest.Message {
	all := make([]historytest.Message, len(list))
	for i, h := range list {
		all[i] = historytest.Message{Position: position(h.Epoch, h.Seq), Key: h.Text}
	}
	return all
}

func position(epoch, seq any) historytest.Position {
	e, _ := epoch.(float64)
	s, _ := seq.(float64)
	return historytest.Position{Epoch: uint64(e), Seq: uint64(s)}
}

// read takes what is there to be read.
func (c *cuttable) read() {
	if c.conn == nil {
		return
	}
	for _, line := range c.conn.lines() {
		if err := c.w.schema.Server([]byte(line)); err != nil {
			c.w.t.Errorf("%s%v", line, err)
		}
		var o fields
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			c.w.t.Fatalf("%q: %v", line, err)
		}
		if c.take(o); c.conn == nil {
			return
		}
	}
	if c.conn.broken {
		c.w.outcome.Torn++
		c.cut()
	}
}

// take acts on an object that was received.
func (c *cuttable) take(o fields) {
	if seq, ok := o["seq"]; ok && o["type"] != "ack" {
		c.at = fields{"epoch": o["epoch"], "seq": seq}
	}
	switch o["type"] {
	case "session":
		c.key, _ = o["token"].(string)
	case "joined":
		if o["resumed"] == true {
			c.w.outcome.Resumed++
		} else {
			c.forgets()
		}
		c.hear(allHeard(o["history"])...)
	case "message":
		c.hear(heardFrom(o))
	case "history":
		cid, _ := o["cid"].(string)
		c.asked[cid](entries(allHeard(o["events"])), o["older"] == true)
	case "rollback":
		c.w.outcome.Rollbacks++
		epoch, kept := o["epoch"].(float64), o["keptTo"].(float64)
		c.seen = slices.DeleteFunc(c.seen, func(h heard) bool { return h.Epoch == epoch && h.Seq > kept })
		c.w.history.Rollback(c.number, chat.Lobby, uint64(epoch), uint64(kept))
	case "ack":
		c.acknowledged(o)
	case "gap", "error", "bye":
		c.ends(o)
	}
}

// forgets forgets what was seen in a session that has ended.
func (c *cuttable) forgets() {
	c.seen = nil
	c.w.history.Forget(c.number, chat.Lobby)
}

// ends acts on what ends a session; nothing else is expected.
func (c *cuttable) ends(o fields) {
	switch o["code"] {
	case "resume-unknown": // its login was never saved, and so were its messages
	case "resume-reused": // a new token was lost, more than a minute ago
		c.w.outcome.Lost++
		for _, post := range c.unacked {
			c.uncertain = append(c.uncertain, post["text"].(string))
		}
		c.unacked = nil
	default:
		c.w.t.Fatalf("%s got %v", c.name, o)
	}
	c.key, c.at = "", fields{}
	c.forgets()
	c.cut()
}

func (c *cuttable) hear(list ...heard) {
	c.seen = append(c.seen, list...)
	c.sees()
}

// allHeard returns those of a list.
func allHeard(list any) (all []heard) {
	events, _ := list.([]any)
	for _, e := range events {
		if o, ok := e.(map[string]any); ok {
			all = append(all, heardFrom(o))
		}
	}
	return all
}

func heardFrom(o map[string]any) heard {
	h := heard{ID: o["id"].(string), Text: o["text"].(string)}
	h.Epoch, _ = o["epoch"].(float64)
	h.Seq, _ = o["seq"].(float64)
	return h
}

func (c *cuttable) acknowledged(o fields) {
	c.w.outcome.Acks++
	c.w.history.Ack(chat.Lobby, c.text(o["cid"]), position(o["epoch"], o["seq"]))
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
	w.calm = true
	for range 10 {
		for _, c := range w.clients {
			if c.conn == nil {
				c.connect()
			}
		}
		w.save()
		for _, c := range w.clients {
			c.read()
		}
	}
	w.outcome.Trace ^= w.f.world.Trace()
	answered := w.history.Ask(0, chat.Lobby)
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
		c.compare(log, count)
	}
	if text := fmt.Sprint(log); strings.Count(text, "says") != len(log) {
		w.t.Errorf("the log is %s", text)
	}
	answered(entries(log), false)
	if w.outcome.Checked, err = w.history.Check(time.Minute); err != nil {
		w.t.Error(err)
	}
	if len(log) > 0 { // the check sees what is missing
		i := w.rng.IntN(len(log))
		w.history.Ask(0, chat.Lobby)(entries(slices.Delete(log, i, i+1)), false)
		if _, err := w.history.Check(time.Minute); err == nil {
			w.t.Errorf("a log without message %d is linearizable", i)
		}
	}
}

// compare compares what c has sent and seen with the log, in which each text is so many times.
func (c *cuttable) compare(log []heard, count map[string]int) {
	t := c.w.t
	if len(c.unacked) > 0 {
		t.Errorf("%s: not acknowledged: %v", c.name, c.unacked)
	}
	for _, text := range c.acked {
		if count[text] != 1 {
			t.Errorf("%q is in the log %d times", text, count[text])
		}
	}
	for _, text := range c.uncertain {
		if count[text] > 1 {
			t.Errorf("%q is in the log %d times", text, count[text])
		}
	}
	if len(c.seen) == 0 {
		return
	}
	from := slices.IndexFunc(log, func(h heard) bool { return h.ID == c.seen[0].ID })
	if from < 0 {
		t.Errorf("%s: the first message that it has seen is not in the log: %v", c.name, c.seen[0])
		return
	}
	if diff := cmp.Diff(log[from:], c.seen); diff != "" {
		t.Errorf("%s has not seen the log (-log +seen):\n%s", c.name, diff)
	}
}
