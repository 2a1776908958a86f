package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	forever = time.Duration(math.MaxInt64)
	// opening is how many connections are being opened at a time, well below
	// any listener's backlog.
	opening = 128
	// silence is how long nothing must arrive before a server counts as quiet.
	silence = 100 * time.Millisecond
)

func never() bool { return false }

type state uint8

const (
	connecting state = iota
	loggingIn
	talking
	helloed // its TLS handshake has begun
	gone
)

// A client is one connection. It belongs to its generator.
type client struct {
	id       int
	fd       int
	state    state
	stalled  bool // stops reading once it is logged in
	visitor  bool // disconnects once it is logged in, and has no role
	sampled  bool // its lines are parsed
	needed   bool // the load can't continue without it
	blocked  bool // out waits for room in the socket
	login    login
	hello    []byte  // begins a TLS handshake that is not continued
	secure   *secure // nil without TLS
	socket   *socket // nil without WebSocket
	lines    splitter
	out      []byte
	received uint64 // lines
}

// A generator holds the connections of a run and moves their bytes. It belongs
// to one goroutine.
type generator struct {
	*poller
	cfg       Config
	to        unix.SockaddrInet4
	roles     roles
	buf       []byte
	text      []byte // a line that is about to be sent
	clients   []*client
	talking   int
	delivered uint64 // lines received by all readers
	lost      int
	lastInput time.Duration
	loading   bool // set-up has ended
	entered   int  // visitors that were logged in
	// limitDrain is how long to wait for another one of the last lines.
	limitDrain time.Duration

	// The load's hooks: due sends the lines that are due and returns when to call it
	// again; heard gets every line of the sampled readers, and read is called after
	// each of their reads.
	due   func(now time.Duration) (next time.Duration, err error)
	heard func(c *client, l Line, now time.Duration)
	read  func(now time.Duration) error
	// told gets the other lines of the sampled readers.
	told func(c *client, text []byte, now time.Duration) error
}

func newGenerator(p *poller, c Config) *generator {
	to := netip.MustParseAddrPort(c.Address) // checked with the Config
	return &generator{
		poller: p, cfg: c, buf: make([]byte, 256<<10), limitDrain: 10 * time.Second,
		to:    unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())},
		roles: assign(c.Clients, c.Senders, c.Stalled, c.Sample),
		due:   func(time.Duration) (time.Duration, error) { return forever, nil },
		heard: func(*client, Line, time.Duration) {},
		read:  func(time.Duration) error { return nil },
		told:  func(*client, []byte, time.Duration) error { return nil },
	}
}

func (g *generator) close() {
	for _, c := range g.clients {
		if c.state != gone {
			_ = unix.Close(c.fd)
		}
	}
}

// open brings the number of logged-in clients to n and returns once every
// reader has received a line and the server is quiet.
func (g *generator) open(n int) error {
	limit := g.now() + g.cfg.Setup
	for g.talking < n {
		for len(g.clients) < n && len(g.clients)-g.talking < opening {
			if err := g.connect(); err != nil {
				return err
			}
		}
		before := g.talking
		if ok, err := g.pump(limit, func() bool { return g.talking > before }); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("bench: set-up took longer than %v: %d of %d clients logged in", g.cfg.Setup, g.talking, n)
		}
	}
	if err := g.quiet(limit); err != nil {
		return err
	}
	if err := g.prove(limit); err != nil {
		return err
	}
	return g.quiet(limit)
}

// enter brings every client into further rooms, and the senders back so that
// they are spread over all. It returns once every reader has received a line of
// each room and the server is quiet.
func (g *generator) enter(rooms int) error {
	limit := g.now() + g.cfg.Setup
	room := map[int]int{} // by connection of a sender: where it speaks
	for s, at := range g.roles.sender {
		room[at] = s % rooms
	}
	for _, c := range g.clients {
		for r := 1; r < rooms; r++ {
			c.out = append(c.out, "/join "+roomName(r)+"\n"...)
		}
		if r, sends := room[c.id]; sends && r != rooms-1 { // a join makes a room the current one
			c.out = append(c.out, "/join "+roomName(r)+"\n"...)
		}
		if err := g.flush(c); err != nil {
			return err
		}
	}
	for s := range min(rooms, len(g.roles.sender)) {
		if err := g.quiet(limit); err != nil {
			return err
		}
		if err := g.probe(g.clients[g.roles.sender[s]], limit); err != nil {
			return fmt.Errorf("%w (room %s)", err, roomName(s))
		}
	}
	return g.quiet(limit)
}

// roomName returns the name of a room that all clients are in; the first is the
// one that a login enters.
func roomName(i int) string {
	if i == 0 {
		return "#lobby"
	}
	return fmt.Sprintf("#r%d", i)
}

// quiet waits until nothing has arrived for a while.
func (g *generator) quiet(limit time.Duration) error {
	for end := g.now() + silence; ; end = g.lastInput + silence {
		if g.now() >= min(end, limit) {
			return nil
		}
		if _, err := g.pump(min(end, limit), never); err != nil {
			return err
		}
	}
}

// drain moves bytes until done returns true, or nothing has arrived for limitDrain.
func (g *generator) drain(done func() bool) error {
	for end := g.now() + g.limitDrain; ; end = g.lastInput + g.limitDrain {
		if ok, err := g.pump(end, done); ok || err != nil || end >= g.lastInput+g.limitDrain {
			return err
		}
	}
}

// probe proves that the server knows every reader: it sends a line from one
// client, again every while, until all others have received one.
func (g *generator) probe(from *client, limit time.Duration) error {
	for _, c := range g.clients {
		c.received = 0
	}
	deaf := 0
	all := func() bool {
		for deaf < len(g.clients) && (deaf == from.id || g.clients[deaf].stalled || g.clients[deaf].received > 0) {
			deaf++
		}
		return deaf == len(g.clients)
	}
	for !all() {
		now := g.now()
		if now >= limit {
			return fmt.Errorf("bench: client %d of %d never received a line that was sent to all", deaf, len(g.clients))
		}
		// The number after the last sender's, which no sender uses.
		if err := g.say(from, Line{Sender: len(g.roles.sender), Sent: now}); err != nil {
			return err
		}
		if _, err := g.pump(min(now+time.Second, limit), all); err != nil {
			return err
		}
	}
	return nil
}

// pump moves bytes until done returns true, and then returns true, or until the
// given time.
func (g *generator) pump(until time.Duration, done func() bool) (bool, error) {
	for !done() {
		now := g.now()
		if now >= until {
			return false, nil
		}
		next, err := g.due(now)
		if err != nil {
			return false, err
		}
		events, err := g.wait(min(next, until))
		if err != nil {
			return false, err
		}
		for _, e := range events {
			if e.Fd == timerID {
				continue
			}
			if err := g.handle(g.clients[e.Fd], e.Events); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func (g *generator) connect() error {
	id := len(g.clients)
	c := &client{id: id, stalled: g.roles.stalled[id], sampled: g.roles.sampled[id]}
	for s := range g.roles.sender {
		c.needed = c.needed || g.roles.sender[s] == id || g.roles.witness[s] == id
	}
	c.login = login{dialect: g.cfg.Login, name: fmt.Sprintf("u%05d", id)}
	return g.start(c)
}

// start dials.
func (g *generator) start(c *client) error {
	var err error
	if c.fd, err = dial(&g.to, c.id, c.stalled); err != nil {
		return err
	}
	g.clients = append(g.clients, c)
	return g.control(unix.EPOLL_CTL_ADD, c.fd, c.id, unix.EPOLLOUT)
}

func (g *generator) handle(c *client, ready uint32) error {
	if c.state == connecting {
		return g.connected(c)
	}
	if ready&^unix.EPOLLOUT != 0 && c.state != gone {
		if err := g.receive(c); err != nil {
			return err
		}
	}
	if ready&unix.EPOLLOUT != 0 && c.state != gone {
		return g.flush(c)
	}
	return nil
}

func (g *generator) connected(c *client) error {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		return fmt.Errorf("bench: connect %s: %w (is the server running?)", g.cfg.Address, err)
	}
	c.state = loggingIn
	if g.cfg.TLS && !c.visitor {
		if c.secure, err = handshake(c.fd, g.cfg.Setup); err != nil {
			return err
		}
	}
	if err := g.control(unix.EPOLL_CTL_MOD, c.fd, c.id, unix.EPOLLIN); err != nil {
		return err
	}
	if g.cfg.WebSocket {
		c.socket = newSocket(g.cfg)
		c.out = append(c.out, c.socket.upgrade.request()...)
		return g.flush(c)
	}
	return g.logIn(c, nil)
}

func (g *generator) logIn(c *client, p []byte) error {
	if c.hello != nil {
		return g.begin(c, p)
	}
	answer, done, err := c.login.feed(p)
	if err != nil {
		return err
	}
	if answer != "" {
		c.write([]byte(answer))
		if err := g.flush(c); err != nil {
			return err
		}
	}
	if done && c.visitor {
		c.state = gone
		g.entered++
		return os.NewSyscallError("close", unix.Close(c.fd))
	}
	if done {
		c.state, c.login = talking, login{}
		g.talking++
		if c.stalled {
			return g.control(unix.EPOLL_CTL_DEL, c.fd, c.id, 0)
		}
	}
	return nil
}

// begin sends the first message of a TLS handshake. The server's answer is the end of it.
func (g *generator) begin(c *client, answer []byte) error {
	if len(answer) == 0 {
		c.out = append(c.out, c.hello...)
		return g.flush(c)
	}
	c.hello = nil
	c.state, c.login = helloed, login{}
	g.entered++
	return nil
}

// receive reads once; remaining data is reported again. Inside TLS it reads all that has
// come, because what crypto/tls has taken is not reported any more.
func (g *generator) receive(c *client) error {
	if c.secure == nil {
		n, err := unix.Read(c.fd, g.buf)
		if err == unix.EAGAIN || err == unix.EINTR {
			return nil
		}
		return g.received(c, n, err)
	}
	for c.state != gone {
		n, err := c.secure.Read(g.buf)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err := g.received(c, n, err); err != nil {
			return err
		}
	}
	return nil
}

// received takes the result of a read.
func (g *generator) received(c *client, n int, err error) error {
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return g.lose(c, err)
	}
	if c.state == helloed {
		return nil
	}
	now := g.now()
	g.lastInput = now
	if c.socket != nil {
		return g.takeFrames(c, g.buf[:n], now)
	}
	if c.state == loggingIn {
		return g.logIn(c, g.buf[:n])
	}
	lines := uint64(bytes.Count(g.buf[:n], []byte{'\n'}))
	c.received += lines
	g.delivered += lines
	if !c.sampled {
		return nil
	}
	var trouble error
	c.lines.feed(g.buf[:n], func(text []byte) {
		if err := g.takeLine(c, text, now); trouble == nil {
			trouble = err
		}
	})
	if trouble != nil {
		return trouble
	}
	return g.read(now)
}

// takeLine takes a line of a sampled reader.
func (g *generator) takeLine(c *client, text []byte, now time.Duration) error {
	if l, ok := ParseLine(text); ok {
		g.heard(c, l, now)
		return nil
	}
	return g.told(c, text, now)
}

// lose gives up a connection that the server closed.
func (g *generator) lose(c *client, why error) error {
	if !g.loading || c.needed || c.visitor {
		return fmt.Errorf("bench: the server closed connection %d of %d: %w", c.id, len(g.clients), why)
	}
	c.state = gone
	g.lost++
	return os.NewSyscallError("close", unix.Close(c.fd))
}

// say sends a line.
func (g *generator) say(c *client, l Line) error {
	g.put(c, l)
	return g.flush(c)
}

// put adds a line to what is to be sent.
func (g *generator) put(c *client, l Line) {
	if c.socket == nil {
		c.out = g.appendLine(c.out, c, l)
		return
	}
	g.text = g.appendLine(g.text[:0], c, l)
	c.write(g.text)
}

// appendLine appends a line as the dialect has it.
func (g *generator) appendLine(dst []byte, c *client, l Line) []byte {
	if g.cfg.Login != LoginJSON {
		return AppendLine(dst, l, g.cfg.Size)
	}
	room := roomName(0)
	if g.cfg.Apart && g.loading { // the probe is for all
		room = apartName(c.id)
	}
	dst = fmt.Appendf(dst, `{"type":"post","room":"%s","cid":"%d.%d.%d","text":"`, room, l.Sender, l.Seq, l.Sent)
	dst = AppendLine(dst, l, g.cfg.Size)
	return append(dst[:len(dst)-1], "\"}\n"...)
}

// flush sends what it can.
func (g *generator) flush(c *client) error {
	out := &c.out
	if c.secure != nil {
		if err := c.secure.seal(c.out); err != nil {
			return g.lose(c, err)
		}
		c.out, out = c.out[:0], &c.secure.w.out
	}
	for len(*out) > 0 {
		n, err := unix.Write(c.fd, *out)
		switch {
		case err == unix.EINTR:
		case errors.Is(err, unix.EAGAIN):
			return g.block(c, true)
		case err != nil:
			return g.lose(c, err)
		default:
			*out = (*out)[:copy(*out, (*out)[n:])]
		}
	}
	return g.block(c, false)
}

func (g *generator) block(c *client, blocked bool) error {
	if c.blocked == blocked {
		return nil
	}
	c.blocked = blocked
	events := uint32(unix.EPOLLIN)
	if blocked {
		events |= unix.EPOLLOUT
	}
	return g.control(unix.EPOLL_CTL_MOD, c.fd, c.id, events)
}
