package eventloop

import (
	"strings"
	"time"
)

// The defaults of KeepAlive, which detect a peer that has vanished after two
// minutes.
const (
	DefaultKeepAliveIdle     = 60 * time.Second
	DefaultKeepAliveInterval = 15 * time.Second
	DefaultKeepAliveCount    = 4
)

// KeepAlive configures how the system detects that the peer of a TCP connection
// has vanished without closing it, as when its machine has lost power or its
// network. A quiet connection is probed (RFC 9293, section 3.8.4), and closed
// with an error if nothing answers. The zero value uses the defaults. Systems
// count in seconds and some support only a part: OpenBSD takes all times from
// sysctl(8).
type KeepAlive struct {
	// Idle is how long a connection is quiet before the first probe. Negative:
	// there are no probes, and the other fields are ignored.
	Idle time.Duration
	// Interval is the time between two probes.
	Interval time.Duration
	// Count is how many probes without an answer end the connection.
	Count int
	// Unacknowledged is how long the peer may leave data unacknowledged, or have
	// no room for it (RFC 5482): a connection with data in flight is not probed.
	// 0 means Idle + Count * Interval, unless StallTimeout is longer or negative.
	// Then, or if it is negative, the system's limit applies, often a quarter of
	// an hour. Linux, macOS, Solaris, illumos and Windows only; Linux applies it
	// to quiet connections, too, instead of Count.
	Unacknowledged time.Duration
}

func (k *KeepAlive) setDefaults(stall time.Duration) {
	orDefault(&k.Idle, DefaultKeepAliveIdle)
	orDefault(&k.Interval, DefaultKeepAliveInterval)
	orDefault(&k.Count, DefaultKeepAliveCount)
	total := k.Idle + time.Duration(k.Count)*k.Interval
	if stall < 0 || stall > total {
		total = -1
	}
	orDefault(&k.Unacknowledged, total)
}

// A KeepAliver is a Net that can probe the peers of TCP connections. The loop
// calls it for each listener, and for each connection that does not inherit the
// setting.
type KeepAliver interface {
	// KeepAlive makes the system probe the peer of h as k says. All fields of k
	// are set, and Idle is positive. h is a TCP connection or listener. For a
	// listener KeepAlive returns whether accepted connections inherit the
	// setting. Settings that the system does not support are ignored without an
	// error.
	KeepAlive(h Handle, k KeepAlive) (inherited bool, err error)
}

// keepAlive turns on what Options.KeepAlive asks for, if h is a TCP socket.
func (l *Loop) keepAlive(network string, h Handle) (inherited bool, err error) {
	n, ok := l.be.(KeepAliver)
	if !ok || l.g.opts.KeepAlive.Idle < 0 || !strings.HasPrefix(network, "tcp") {
		return true, nil
	}
	return n.KeepAlive(h, l.g.opts.KeepAlive)
}

// keepConnAlive is keepAlive for a connection. An error means that it is
// already closed, which its first read reports better.
func (l *Loop) keepConnAlive(network string, h Handle) { _, _ = l.keepAlive(network, h) }
