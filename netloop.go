// Package netloop runs network servers and clients on event loops: readiness-driven
// connections that cost no goroutine and no buffer each, and topics that fan
// one stream of messages out to any number of them. New picks the best backend
// of the platform; the core, its contract and everything else live in package eventloop.
package netloop

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/sudoXpg/netloop/eventloop"
)

// The types of package eventloop that every program uses, under shorter names.
type (
	// Group is one or more loops: it listens, dials and runs.
	Group = eventloop.Group
	// Conn is a connection.
	Conn = eventloop.Conn
	// Handler receives the events of a connection.
	Handler = eventloop.Handler
	// Filter transforms a connection's bytes, as TLS does.
	Filter = eventloop.Filter
	// Topic is a stream of messages that connections subscribe to.
	Topic = eventloop.Topic
	// TopicOptions configure a Topic.
	TopicOptions = eventloop.TopicOptions
)

// NewTopic returns an empty topic.
func NewTopic(o TopicOptions) *Topic { return eventloop.NewTopic(o) }

// Options are eventloop.Options with a choice of backend.
type Options struct {
	// Backend is a name from Backends; empty means the best, as Choose does.
	Backend string
	eventloop.Options
}

// A BackendInfo describes a backend of this platform.
type BackendInfo struct {
	Name string
	Note string // what it is built on, and when to choose it
	Open func() (eventloop.Backend, error)
}

// Backends returns the backends of this platform, best first.
func Backends() []BackendInfo { return append([]BackendInfo(nil), backends...) }

// ErrNoBackend is wrapped by the error that New and Choose return for a backend
// that this platform does not have. It wraps errors.ErrUnsupported.
var ErrNoBackend = fmt.Errorf("netloop: no such backend: %w", errors.ErrUnsupported)

// New opens a Group on the backend that o names, or on the platform's best.
func New(o Options) (*Group, error) {
	if o.Open == nil {
		b, err := Choose(o.Backend)
		if err != nil {
			return nil, err
		}
		o.Open = b.Open
	}
	return eventloop.New(o.Options)
}

// Choose returns the backend called name. If name is empty it returns the first
// one that can be opened here; it skips backends whose Open fails with
// errors.ErrUnsupported, for example in a sandbox that forbids their system
// calls.
func Choose(name string) (BackendInfo, error) { return choose(backends, name) }

func choose(backends []BackendInfo, name string) (BackendInfo, error) {
	if name != "" {
		i := slices.IndexFunc(backends, func(b BackendInfo) bool { return b.Name == name })
		if i < 0 {
			return BackendInfo{}, fmt.Errorf("%w: %q on %s", ErrNoBackend, name, runtime.GOOS)
		}
		return backends[i], nil
	}
	reason := ErrNoBackend
	for _, b := range backends {
		be, err := b.Open()
		if err == nil {
			return b, be.Close()
		}
		reason = fmt.Errorf("netloop: open %s: %w", b.Name, err)
		if !errors.Is(err, errors.ErrUnsupported) {
			break
		}
	}
	return BackendInfo{}, reason
}
