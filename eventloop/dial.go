package eventloop

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Dial connects to address. For the networks "tcp", "tcp4" and "tcp6" that is "host:port", where host is a
// name or an IP literal; for "unix" it is a path. Dial does not wait: h.Opened is called once connected. If
// connecting fails only h.Closed is called, with the reason, which is ErrDeadline after DialTimeout. The
// addresses of a name are tried in turn. The error is ErrClosed or ErrBusy. The group chooses the loop; use
// Loop.Dial to choose it.
func (g *Group) Dial(network, address string, h Handler) error {
	return g.next().Dial(network, address, h)
}

// Dial is like Group.Dial, but for a connection on this loop. The two halves of a
// proxied connection, for example, can then use each other without Post. It may be
// called from any goroutine.
func (l *Loop) Dial(network, address string, h Handler) error {
	return l.Post(func() { l.dial(&dialer{network: network, address: address, h: h}) })
}

// A dialer is the handler of a connection until it is connected.
type dialer struct {
	network, address string
	h                Handler
	left             []string // addresses not tried yet
	due              tick
	err              error // of the last address tried
}

func (l *Loop) dial(d *dialer) {
	d.due = l.after(l.g.opts.DialTimeout)
	host, port, err := net.SplitHostPort(d.address)
	if _, bad := netip.ParseAddr(host); !strings.HasPrefix(d.network, "tcp") || err != nil || host == "" || bad == nil {
		d.left = []string{d.address} // Net reports best what is wrong with it
		l.dialNext(d)
		return
	}
	l.lookUps = append(l.lookUps, d)
	resolve := func() {
		left, err := lookUp(d.network, host, port, l.g.opts)
		_ = l.post(task{f: func() { l.lookedUp(d, left, err) }, sure: true})
	}
	if err := l.g.opts.Executor.Execute(resolve); err != nil {
		l.lookedUp(d, nil, err)
	}
}

// lookedUp continues a dialer that waited for the addresses of a name, unless
// the loop has given it up.
func (l *Loop) lookedUp(d *dialer, left []string, err error) {
	if i := slices.Index(l.lookUps, d); i >= 0 {
		l.lookUps = slices.Delete(l.lookUps, i, i+1)
		d.left, d.err = left, err
		l.dialNext(d)
	}
}

// lookUp resolves a host and port by name. It blocks.
func lookUp(network, host, port string, o Options) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.DialTimeout)
	defer cancel()
	n, err := net.DefaultResolver.LookupPort(ctx, network, port)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip"+strings.TrimPrefix(network, "tcp"), host)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ip := range ips {
		out = append(out, net.JoinHostPort(ip.Unmap().String(), strconv.Itoa(n)))
	}
	return out, nil
}

// dialNext starts to connect to the next address, or gives up.
func (l *Loop) dialNext(d *dialer) {
	for len(d.left) > 0 && !l.draining {
		address := d.left[0]
		d.left = d.left[1:]
		h, err := l.be.Dial(d.network, address)
		if err != nil {
			d.err = err
			continue
		}
		l.keepConnAlive(d.network, h)
		c := &Conn{loop: l, h: h, handler: d, flags: dialing}
		if ap, err := netip.ParseAddrPort(address); err == nil {
			c.peer = l.pack(ap)
		} else if l.paths == nil {
			l.paths = map[*Conn]string{c: address}
		} else {
			l.paths[c] = address
		}
		if d.err = c.attach(Writable); d.err != nil {
			_ = l.be.CloseHandle(h)
			delete(l.paths, c)
			continue
		}
		c.deadline, c.hasDue = d.due, true
		c.schedule(d.due)
		return
	}
	if d.err == nil {
		d.err = ErrClosed
	}
	l.n.open.Add(1) // undone by notifyClosed
	c := &Conn{loop: l, handler: d.h, flags: closed}
	l.gone = append(l.gone, farewell{c, fmt.Errorf("dial %s %s: %w", d.network, d.address, d.err)})
}

// connected acts on the result of dialing c.
func (c *Conn) connected() {
	l := c.loop
	d, ok := c.handler.(*dialer)
	if !ok {
		return
	}
	if err := l.be.Connected(c.h); err != nil {
		c.Abort(err)
		return
	}
	c.handler = d.h
	c.flags &^= dialing
	c.hasDue = false
	c.lastRead = l.nowTick
	l.n.dialed.Add(1)
	c.update()
	c.handler.Opened(c)
	c.returned()
}

// Opened implements Handler; it is never called.
func (d *dialer) Opened(*Conn) {}

// Received implements Handler; it is never called.
func (d *dialer) Received(*Conn, []byte) {}

// Drained implements Handler; it is never called.
func (d *dialer) Drained(*Conn) {}

// Closed tries the next address.
func (d *dialer) Closed(c *Conn, err error) {
	d.err = err
	if err == ErrDeadline { //nolint:errorlint // ours, unwrapped
		d.left = nil
	}
	c.loop.dialNext(d)
}
