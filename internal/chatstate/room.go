package chatstate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/client"
)

// A Kind is what an [Item] is.
type Kind uint8

// The kinds.
const (
	Message Kind = iota // what a person says
	Event               // what else has happened in a room
	Local               // what only this client shows: the server's notices and answers, and its own
	Refusal             // as Local, but something was not done
)

// An Item is a part of a conversation. Items are ordered by ID, and those with the same ID
// by the order in which they came: local items have the ID of the item before them.
type Item struct {
	client.Place
	ID  uint64
	sub uint32

	Kind       Kind
	Own        bool // by the user
	Private    bool
	Mailed     bool // it was stored while the user was away
	Registered bool // the author has an account
	Action     bool
	Mention    bool // it has the user's name
	Deleted    bool
	unseen     bool // a private message that was not read
	gap        bool // it says that messages are missing

	From    string
	Text    string // lines are separated by \n
	Time    time.Time
	Edited  time.Time // zero: never
	ReplyTo uint64    // 0: no answer
}

func (i *Item) compare(id uint64, sub uint32) int {
	return cmp.Or(cmp.Compare(i.ID, id), cmp.Compare(i.sub, sub))
}

// Before reports whether i comes before j.
func (i *Item) Before(j *Item) bool { return i.compare(j.ID, j.sub) < 0 }

// placed reports whether the item has a place in the room's order.
func (i *Item) placed() bool { return i.sub == 0 && i.Place != client.Place{} }

// A Member is a person in a room.
type Member struct {
	Name string
	Role string // in the room: "owner", "operator", "voiced" or ""
	Away bool
	Why  string // they are away
}

// A Room is a conversation: a room, or the private messages with one person.
type Room struct {
	Name   string
	Person bool // Name is that of a person
	// Inside is set while the user is in the room.
	Inside bool
	Topic  string
	Role   string // the user's own, as in Member
	// Members are sorted by name; Others is how many people are not among them.
	Members []Member
	Others  int
	// Listed is set if Members were asked for; events keep them up to date.
	Listed bool

	Unread, Mentions int
	// Older is set if the server has older items. Detached is set if it has newer ones that
	// are not here: live ones are not added.
	Older, Detached bool
	// NewFrom is the first new item, while the room is shown; nil for none.
	NewFrom *Item

	items []*Item
	subs  uint32
	read  client.Place
	used  uint64 // when something was last added to the conversation with a person
}

// key returns the key of a person's conversation.
func key(person string) string { return "@" + strings.ToLower(person) }

// Key is unique among the conversations.
func (r *Room) Key() string {
	if r.Person {
		return key(r.Name)
	}
	return r.Name
}

// Items returns the items in order. The slice is valid until the next change.
func (r *Room) Items() []*Item { return r.items }

// Index returns the index of an item, or of the one that would follow it if it is not there.
func (r *Room) Index(i *Item) int {
	at, _ := slices.BinarySearchFunc(r.items, i, func(a, b *Item) int { return a.compare(b.ID, b.sub) })
	return at
}

// ByID returns a message or event, or nil.
func (r *Room) ByID(id uint64) *Item {
	at, ok := slices.BinarySearchFunc(r.items, id, func(i *Item, id uint64) int { return i.compare(id, 0) })
	if !ok {
		return nil
	}
	return r.items[at]
}

// First and Last return the IDs of the oldest and the newest item that the server has; 0 for none.
func (r *Room) First() uint64 {
	for _, i := range r.items {
		if i.sub == 0 {
			return i.ID
		}
	}
	return 0
}

// Last is explained at First.
func (r *Room) Last() uint64 {
	for _, i := range slices.Backward(r.items) {
		if i.sub == 0 {
			return i.ID
		}
	}
	return 0
}

// add inserts an item where it belongs, and reports whether it is new.
func (r *Room) add(i *Item) bool {
	if n := len(r.items); n == 0 || r.items[n-1].Before(i) {
		r.items = append(r.items, i)
		return true
	}
	at := r.Index(i)
	if at < len(r.items) && r.items[at].compare(i.ID, i.sub) == 0 {
		return false
	}
	r.items = slices.Insert(r.items, at, i)
	return true
}

// addAll inserts items in order. It is faster than add for many that belong together.
func (r *Room) addAll(items []*Item) {
	if len(items) == 0 || len(r.items) == 0 || r.items[len(r.items)-1].Before(items[0]) {
		r.items = append(r.items, items...)
		return
	}
	if items[len(items)-1].Before(r.items[0]) {
		r.items = slices.Insert(r.items, 0, items...)
		return
	}
	for _, i := range items {
		r.add(i)
	}
}

// Add adds an item of this client after all others.
func (r *Room) Add(i *Item) {
	if n := len(r.items); n > 0 {
		i.ID = r.items[n-1].ID
	}
	r.subs++
	i.sub = r.subs
	r.items = append(r.items, i)
}

// reset drops all items.
func (r *Room) reset() {
	r.items, r.NewFrom = nil, nil
	r.Older, r.Detached = !r.Person, false
}

// trim drops some of the oldest items.
func (r *Room) trim() {
	r.items = slices.Delete(r.items, 0, min(trimmed, (len(r.items)+1)/2))
	r.Older = !r.Person
}

func (r *Room) member(name string) *Member {
	at, ok := r.findMember(name)
	if !ok {
		return nil
	}
	return &r.Members[at]
}

func (r *Room) findMember(name string) (int, bool) {
	return slices.BinarySearchFunc(r.Members, name, func(m Member, name string) int { return compareNames(m.Name, name) })
}

func compareNames(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}

func (r *Room) enter(m Member) {
	if at, there := r.findMember(m.Name); !there {
		r.Members = slices.Insert(r.Members, at, m)
	}
}

// leave removes a person, and reports whether they were there.
func (r *Room) leave(name string) bool {
	at, there := r.findMember(name)
	if there {
		r.Members = slices.Delete(r.Members, at, at+1)
	}
	return there
}

func (r *Room) rename(old, name string) {
	if m := r.member(old); m != nil {
		changed := *m
		changed.Name = name
		r.leave(old)
		r.enter(changed)
	}
}

// before reports whether place a is before place b.
func before(a, b client.Place) bool {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq)) < 0
}

// isUnread reports whether a message was not read.
func (r *Room) isUnread(i *Item) bool {
	if r.Person {
		return i.unseen
	}
	return i.Kind == Message && i.placed() && !i.Own && !i.Deleted && before(r.read, i.Place)
}

// recount counts the messages that were not read.
func (r *Room) recount() {
	r.Unread, r.Mentions = 0, 0
	for _, i := range slices.Backward(r.items) {
		if !r.Person && i.placed() && !before(r.read, i.Place) {
			break
		}
		if r.isUnread(i) {
			r.Unread++
			if i.Mention || r.Person {
				r.Mentions++
			}
		}
	}
}

// FirstUnread returns the first message that was not read, or nil.
func (r *Room) FirstUnread() *Item {
	for _, i := range r.items {
		if r.isUnread(i) {
			return i
		}
	}
	return nil
}

// Read returns the place up to which the room is read.
func (r *Room) Read() client.Place { return r.read }

// MarkRead records that everything was read. It returns the place to tell the server, if that
// has moved.
func (r *Room) MarkRead() (at client.Place, moved bool) {
	unread := r.Unread
	r.Unread, r.Mentions = 0, 0
	if r.Person {
		for _, i := range slices.Backward(r.items) {
			if unread == 0 {
				break
			}
			if i.unseen {
				i.unseen = false
				unread--
			}
		}
		return at, false
	}
	for _, i := range slices.Backward(r.items) {
		if !i.placed() {
			continue
		}
		if moved = before(r.read, i.Place); moved {
			r.read = i.Place
		}
		return r.read, moved
	}
	return at, false
}
