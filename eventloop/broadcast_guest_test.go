package eventloop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// What a guest does after its last line.
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
	parted bool // it has done so
	eof    bool // has read all
	broken bool // the connection failed or was closed from here
	got    []byte
	ours   *toyfilter.Filter // nil: there is none
	theirs *toyfilter.Filter // at the server
	raw    int               // bytes read past ours

	half   []byte // of a line, at the server
	from   int    // place in the log at which it joined
	until  int    // and, if it half-closed, left
	opened bool
	joined bool
	closed int
}

func (p *party) complain(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

func greeting(id int) []byte { return fmt.Appendf(nil, "hello %d\n", id) }

// Opened implements eventloop.Handler. Some guests have to wait before they
// join; nothing that they send meanwhile may be lost.
func (g *guest) Opened(c *eventloop.Conn) {
	g.party.opened++
	g.opened = true
	late := g.party.rng.IntN(2) == 0
	if !late {
		g.filter(c)
	}
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

// filter gives the connection a filter if its client has one.
func (g *guest) filter(c *eventloop.Conn) {
	if g.ours == nil || g.theirs != nil {
		return
	}
	g.theirs = toyfilter.New(g.party.complain)
	if err := c.SetFilter(g.theirs); err != nil {
		g.party.complain("SetFilter: %v", err)
	}
}

func (g *guest) enter(c *eventloop.Conn) {
	g.filter(c)
	p := g.party
	g.joined, g.from = true, len(p.log)
	_, _ = c.Write(greeting(g.id))
	c.Subscribe(p.topic, uint64(g.id), p.topic.Head())
}

// Received implements eventloop.Handler.
func (g *guest) Received(c *eventloop.Conn, data []byte) {
	p := g.party
	if p.rng.IntN(4) == 0 {
		c.Pause()
		c.Loop().AfterFunc(time.Duration(p.rng.IntN(3))*time.Millisecond, c.Resume)
	}
	if g.theirs == nil {
		p.taken += uint64(len(data))
	}
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

// seal makes g use a filter: what it says becomes records, with key updates between them.
func (g *guest) seal() {
	rng := g.party.rng
	g.ours = toyfilter.New(g.party.complain)
	var raw []byte
	for rest := g.say; len(rest) > 0; {
		if rng.IntN(3) == 0 {
			raw = g.ours.Update(raw)
		}
		n := 1 + rng.IntN(len(rest))
		raw = g.ours.Seal(raw, rest[:n])
		rest = rest[n:]
	}
	if g.fate == halfCloses {
		raw = g.ours.End(raw)
	}
	g.say = raw
}

// pull reads what the server has sent, through the filter if there is one.
func (g *guest) pull(b []byte) (int, error) {
	raw := func(b []byte) (int, error) {
		n, err := g.client.Read(b[:min(len(b), 1+g.party.rng.IntN(500))])
		g.raw += n
		return n, err
	}
	if g.ours == nil {
		return raw(b)
	}
	return g.ours.Pull(raw, b)
}

// talk makes g send a piece of its text, and after the last one leave if it is to.
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

// read makes g read up to n bytes.
func (g *guest) read(n int) error {
	for n > 0 && !g.broken && !g.eof {
		k, err := g.pull(g.party.buf[:min(n, len(g.party.buf))])
		n -= k
		g.got = append(g.got, g.party.buf[:k]...)
		if errors.Is(err, io.EOF) {
			if g.fate != halfCloses || !g.parted && (g.ours == nil || len(g.say) > 0) {
				return errors.New("the server closed a connection by itself")
			}
			g.eof, g.parted = true, true
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

// check compares what a guest received, and what it sent, with the log.
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
