package server

import "github.com/sudoXpg/netloop/internal/chat"

// A peer's views of rooms.

// Enter implements chat.Outlet.
func (p *peer) Enter(e chat.Entry) {
	if p.stage != chatting {
		p.named()
	}
	own := p.in().wire(nil)
	p.srv.write(p.conn, p.encoding, func(dst []byte) []byte { return own.Entered(dst, e, p.now()) })
	f, ok := e.Room.Feed().(*roomFeed)
	if !ok {
		return
	}
	*p.free() = f.watch(p, e.Room, p.in().wire(e.Room))
	f.listen(p)
}

// free returns an unused view.
func (p *peer) free() *view {
	if p.first.stream == nil {
		return &p.first
	}
	x := p.more()
	for i := range x.views {
		if x.views[i].stream == nil {
			return &x.views[i]
		}
	}
	x.views = append(x.views, view{})
	return &x.views[len(x.views)-1]
}

// Exit implements chat.Outlet.
func (p *peer) Exit(r *chat.Room) {
	v := p.view(r)
	if v == nil {
		return
	}
	v.stream.feed.leave(*v)
	v.stream.feed.unlisten(p)
	*v = view{}
}

// unwatch ends all views, without leaving the rooms.
func (p *peer) unwatch() {
	p.views(func(v *view) {
		v.stream.feed.leave(*v)
		v.stream.feed.unlisten(p)
		*v = view{}
	})
}

// view returns the view of a room, or nil. A room that was deleted is not the room
// that has its name now.
func (p *peer) view(room *chat.Room) *view {
	if p.first.stream != nil && p.first.stream.room == room {
		return &p.first
	}
	if x := p.rest.Load(); x != nil {
		for i := range x.views {
			if v := &x.views[i]; v.stream != nil && v.stream.room == room {
				return v
			}
		}
	}
	return nil
}

// Adapt implements chat.Outlet: every room is shown in the format that the member uses now.
func (p *peer) Adapt() {
	p.views(func(v *view) {
		*v = v.stream.feed.change(p, *v, p.in().wire(v.stream.room))
		v.stream.feed.listen(p)
	})
}

// views calls f for each room that is seen.
func (p *peer) views(f func(*view)) {
	if p.first.stream != nil {
		f(&p.first)
	}
	if x := p.rest.Load(); x != nil {
		for i := range x.views {
			if v := &x.views[i]; v.stream != nil {
				f(v)
			}
		}
	}
}

// Ignore implements chat.Outlet.
func (p *peer) Ignore(r *chat.Room, key string, yes bool) {
	v := p.view(r)
	switch {
	case v == nil || v.sub == nil:
	case yes:
		v.sub.Ignore(nameKey(key))
	default:
		v.sub.Unignore(nameKey(key))
	}
}
