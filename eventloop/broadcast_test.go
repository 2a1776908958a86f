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
// while a seed injects every kind of fault.
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
	taken   uint64 // bytes given to handlers that have no filter
	faults  []error
	buf     [4096]byte
}

type line struct {
	author int
	text   []byte
}

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
		return p.ports[int(c.RemoteAddrPort().Port())]
	})
	return p, err
}

// invite makes a guest connect.
func (p *party) invite() error {
	g := &guest{party: p, id: len(p.guests) + 1, fate: p.rng.IntN(fates), slow: p.rng.IntN(4) == 0}
	g.lines = p.rng.IntN(6)
	for i := range g.lines {
		g.say = fmt.Appendf(g.say, "%d:%d:%s\n", g.id, i, bytes.Repeat([]byte{'a' + byte(i)}, p.rng.IntN(200)))
	}
	if p.rng.IntN(3) == 0 {
		g.seal()
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

// step lets every loop take a turn, and now and then advances the clock.
func (p *party) step(most time.Duration) error {
	for _, l := range p.g.Loops() {
		if err := l.Step(time.Duration(p.rng.IntN(3)) * most / 2); err != nil {
			return err
		}
	}
	return nil
}

// act makes one guest, or the server, do something.
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

// finish lets every guest send and read what is left, until nothing happens any more.
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

// check checks that every guest received what was sent.
func (p *party) check() error {
	var out uint64
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
		out += uint64(g.raw)
		if g.theirs != nil {
			p.taken += uint64(g.theirs.Fed())
		}
		whole = whole && !g.broken
	}
	s, in := p.g.Stats(), p.taken
	if len(p.faults) > 0 {
		return errors.Join(p.faults...)
	}
	if s.Accepted != uint64(p.opened) || s.Open != uint64(open) || s.BytesIn != in {
		return fmt.Errorf("%d opened, %d open, %d bytes in: %+v", p.opened, open, in, s)
	}
	if s.BytesOut < out || whole && s.BytesOut != out || s.Dialed+s.Stalled+s.Lagged != 0 || s.AcceptCalls < s.Accepted {
		return fmt.Errorf("%d bytes arrived: %+v", out, s)
	}
	return nil
}

// close ends the party and checks that it leaves nothing behind.
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

// number returns the value of an environment variable, or a default.
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
