package server

import (
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// What a session does for the chat: it implements chat.Outlet.

// Deliver implements chat.Outlet.
func (s *session) Deliver(e chat.Event) {
	format := s.format(nil)
	if e.Kind == chat.Mailed {
		format.Zone = s.zone()
	}
	s.reply(func(dst []byte) []byte { return format.Append(dst, e) })
}

// zone is the member's.
func (s *session) zone() *time.Location { return s.srv.zone(s.member.Settings().Zone) }

// shown is Deliver for an event of a room, to who has a format of his own.
func (s *session) shown(e chat.Event) {
	if v := s.view(e.Room); v != nil && !s.member.Ignores(e.Name) {
		format := s.format(v.lane.room)
		s.reply(func(dst []byte) []byte { return format.Append(dst, e) })
	}
}

// Replay implements chat.Outlet.
func (s *session) Replay(r chat.Replay) {
	format := s.format(nil)
	format.Zone = s.zone()
	s.reply(func(dst []byte) []byte { return format.Replay(dst, r) })
}

// Close implements chat.Outlet: the member leaves, mostly by its own wish.
func (s *session) Close(reason string) {
	logged := "quit"
	if reason != "" {
		logged += ": " + reason
	}
	s.leave(logged, reason)
	s.notice("goodbye")
	s.conn.Close()
}

// Enter implements chat.Outlet.
func (s *session) Enter(r *chat.Room, recent []chat.Event, here int) {
	if s.stage != chatting {
		s.named()
	}
	format := s.format(r)
	s.srv.write(s.conn, func(dst []byte) []byte {
		dst = format.History(dst, recent)
		count, others := others(here)
		return text.Notice(dst, "you are in ", r.Name(), " as ", s.member.Name(),
			", with ", count, others, "; /help lists the commands")
	})
	f, ok := r.Feed().(*feed)
	if !ok {
		return
	}
	*s.free() = f.watch(s, r, format)
}

// free returns a view that is none.
func (s *session) free() *view {
	if s.first.lane == nil {
		return &s.first
	}
	x := s.more()
	for i := range x.views {
		if x.views[i].lane == nil {
			return &x.views[i]
		}
	}
	x.views = append(x.views, view{})
	return &x.views[len(x.views)-1]
}

func others(n int) (count, others string) {
	switch n {
	case 0:
		return "nobody", " else"
	case 1:
		return "1", " other"
	}
	return strconv.Itoa(n), " others"
}

// Exit implements chat.Outlet.
func (s *session) Exit(r *chat.Room) {
	v := s.view(r.Name())
	if v == nil {
		return
	}
	v.lane.feed.leave(s, *v)
	*v = view{}
}

// view returns that of a room, or nil.
func (s *session) view(room string) *view {
	if s.first.lane != nil && s.first.lane.room.Name() == room {
		return &s.first
	}
	if s.rest != nil {
		for i := range s.rest.views {
			if v := &s.rest.views[i]; v.lane != nil && v.lane.room.Name() == room {
				return v
			}
		}
	}
	return nil
}

// Adapt implements chat.Outlet: every room is shown as is wanted now.
func (s *session) Adapt() {
	s.adapt(&s.first)
	if s.rest != nil {
		for i := range s.rest.views {
			s.adapt(&s.rest.views[i])
		}
	}
}

func (s *session) adapt(v *view) {
	if v.lane == nil {
		return
	}
	*v = v.lane.feed.change(s, *v, s.format(v.lane.room))
}

// format is how the member wants to see a room, or what is for it alone if that
// is nil.
func (s *session) format(r *chat.Room) text.Format {
	set := s.member.Settings()
	f := text.Format{Colour: set.Colour, Room: r != nil && r != s.member.Room() && s.member.Rooms() > 1}
	if r == nil {
		f.Bell = set.Bell
	}
	if set.Timestamps {
		f.Zone = s.zone()
	}
	return f
}

// Ignore implements chat.Outlet.
func (s *session) Ignore(r *chat.Room, key string, yes bool) {
	v := s.view(r.Name())
	switch {
	case v == nil || v.sub == nil:
	case yes:
		v.sub.Ignore(alias(key))
	default:
		v.sub.Unignore(alias(key))
	}
}

// Ask implements chat.Outlet.
func (s *session) Ask(words string, hidden bool, answer func(line string)) {
	s.more().question = &question{hidden: hidden, answer: answer}
	telnet := s.dec.Negotiated()
	if hidden && !telnet {
		s.notice("your terminal will show what you type now")
	}
	s.reply(func(dst []byte) []byte {
		if hidden && telnet {
			dst = append(dst, s.dec.HidePassword()...)
		}
		return append(dst, words...)
	})
}

// answer takes the line that answers a question.
func (s *session) answer(line string) {
	q := s.rest.question
	s.rest.question = nil
	if q.hidden {
		if show := s.dec.ShowPassword(); len(show) > 0 {
			_, _ = s.conn.Write(show)
		}
	}
	if s.stage == naming {
		s.due = true
	}
	q.answer(line)
}

// Work implements chat.Outlet.
func (s *session) Work(kind chat.WorkKind, work, done func()) error {
	if s.busy {
		return &chat.Refused{Reason: "something that you have asked for is going on still"}
	}
	gone := &atomic.Bool{}
	err := s.srv.execute(kind, func() {
		work()
		s.finish(done)
	}, func() bool { return !gone.Load() })
	if err != nil {
		return err
	}
	s.more().gone = gone
	s.busy = true
	s.conn.Pause()
	return nil
}

// finish ends a wait. It may be called from any goroutine.
func (s *session) finish(done func()) {
	_ = s.conn.Post(func() {
		s.busy = false // before done, which may begin more
		if s.stage != leaving {
			done()
		}
		if !s.busy {
			s.resume()
		}
	})
}

// Await implements chat.Outlet.
func (s *session) Await(start func(finish func()), done func()) {
	s.busy = true
	s.conn.Pause()
	start(func() { s.finish(done) })
}

// Post implements chat.Outlet.
func (s *session) Post(f func()) {
	_ = s.conn.Post(func() {
		if s.stage != leaving {
			f()
			s.ask()
		}
	})
}

// Now implements chat.Outlet.
func (s *session) Now() time.Time { return s.srv.now() }

// Addr implements chat.Outlet.
func (s *session) Addr() netip.Addr { return s.conn.RemoteAddr().Addr() }
