// Package historytest checks that the rooms of a chat are linearizable: what clients have
// sent and read must be explained by one log per room, to which each message is appended
// once, at a moment between the first time that it was sent and its acknowledgement. The
// checker is porcupine.
package historytest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
)

// A Position is a place in a room's order.
type Position struct{ Epoch, Seq uint64 }

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, q.Epoch), cmp.Compare(p.Seq, q.Seq))
}

// A Message is one that a client has read. Key is that of the Post: it identifies the message
// among all messages of the room.
type Message struct {
	Position
	Key string
}

// A History records what clients did. The zero value is empty. Its methods may be called from
// any goroutine, each when what it records happens: Post before the message is sent, the
// others after an answer was received.
type History struct {
	mu    sync.Mutex
	clock int64
	rooms map[string]*room
}

// A room is the history of a room.
type room struct {
	name  string
	posts []*operation
	byKey map[string]*operation // the latest of each
	reads []*operation
	err   error
}

// kind numbers what clients do.
type kind uint8

const (
	post    kind = iota // append a message once
	history             // read the end of the log
	seen                // read the end of what the log was at some time
)

// never is the time of an answer that was not received.
const never = math.MaxInt64

// An operation is something that a client did.
type operation struct {
	kind      kind
	client    int
	call, ret int64
	// sent is the message of a post. Its position is known once it is acknowledged.
	sent Message
	// list is what was read, oldest first. older is set if there were older messages, too.
	list  []Message
	older bool
}

// now returns the next moment. h.mu is held.
func (h *History) now() int64 {
	h.clock++
	return h.clock
}

// room returns the history of a room. h.mu is held.
func (h *History) room(name string) *room {
	if h.rooms == nil {
		h.rooms = make(map[string]*room)
	}
	r := h.rooms[name]
	if r == nil {
		r = &room{name: name, byKey: make(map[string]*operation)}
		h.rooms[name] = r
	}
	return r
}

// Post records that a client sends a message. Further calls for the same key are ignored: it
// is sent again.
func (h *History) Post(client int, name, key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.room(name)
	if r.byKey[key] == nil {
		r.add(&operation{kind: post, client: client, call: h.now(), ret: never, sent: Message{Key: key}})
	}
}

func (r *room) add(o *operation) {
	r.posts = append(r.posts, o)
	r.byKey[o.sent.Key] = o
}

// Ack records that a message is acknowledged.
func (h *History) Ack(name, key string, at Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.room(name)
	o := r.byKey[key]
	switch {
	case o == nil:
		r.err = fmt.Errorf("%q is acknowledged, but was not sent", key)
	case o.ret == never:
		o.sent.Position, o.ret = at, h.now()
	case o.sent.Position != at: // appended once more, it seems
		r.add(&operation{kind: post, client: o.client, call: o.call, ret: h.now(), sent: Message{at, key}})
	}
}

// Ask records that a client asks for the latest messages of a room. The function returned
// records the answer: the messages, oldest first, and whether there are older ones. They may
// not be saved yet.
func (h *History) Ask(client int, name string) func(list []Message, older bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	call := h.now()
	return func(list []Message, older bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		r := h.room(name)
		r.reads = append(r.reads, &operation{
			kind: history, client: client, call: call, ret: h.now(), list: slices.Clone(list), older: older,
		})
	}
}

// See records the latest messages that a client has of a room, oldest first. It may have them
// later than others have.
func (h *History) See(client int, name string, list []Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.room(name)
	now := h.now()
	r.reads = append(r.reads, &operation{kind: seen, client: client, call: now, ret: now, list: slices.Clone(list), older: true})
}

// Rollback records that a client is told that messages of an epoch after keptTo were never
// saved: it has not read them.
func (h *History) Rollback(client int, name string, epoch, keptTo uint64) {
	h.unread(client, name, func(m Message) bool { return m.Epoch == epoch && m.Seq > keptTo })
}

// Forget records that the session of a client has ended, so that it is not told of rollbacks:
// what it has read may never have been saved.
func (h *History) Forget(client int, name string) {
	h.unread(client, name, func(Message) bool { return true })
}

func (h *History) unread(client int, name string, which func(Message) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.room(name)
	r.reads = slices.DeleteFunc(r.reads, func(o *operation) bool {
		if o.client != client {
			return false
		}
		n := len(o.list)
		o.list = slices.DeleteFunc(o.list, which)
		return n > 0 && len(o.list) == 0 // it says nothing any more
	})
}
