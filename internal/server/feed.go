package server

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

// maxFormats is how many formats of one room are rendered once for all. Members
// with another format read the backlog, and their lines are rendered for them
// alone.
const maxFormats = 16

// A roomFeed carries the events of a room, in each format that a member uses.
type roomFeed struct {
	room   string
	maxLag int
	count  *atomic.Uint64 // of the messages

	mu      sync.Mutex // guards what follows; taken inside the room's mutex, or alone
	streams []*stream
	solos   []*soloist // those with a format beyond maxFormats
	idle    []*soloist // those of them that have rendered everything
	backlog backlog    // for them
	line    []byte

	mentions mentions
}

// A stream is a feed in one format: a topic, or a soloist's rendering.
type stream struct {
	feed    *roomFeed
	room    *chat.Room // nil: every reader sees all of it
	wire    wire
	topic   *eventloop.Topic
	solo    *soloist
	members int       // without those who have left, but not been sent everything yet
	last    time.Time // of the last event
}

var _ chat.Feed = (*roomFeed)(nil)

func newRoomFeed(room string, maxLag int, count *atomic.Uint64) *roomFeed {
	return &roomFeed{room: room, maxLag: maxLag, count: count}
}

// hold makes the feed publish in format w from the beginning on, and retain the
// end of it, of the given size in bytes, which every new reader is sent.
func (f *roomFeed) hold(w wire, bytes int) {
	f.streams = append(f.streams, &stream{feed: f, wire: w, topic: f.newTopic(w, bytes), members: 1})
}

func (f *roomFeed) newTopic(w wire, keep int) *eventloop.Topic {
	return eventloop.NewTopic(eventloop.TopicOptions{
		Keep: keep, Window: keep + f.maxLag, // a new reader is behind by everything retained, and not slow yet
		LagNotice: func(missed uint64) []byte { return w.Missed(nil, f.room, missed) },
	})
}

// held returns the topic of the format that hold has set.
func (f *roomFeed) held() *eventloop.Topic { return f.streams[0].topic }

// Publish implements chat.Feed. The topics leave out the author.
func (f *roomFeed) Publish(e chat.Event, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.Add(1)
	name := nameKey(key)
	spans, named := f.mentions.find(&e)
	f.mentions.notify(&e, named)
	for _, l := range f.streams {
		if l.members == 0 {
			continue
		}
		if f.line = l.newDay(f.line[:0], e); len(f.line) > 0 {
			l.topic.Append(0, 0, f.line) // its author sees it, too
		}
		if f.line = l.wire.Event(f.line[:0], e, spans...); len(f.line) > 0 {
			l.topic.AppendAs(e.Author, name, e.Seq, f.line)
		}
	}
	if len(f.solos) > 0 {
		f.backlog.add(late{Event: e, nameKey: name}, f.maxLag)
		f.call()
	}
}

// newDay appends the line before e if e is the first event of a day that readers are shown.
func (l *stream) newDay(dst []byte, e chat.Event) []byte {
	if e.Kind == chat.Away || e.Kind == chat.Back { // for programs only, which have no such lines
		return dst
	}
	dst = l.wire.Day(dst, l.last, e)
	if e.Time.After(l.last) {
		l.last = e.Time
	}
	return dst
}

// SkipAuthor implements chat.Feed.
func (f *roomFeed) SkipAuthor(author uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.streams {
		l.topic.SkipAuthor(author)
	}
	f.backlog.skip(func(l *late) bool { return author != 0 && (l.Author == author || l.nameKey == author) })
}

// SkipName implements chat.Feed.
func (f *roomFeed) SkipName(key string) { f.SkipAuthor(nameKey(key)) }

// seed keeps people from choosing a name with the same nameKey as another.
var seed = maphash.MakeSeed()

// nameKey returns the number of a name as an author, which differs from the
// numbers of members. Two names practically never have the same one.
func nameKey(key string) uint64 {
	if key == "" {
		return 0
	}
	return maphash.String(seed, key) | 1<<63
}

// Skip implements chat.Feed.
func (f *roomFeed) Skip(seq uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.streams {
		l.topic.SkipSeq(seq)
	}
	f.backlog.skip(func(l *late) bool { return l.Seq == seq })
}

// A view is one peer's view of a room.
type view struct {
	stream *stream        // nil: nothing is seen
	sub    *eventloop.Sub // nil: a soloist
}

// watch shows p the room from the next event on. It runs on p's loop.
func (f *roomFeed) watch(p *peer, r *chat.Room, w wire) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watchLocked(p, r, w)
}

func (f *roomFeed) watchLocked(p *peer, r *chat.Room, w wire) view {
	f.prune()
	i := slices.IndexFunc(f.streams, func(l *stream) bool { return l.wire == w })
	if i < 0 && len(f.streams) == maxFormats {
		own := &stream{feed: f, room: r, wire: w}
		own.last = p.now()
		f.join(p, own)
		return view{stream: own}
	}
	if i < 0 {
		i = len(f.streams)
		f.streams = append(f.streams, &stream{feed: f, room: r, wire: w, topic: f.newTopic(w, 0)})
	}
	l := f.streams[i]
	if l.members == 0 {
		l.last = p.now()
	} else if f.line = l.newDay(f.line[:0], chat.Event{Time: p.now()}); len(f.line) > 0 {
		l.topic.Append(0, 0, f.line) // p has arrived on that day
	}
	l.members++
	sub := p.conn.Subscribe(l.topic, p.self(w), l.topic.Head())
	for key := range p.member.Ignored() {
		sub.Ignore(nameKey(key))
	}
	return view{l, sub}
}

// leave ends a view. What was published before is still sent, unless it is skipped:
// so a stream stays until everything has been sent to its readers.
func (f *roomFeed) leave(v view) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaveLocked(v)
}

func (f *roomFeed) leaveLocked(v view) {
	if o := v.stream.solo; o != nil {
		o.end()
		return
	}
	v.sub.Finish()
	v.stream.members--
	f.prune()
}

// prune drops the streams of which nothing is left to be sent.
func (f *roomFeed) prune() {
	f.streams = slices.DeleteFunc(f.streams, func(l *stream) bool { return l.members == 0 && !l.topic.Subscribed() })
}

// change moves p to another format, without a gap and without a duplicate.
func (f *roomFeed) change(p *peer, v view, w wire) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.stream.wire == w {
		return v
	}
	room := v.stream.room
	f.leaveLocked(v)
	return f.watchLocked(p, room, w)
}
