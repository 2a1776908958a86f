package ws

import (
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Topic is a stream of messages for any number of connections (Conn.Subscribe), as
// eventloop.Topic is. A message is encoded once for all of them, and once more, compressed,
// for those that agreed on that. All methods may be called from any goroutine.
type Topic struct {
	plain, deflated *eventloop.Topic

	mu    sync.Mutex // for one order in both; never held while a callback runs
	frame []byte
}

// NewTopic returns an empty topic. A LagNotice must return frames, as from AppendFrame.
func NewTopic(o eventloop.TopicOptions) *Topic {
	return &Topic{plain: eventloop.NewTopic(o), deflated: eventloop.NewTopic(o)}
}

// Publish sends a message to all subscribers. author and seq are those of
// eventloop.Topic.Append; author may be 0.
func (t *Topic) Publish(author, seq uint64, kind Kind, message []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frame = AppendFrame(t.frame[:0], kind, message)
	t.plain.Append(author, seq, t.frame)
	if len(message) >= MinCompress && t.deflated.Subscribed() {
		t.frame = AppendCompressed(t.frame[:0], kind, message)
	}
	t.deflated.Append(author, seq, t.frame)
	if cap(t.frame) > maxPooled {
		t.frame = nil
	}
}

// Subscribed reports whether any connection is subscribed.
func (t *Topic) Subscribed() bool { return t.plain.Subscribed() || t.deflated.Subscribed() }
