package eventloop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// A party is a broadcaster with some ten guests that come, talk, read and go
// while everything goes wrong that a seed can think of.
type party struct {
	w     *sim.World
	g     *eventloop.Group
	topic *eventloop.Topic
	rng   *rand.Rand

	guests  []*guest
	invited int
	ports   map[int]*guest
	log     []line // in the order of the topic
	opened  int
	taken   uint64 // bytes given to handlers
	buf     [4096]byte
}

type line struct {
	author int
	text   []byte
}

// What a guest does when it has said everything.
const (
	stays = iota
	halfCloses
	closes
	resets
	fates
)

// A guest is a client and, on the other side, the handler of its connection.
type guest struct {
	party  *party
	id     int
	client *sim.Client
	say    []byte // not yet sent
	lines  int    // in all that it says
	fate   int
	slow   bool // reads nothing before the end
	parted bool // fate is fulfilled
	eof    bool // has read all
	broken bool // the connection failed or was closed from here
	got    []byte

	half   []byte // of a line, at the server
	from   int    // place in the log at which it joined
	until  int    // and, if it half-closed, left
	opened bool
	joined bool
	closed int
}

func greeting(id int) []byte { return fmt.Appendf(nil, "hello %d\n", id) }

// Opened implements eventloop.Handler. Some have to wait at the door, and
// nothing of what they say may be lost meanwhile.
func (g *guest) Opened(c *eventloop.Conn) {
	g.party.opened++
	g.opened = true
	if g.party.rng.IntN(2) == 0 {
		g.enter(c)
		return
	}
	checked := false
	err := c.Offload(func() { checked = true }, func() {
		if checked {
			g.enter(c)
		}
	})
	if err != nil {
		c.Abort(err)
	}
}

func (g *guest) enter(c *eventloop.Conn) {
	p := g.party
	g.joined, g.from = true, len(p.log)
	_, _ = c.Write(greeting(g.id))
	c.Subscribe(p.topic, uint64(g.id), p.topic.Head())
}

// Received implements eventloop.Handler.
func (g *guest) Received(_ *eventloop.Conn, data []byte) {
	p := g.party
	p.taken += uint64(len(data))
	g.half = append(g.half, data...)
	for {
		n := bytes.IndexByte(g.half, '\n') + 1
		if n == 0 {
			return
		}
		p.log = append(p.log, line{g.id, append([]byte(nil), g.half[:n]...)})
		p.topic.Append(uint64(g.id), uint64(len(p.log)), g.half[:n])
		g.half = g.half[n:]
	}
}

// EOF implements eventloop.EOFHandler.
func (g *guest) EOF(c *eventloop.Conn) {
	g.until = len(g.party.log)
	c.Close()
}

// Drained implements eventloop.Handler.
func (g *guest) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (g *guest) Closed(*eventloop.Conn, error) { g.closed++ }

func newParty(seed uint64, log io.Writer) (*party, error) {
	p := &party{rng: rand.New(rand.NewPCG(seed, 2)), ports: make(map[int]*guest)}
	faults := sim.SomeFaults(seed)
	if p.rng.IntN(4) == 0 {
		faults.Reset = 0.01
	}
	buffers := [...]int{64 << 10, 500, 50}
	p.w = sim.New(sim.Options{Seed: seed, Faults: faults, SocketBuffer: buffers[p.rng.IntN(len(buffers))], Log: log})
	p.topic = eventloop.NewTopic(eventloop.TopicOptions{})
	p.invited = 6 + p.rng.IntN(8)
	var err error
	p.g, err = eventloop.New(eventloop.Options{
		Open: p.w.Open, Now: p.w.Now, Executor: p.w.Executor(), Loops: 1 + p.rng.IntN(2),
		ReadBuffer: 1 + p.rng.IntN(300), ReusePort: p.rng.IntN(2) == 0, StallTimeout: -1,
	})
	if err != nil {
		return nil, err
	}
	_, err = p.g.Listen("tcp", address, func(c *eventloop.Conn) eventloop.Handler {
		return p.ports[int(c.RemoteAddr().Port())]
	})
	return p, err
}

// invite has a guest connect.
func (p *party) invite() error {
	g := &guest{party: p, id: len(p.guests) + 1, fate: p.rng.IntN(fates), slow: p.rng.IntN(4) == 0}
	g.lines = p.rng.IntN(6)
	for i := range g.lines {
		g.say = fmt.Appendf(g.say, "%d:%d:%s\n", g.id, i, bytes.Repeat([]byte{'a' + byte(i)}, p.rng.IntN(200)))
	}
	p.guests = append(p.guests, g)
	client, err := p.w.Dial("tcp", address)
	if err != nil {
		return err
	}
	if p.rng.IntN(3) == 0 {
		client.SetReadBuffer(1 + p.rng.IntN(100))
	}
	g.client = client
	p.ports[client.LocalAddr().(*net.TCPAddr).Port] = g
	return nil
}

// step lets every loop take a turn, and now and then the clock run on.
func (p *party) step(most time.Duration) error {
	for _, l := range p.g.Loops() {
		if err := l.Step(time.Duration(p.rng.IntN(3)) * most / 2); err != nil {
			return err
		}
	}
	return nil
}

// talk has g send a piece of what it has to say, and then leave if it wants to.
func (g *guest) talk() error {
	if g.broken || g.parted {
		return nil
	}
	if len(g.say) > 0 {
		n, err := g.client.Write(g.say[:1+g.party.rng.IntN(len(g.say))])
		g.say = g.say[n:]
		return g.failed(err)
	}
	switch g.parted = true; g.fate {
	case halfCloses:
		return g.failed(g.client.CloseWrite())
	case closes:
		g.broken = true
		return g.client.Close()
	case resets:
		g.broken = true
		return g.client.Reset()
	default:
		return nil
	}
}

// read has g read up to n bytes.
func (g *guest) read(n int) error {
	for n > 0 && !g.broken && !g.eof {
		k, err := g.client.Read(g.party.buf[:min(n, len(g.party.buf))])
		n -= k
		g.got = append(g.got, g.party.buf[:k]...)
		if errors.Is(err, io.EOF) {
			if g.eof = true; g.fate != halfCloses || !g.parted {
				return errors.New("the server closed a connection by itself")
			}
			return g.client.Close()
		}
		if err != nil {
			return g.failed(err)
		}
	}
	return nil
}

// failed notes that the connection has broken, which a fault may have done.
func (g *guest) failed(err error) error {
	var system *os.SyscallError
	if errors.As(err, &system) {
		g.broken = true
		return nil
	}
	if errors.Is(err, eventloop.ErrWouldBlock) {
		return nil
	}
	return err
}

// act has one guest, or the server, do something.
func (p *party) act() error {
	switch n := p.rng.IntN(8); {
	case n == 0 && len(p.guests) < p.invited:
		return p.invite()
	case n < 3 || len(p.guests) == 0:
		return p.step(2 * time.Millisecond)
	case n < 6:
		return p.guests[p.rng.IntN(len(p.guests))].talk()
	default:
		g := p.guests[p.rng.IntN(len(p.guests))]
		if g.slow {
			return nil
		}
		return g.read(1 + p.rng.IntN(500))
	}
}

// finish lets everybody say and read what is left, until all is quiet.
func (p *party) finish() error {
	for turns, quiet := 0, 0; quiet < 20; turns++ {
		if turns > 20000 {
			return errors.New("it never becomes quiet")
		}
		quiet++
		if err := p.step(200 * time.Millisecond); err != nil { // accepting pauses for up to a second
			return err
		}
		for _, g := range p.guests {
			said, got := len(g.say), len(g.got)
			if err := errors.Join(g.talk(), g.read(1<<20)); err != nil {
				return fmt.Errorf("guest %d: %w", g.id, err)
			}
			if said != len(g.say) || got != len(g.got) || !g.joined && !g.broken || !g.broken && !g.parted {
				quiet = 0
			}
		}
		if !p.w.Idle() {
			quiet = 0
		}
	}
	return nil
}

// check looks whether what came out is what went in.
func (p *party) check() error {
	var out, in uint64
	open, whole := 0, true
	said := make(map[int]int)
	for _, l := range p.log {
		if want := fmt.Appendf(nil, "%d:%d:", l.author, said[l.author]); !bytes.HasPrefix(l.text, want) {
			return fmt.Errorf("%q where %q was to come", l.text, want)
		}
		said[l.author]++
	}
	for _, g := range p.guests {
		if err := g.check(said[g.id]); err != nil {
			return fmt.Errorf("guest %d: %w", g.id, err)
		}
		if g.opened && g.closed == 0 {
			open++
		}
		out += uint64(len(g.got))
		whole = whole && !g.broken
	}
	s, in := p.g.Stats(), p.taken
	if s.Accepted != uint64(p.opened) || s.Open != uint64(open) || s.BytesIn != in {
		return fmt.Errorf("%d opened, %d open, %d bytes in: %+v", p.opened, open, in, s)
	}
	if s.BytesOut < out || whole && s.BytesOut != out || s.Dialed+s.Stalled+s.Lagged != 0 || s.AcceptCalls < s.Accepted {
		return fmt.Errorf("%d bytes arrived: %+v", out, s)
	}
	return nil
}

// check compares what a guest got, and what of it was heard, with the log.
func (g *guest) check(said int) error {
	if !g.broken && said != g.lines {
		return fmt.Errorf("%d of %d lines were heard", said, g.lines)
	}
	if !g.joined {
		if len(g.got) > 0 || !g.broken {
			return fmt.Errorf("never came in, and got %q", g.got)
		}
		return nil
	}
	want, due := greeting(g.id), 0
	for i, l := range g.party.log[g.from:] {
		if g.from+i == g.until {
			due = len(want)
		}
		if l.author != g.id {
			want = append(want, l.text...)
		}
	}
	if due == 0 || !g.eof {
		due = len(want)
	}
	if g.broken {
		due = 0
	}
	if !bytes.HasPrefix(want, g.got) || len(g.got) < due {
		return fmt.Errorf("got %q, want %q, %d bytes of it at least", g.got, want, due)
	}
	if g.closed > 1 || g.eof && g.closed != 1 {
		return fmt.Errorf("closed %d times", g.closed)
	}
	return nil
}

// close ends the party: nothing may be left of it.
func (p *party) close() error {
	if err := p.g.Close(); err != nil {
		return err
	}
	for _, g := range p.guests {
		if g.opened && g.closed != 1 {
			return fmt.Errorf("guest %d was closed %d times", g.id, g.closed)
		}
	}
	if s := p.g.Stats(); s.Open != 0 {
		return fmt.Errorf("open after the end: %+v", s)
	}
	if n := p.w.Handles(); n != 0 {
		return fmt.Errorf("%d handles are still open", n)
	}
	return nil
}

// broadcast plays a whole party and returns the trace of it.
func broadcast(seed uint64, log io.Writer) (trace uint64, err error) {
	p, err := newParty(seed, log)
	if err != nil {
		return 0, err
	}
	for range 150 {
		if err := p.act(); err != nil {
			return 0, err
		}
	}
	for len(p.guests) < p.invited {
		if err := p.invite(); err != nil {
			return 0, err
		}
	}
	for _, f := range []func() error{p.finish, p.check, p.close} {
		if err := f(); err != nil {
			return p.w.Trace(), err
		}
	}
	return p.w.Trace(), nil
}

// number returns what an environment variable says, or a default.
func number(t *testing.T, name string, value uint64) uint64 {
	if s := os.Getenv(name); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	return value
}

// SIM_SEEDS is how many seeds to play; SIM_SEED is the only one, with the log
// of its operations.
func TestABroadcastSurvivesEveryFault(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() {
		seeds = 200
	}
	seeds = number(t, "SIM_SEEDS", seeds)
	if one := number(t, "SIM_SEED", 0); one != 0 {
		if _, err := broadcast(one, t.Output()); err != nil {
			t.Fatal(err)
		}
		return
	}
	const shards = 4
	for shard := range uint64(shards) {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for seed := 1 + shard; seed <= seeds; seed += shards {
				trace, err := broadcast(seed, nil)
				again, _ := broadcast(seed, nil)
				if err == nil && again != trace {
					err = fmt.Errorf("two runs, with the traces %x and %x", trace, again)
				}
				if err != nil {
					t.Fatalf("seed %d: %v\nto see it: SIM_SEED=%d go test -count=1 -v -run %s ./eventloop",
						seed, err, seed, "TestABroadcastSurvivesEveryFault")
				}
			}
		})
	}
}
