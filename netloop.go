// Package netloop runs network servers and clients on event loops: readiness-driven
// connections that cost no goroutine and no buffer each, and topics that fan
// one stream of messages out to any number of them. New picks the best backend
// of the platform; the core, its contract and everything else live in package eventloop.
package netloop

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/sudoXpg/netloop/eventloop"
)

// The types of package eventloop that every program uses, under shorter names.
type (
	// Group is one or more loops: it listens, dials and runs.
	Group = eventloop.Group
	// Conn is a connection.
	Conn = eventloop.Conn
	// Handler is told what happens to a connection.
	Handler = eventloop.Handler
	// Topic is a stream of messages that connections subscribe to.
	Topic = eventloop.Topic
	// TopicOptions say how far back a Topic remembers.
	TopicOptions = eventloop.TopicOptions
)

// NewTopic returns an empty topic.
func NewTopic(o TopicOptions) *Topic { return eventloop.NewTopic(o) }

// Options are those of eventloop.Options, and the choice of a backend.
type Options struct {
	// Backend is a name from Backends; empty means the first, the best.
	Backend string
	eventloop.Options
}

// A BackendInfo describes a backend of this platform.
type BackendInfo struct {
	Name string
	Note string // what it rests on, and when to choose it
	Open func() (eventloop.Backend, error)
}

// Backends returns the backends of this platform, best first. It is empty
// where netloop has none yet.
func Backends() []BackendInfo { return append([]BackendInfo(nil), backends...) }

// ErrNoBackend is wrapped by the error of New for a backend that this platform
// does not have. It is errors.ErrUnsupported.
var ErrNoBackend = fmt.Errorf("netloop: no such backend: %w", errors.ErrUnsupported)

// New opens a Group on the backend that o names, or on the platform's best.
func New(o Options) (*Group, error) {
	if o.Open == nil {
		b, err := find(o.Backend)
		if err != nil {
			return nil, err
		}
		o.Open = b.Open
	}
	return eventloop.New(o.Options)
}

// find returns the backend called name, the best if that is empty.
func find(name string) (BackendInfo, error) {
	for _, b := range backends {
		if name == "" || b.Name == name {
			return b, nil
		}
	}
	if len(backends) == 0 {
		return BackendInfo{}, fmt.Errorf("%w: there is none for %s/%s yet", ErrNoBackend, runtime.GOOS, runtime.GOARCH)
	}
	return BackendInfo{}, fmt.Errorf("%w: %q on %s", ErrNoBackend, name, runtime.GOOS)
}
