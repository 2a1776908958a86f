package server_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// A conversation is a server with its store, its clients, and the model of all
// of them. It is the only goroutine.
type conversation struct {
	t       rapid.TB
	world   *sim.World
	model   *model
	store   *memory.Store
	epoch   uint64
	writer  *store.Writer
	journal *spy
	srv     *server.Server
	network *network
	clients []*client // by number; nil: not connected
}

// A client is one person's program.
type client struct {
	c       *sim.Client
	conn    *conn // in the model
	stalled bool
}

// plain stores passwords unhashed.
type plain struct{}

func (plain) Hash(password string) (string, error)            { return "=" + password, nil }
func (plain) Match(hash, password string) (match, again bool) { return hash == "="+password, false }
func (plain) Check(string, string) error                      { return nil }

// A spy is a journal that records the numbers of messages and that a crash cuts off.
type spy struct {
	*store.Writer
	ids  map[string]uint64
	dead bool
}

func (s *spy) Write(done func(error), records ...chat.Record) {
	for _, r := range records {
		if p, ok := r.(chat.Post); ok {
			s.ids[p.Event.Body] = p.Event.ID
		}
	}
	if !s.dead {
		s.Writer.Write(done, records...)
	}
}

// A network is a backend that remembers what was sent to whom.
type network struct {
	eventloop.Backend
	peers map[eventloop.Handle]string
	sent  map[string]*bytes.Buffer // by the address of the peer
}

func (w *network) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	h, peer, err := w.Backend.Accept(ln)
	if err == nil {
		w.peers[h], w.sent[peer.String()] = peer.String(), &bytes.Buffer{}
	}
	return h, peer, err
}

func (w *network) Write(h eventloop.Handle, p []byte) (int, error) {
	n, err := w.Backend.Write(h, p)
	w.sent[w.peers[h]].Write(p[:n])
	return n, err
}

const (
	people       = 5
	socketBuffer = 100
	goodPassword = "secret-1"
)

func newConversation(t rapid.TB) *conversation {
	c := &conversation{
		t: t, world: sim.New(sim.Options{SocketBuffer: socketBuffer}), store: memory.New(), clients: make([]*client, people),
	}
	c.model = newModel(c.world.Now(), registered{name: "zoe", key: "zoe", password: goodPassword, staff: true})
	if err := c.store.Commit([]chat.Record{chat.Account{ID: 1, Name: "zoe", Role: chat.Moderator, Hash: "=" + goodPassword}}); err != nil {
		t.Fatal(err)
	}
	c.start()
	return c
}

// start starts a server on the store.
func (c *conversation) start() {
	state, err := c.store.Load(c.world.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	c.epoch = state.Epoch
	c.writer = store.NewWriter(c.store, store.Options{Inline: true, Now: c.world.Now})
	c.journal = &spy{Writer: c.writer, ids: c.model.ids}
	c.network = &network{peers: map[eventloop.Handle]string{}, sent: map[string]*bytes.Buffer{}}
	c.srv, err = server.New(server.Options{
		Loop: eventloop.Options{
			Now: c.world.Now, Executor: c.world.Executor(), StallTimeout: 24 * time.Hour,
			Open: func() (be eventloop.Backend, err error) {
				c.network.Backend, err = c.world.Open()
				return c.network, err
			},
		},
		Name:   "test",
		Chat:   chat.Options{State: state, Journal: c.journal, Archive: c.store, Passwords: plain{}},
		Limits: server.Limits{Grace: time.Hour},
	})
	if err == nil {
		_, err = c.srv.Listen("tcp", ":9034")
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// turn takes turns until nothing more happens. Slow clients do not read.
func (c *conversation) turn() {
	for quiet := 0; quiet < 4; quiet++ {
		if !c.world.Idle() || c.read() {
			quiet = 0
		}
		for _, l := range c.srv.Group().Loops() {
			if err := l.Step(0); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// read reads what there is, and returns whether there was anything.
func (c *conversation) read() (any bool) {
	var buf [socketBuffer]byte
	for _, p := range c.clients {
		if p == nil || p.stalled {
			continue
		}
		n, err := p.c.Read(buf[:])
		any = any || n > 0
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) && !errors.Is(err, io.EOF) {
			c.t.Fatalf("read: %v", err)
		}
	}
	return any
}

// settle completes an action at the server and in the model, and compares them.
// Without save nothing of it reaches the disk.
func (c *conversation) settle(save bool) {
	c.turn()
	for save && c.writer.Step() {
		c.turn()
	}
	c.model.settle(save)
	for _, p := range c.clients {
		if p != nil && p.conn.left && p.stalled {
			p.wake()
		}
	}
	c.turn()
	for i, p := range c.clients {
		if p == nil {
			continue
		}
		c.compare(i, p)
		if p.conn.left {
			c.hangUp(i)
		}
	}
	c.turn()
	// Time advances, so that no two messages have the same time.
	c.world.Advance(time.Second)
	c.model.now = c.world.Now()
}

func (c *conversation) compare(i int, p *client) {
	sent := c.network.sent[p.c.LocalAddr().String()]
	if sent == nil {
		c.t.Fatalf("%d was not accepted", i)
	}
	err := p.conn.took(withoutTelnet(sent))
	if err == nil && !p.stalled {
		err = p.conn.done()
	}
	if err != nil {
		c.t.Fatalf("to %d: %v", i, err)
	}
	if p.conn.left {
		if _, err := p.c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			c.t.Fatalf("%d is not closed: %v", i, err)
		}
	}
}

// withoutTelnet takes the bytes sent out of b, and removes the telnet commands.
func withoutTelnet(b *bytes.Buffer) string {
	var text []byte
	for p := b.Next(b.Len()); len(p) > 0; p = p[1:] {
		if p[0] != 0xff {
			text = append(text, p[0])
			continue
		}
		if len(p) < 3 { // the rest comes later
			b.Write(p)
			break
		}
		p = p[2:]
	}
	return string(text)
}

func (p *client) stall() {
	p.stalled = true
	p.c.SetReadBuffer(1)
}

func (p *client) wake() {
	p.stalled = false
	p.c.SetReadBuffer(socketBuffer)
}

// waits lets half a minute pass.
func (c *conversation) waits() {
	c.world.Advance(30 * time.Second)
	c.model.now = c.world.Now()
}

// resets breaks a connection.
func (c *conversation) resets(i int) {
	p := c.clients[i]
	_ = p.c.Reset()
	c.clients[i] = nil
	c.model.goes(p.conn, "connection lost")
}

func (c *conversation) hangUp(i int) {
	_ = c.clients[i].c.Close()
	c.clients[i] = nil
}

// sends sends lines at once, and passes them to the model.
func (c *conversation) sends(i int, lines ...string) {
	p := c.clients[i]
	for rest := []byte(strings.Join(lines, "\r\n") + "\r\n"); len(rest) > 0; {
		n, err := p.c.Write(rest)
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			c.t.Fatalf("send: %v", err)
		}
		if rest = rest[n:]; n == 0 {
			c.turn()
		}
	}
	for _, line := range lines {
		c.model.line(p.conn, line)
	}
}

// begin makes the moderator log in.
func (c *conversation) begin() {
	c.connects(0)
	for _, line := range []string{"zoe", goodPassword} {
		c.sends(0, line)
		c.settle(true)
	}
}

// end makes every client read what there is.
func (c *conversation) end() {
	for _, p := range c.clients {
		if p != nil {
			p.wake()
		}
	}
	c.settle(true)
}

// connects connects a client, from an address that two share.
func (c *conversation) connects(i int) {
	addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + i/2)})
	s, err := c.world.DialFrom(addr, "tcp", "127.0.0.1:9034")
	if err != nil {
		c.t.Fatal(err)
	}
	c.clients[i] = &client{c: s, conn: c.model.connect(i, addr)}
	c.settle(true)
}

// ends stops the server gracefully, and starts another one.
func (c *conversation) ends() {
	const words = "the server is shutting down: restart"
	for _, name := range slices.Sorted(maps.Keys(c.model.rooms)) {
		c.model.announce(c.model.rooms[name], "*** "+words+"\r\n")
	}
	for _, p := range c.model.conns {
		switch {
		case p.who == nil:
			p.show("\r\n*** " + words + "\r\n")
		case len(p.rooms) == 0:
			p.tell(words)
		}
		p.left = true
	}
	c.srv.Shutdown("restart")
	c.settle(true)
	c.stop()
	end := c.srv.End()
	c.writer.Write(nil, end)
	if err := c.writer.Close(); err != nil {
		c.t.Fatal(err)
	}
	before := c.epoch
	c.restart()
	if c.epoch != before {
		c.t.Fatal("a new epoch has begun")
	}
}

// dies ends the server at once, as kill -9 does.
func (c *conversation) dies() {
	c.journal.dead = true
	for i, p := range c.clients {
		if p != nil {
			c.hangUp(i)
		}
	}
	c.stop()
	before := c.epoch
	c.restart()
	if c.epoch <= before {
		c.t.Fatal("no new epoch has begun")
	}
}

func (c *conversation) stop() {
	if err := c.srv.Close(); err != nil {
		c.t.Fatal(err)
	}
	if n := c.world.Handles(); n != 0 {
		c.t.Fatalf("%d handles are left open", n)
	}
}

func (c *conversation) restart() {
	if err := c.store.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.model.restart()
	c.start()
}
