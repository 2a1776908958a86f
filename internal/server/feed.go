package server

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// maxFormats is how many formats of one room are written once for all. Who
// wants another one gets his lines written for him alone.
const maxFormats = 16

// A feed carries the events of a room, in each format that anybody in it wants.
type feed struct {
	style  text.Style
	maxLag int
	own    lane           // whose members are alone
	count  *atomic.Uint64 // of the messages

	mu    sync.Mutex // guards what follows; taken inside the room's mutex, or alone
	lanes []*lane
	alone []*session // those with a format beyond maxFormats
	line  []byte
}

// A lane is one format's stream of a feed.
type lane struct {
	feed    *feed
	room    *chat.Room // nil in the classic style
	format  text.Format
	topic   *eventloop.Topic
	members int // without those who have left, but not been sent everything yet
}

var _ chat.Feed = (*feed)(nil)

func newFeed(style text.Style, maxLag int, count *atomic.Uint64) *feed {
	f := &feed{style: style, maxLag: maxLag, count: count}
	f.own.feed = f
	if style == text.Classic { // there is only one, and it is there from the beginning
		f.lanes = []*lane{{feed: f, topic: f.newTopic(), members: 1}}
	}
	return f
}

func (f *feed) newTopic() *eventloop.Topic {
	o := eventloop.TopicOptions{Window: f.maxLag, LagNotice: func(missed uint64) []byte { return missedNotice(f.style, missed) }}
	if f.style == text.Classic {
		// Who has just come is behind by the whole replay, and not slow yet.
		o.Keep, o.Window = replay, replay+f.maxLag
	}
	return eventloop.NewTopic(o)
}

// topic is the one of the classic style.
func (f *feed) topic() *eventloop.Topic { return f.lanes[0].topic }

// Publish implements chat.Feed. The topics leave out the author.
func (f *feed) Publish(e chat.Event, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.Add(1)
	for _, l := range f.lanes {
		if l.members == 0 {
			continue
		}
		if f.style == text.Classic {
			f.line = f.style.Append(f.line[:0], e)
		} else {
			f.line = l.format.Append(f.line[:0], e)
		}
		if len(f.line) > 0 {
			l.topic.AppendAs(e.Author, alias(key), e.Seq, f.line)
		}
	}
	for _, x := range f.alone {
		if e.Author != x.member.ID() {
			x.Post(func() { x.shown(e) })
		}
	}
}

// SkipAuthor implements chat.Feed.
func (f *feed) SkipAuthor(author uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lanes {
		l.topic.SkipAuthor(author)
	}
}

// SkipName implements chat.Feed.
func (f *feed) SkipName(key string) { f.SkipAuthor(alias(key)) }

// seed keeps people from choosing a name with the same alias as somebody's.
var seed = maphash.MakeSeed()

// alias is the number of a name, which is none of a member. That two names have
// the same happens once in a world.
func alias(key string) uint64 {
	if key == "" {
		return 0
	}
	return maphash.String(seed, key) | 1<<63
}

// Skip implements chat.Feed.
func (f *feed) Skip(seq uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lanes {
		l.topic.SkipSeq(seq)
	}
}

// A view is how one session sees a room.
type view struct {
	lane *lane          // nil: nothing is seen
	sub  *eventloop.Sub // nil: alone
}

// watch has x see the room from the next event on. It runs on x's loop.
func (f *feed) watch(x *session, r *chat.Room, format text.Format) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watchLocked(x, r, format)
}

func (f *feed) watchLocked(x *session, r *chat.Room, format text.Format) view {
	f.prune()
	i := slices.IndexFunc(f.lanes, func(l *lane) bool { return l.format == format })
	if i < 0 && len(f.lanes) == maxFormats {
		f.own.room = r
		f.alone = append(f.alone, x)
		return view{lane: &f.own}
	}
	if i < 0 {
		i = len(f.lanes)
		f.lanes = append(f.lanes, &lane{feed: f, room: r, format: format, topic: f.newTopic()})
	}
	l := f.lanes[i]
	l.members++
	sub := x.conn.Subscribe(l.topic, x.member.ID(), l.topic.Head())
	for key := range x.member.Ignored() {
		sub.Ignore(alias(key))
	}
	return view{l, sub}
}

// leave ends a view. What was published before is still sent, unless it is skipped:
// that is why a lane stays as long as there is anybody to whom it is to be sent.
func (f *feed) leave(x *session, v view) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaveLocked(x, v)
}

func (f *feed) leaveLocked(x *session, v view) {
	if v.sub == nil {
		f.alone = slices.DeleteFunc(f.alone, func(o *session) bool { return o == x })
		return
	}
	v.sub.Finish()
	v.lane.members--
	f.prune()
}

// prune lets the lanes go that nobody is to be sent anything of.
func (f *feed) prune() {
	f.lanes = slices.DeleteFunc(f.lanes, func(l *lane) bool { return l.members == 0 && !l.topic.Subscribed() })
}

// change moves x to another format, without a gap and without a duplicate.
func (f *feed) change(x *session, v view, format text.Format) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.sub != nil && v.lane.format == format {
		return v
	}
	room := v.lane.room
	f.leaveLocked(x, v)
	return f.watchLocked(x, room, format)
}
