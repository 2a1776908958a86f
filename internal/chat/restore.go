package chat

import (
	"slices"

	"github.com/sudoXpg/netloop/internal/clientaddr"
	"github.com/sudoXpg/netloop/internal/names"
)

// restore takes over the stored state.
func (h *Hub) restore(s *State) {
	h.ids.Store(s.LastID)
	for _, a := range s.Accounts {
		name, err := names.Parse(a.Name)
		if err != nil || h.accounts[name.Skeleton] != nil { // from an older rule: it is compared as it is written
			name = names.Name{Display: a.Name, Key: a.Name, Skeleton: a.Name}
		}
		h.addAccount(&account{Account: a, name: name.Pack()})
	}
	for _, r := range h.adopt(s.Rooms) {
		h.rooms[roomKey(r.Name)] = newRoom(h, r)
	}
	h.sanctions = slices.Clone(s.Sanctions)
	for i := range h.sanctions { // an earlier version stored them as they were typed
		h.sanctions[i].Net = clientaddr.Normal(h.sanctions[i].Net)
	}
	h.endWithoutRoom()
	h.restoreOrders(s.Orders)
	h.flags = slices.Clone(s.Flags)
	for _, mark := range s.ReadMarks {
		if a := h.byID[mark.Account]; a != nil {
			a.read(mark)
		}
	}
	h.restoreSessions(s.Sessions)
}

// restoreOrders takes over the history of the rooms.
func (h *Hub) restoreOrders(orders []Order) {
	hidden := h.hidden(h.options.Now)
	for _, o := range orders {
		r := h.rooms[roomKey(o.Room)]
		if r == nil || r.name != o.Room {
			if o.Room != Lobby { // without an owner now
				continue
			}
			r = newRoom(h, RoomState{Name: Lobby})
			h.rooms[Lobby] = r
		}
		r.seq = o.Seq
		for _, e := range o.Recent[max(0, len(o.Recent)-max(0, h.options.History)):] {
			if !e.Time.Before(r.state.Created) && (hidden == nil || !hidden(&e)) { // otherwise from an earlier room of that name
				r.retain(e)
			}
		}
	}
}

// endWithoutRoom ends the bans and mutes of rooms without an owner, which ended with the
// last run of the server.
func (h *Hub) endWithoutRoom() {
	var ended []Record
	h.sanctions = slices.DeleteFunc(h.sanctions, func(s Sanction) bool {
		if s.Room == "" || s.Room == Lobby || h.rooms[roomKey(s.Room)] != nil {
			return false
		}
		ended = append(ended, DropSanction{ID: s.ID})
		return true
	})
	if len(ended) > 0 {
		h.persist(ended...)
	}
}

// restoreSessions takes over the sessions that have not ended.
func (h *Hub) restoreSessions(stored []Session) {
	var ended []Record
	for _, each := range stored {
		e := &session{Session: each, gone: each.Seen, cut: each.Seen.IsZero()}
		if e.cut {
			e.gone = h.options.Now
		}
		if h.over(e, h.options.Now) {
			ended = append(ended, DropSession{ID: e.ID})
			continue
		}
		e.receipts.owner = e.ID
		h.sessions.add(e)
	}
	if len(ended) > 0 {
		h.persist(ended...)
	}
}
