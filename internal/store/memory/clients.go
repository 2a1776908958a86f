package memory

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sudoXpg/netloop/internal/chat"
)

// cidSlack is how many client IDs of an owner there may be beyond
// chat.CIDWindow, so that not every message has to sort them.
const cidSlack = chat.CIDWindow / 4

// clientID records the client's ID of a new message.
func (s *Store) clientID(p chat.Post) {
	if p.CID == "" {
		return
	}
	own := s.posted[p.Owner]
	if own == nil {
		own = map[string]chat.Posted{}
		s.posted[p.Owner] = own
	}
	e := p.Event
	if own[p.CID].ID < e.ID {
		own[p.CID] = chat.Posted{CID: p.CID, Room: e.Room, Epoch: e.Epoch, Seq: e.Seq, ID: e.ID}
	}
	if len(own) > chat.CIDWindow+cidSlack {
		for _, old := range newestPosted(own)[chat.CIDWindow:] {
			delete(own, old.CID)
		}
	}
}

// dropClientID forgets the client's ID of a message that Limit drops.
func (s *Store) dropClientID(p chat.Post) {
	own := s.posted[p.Owner]
	if own[p.CID].ID != p.Event.ID {
		return
	}
	if delete(own, p.CID); len(own) == 0 {
		delete(s.posted, p.Owner)
	}
}

func (s *Store) readMark(m chat.ReadMark) {
	own := s.readMarks[m.Account]
	i := slices.IndexFunc(own, func(o chat.ReadMark) bool { return o.Room == m.Room })
	if i >= 0 {
		if cmp.Or(cmp.Compare(m.Epoch, own[i].Epoch), cmp.Compare(m.Seq, own[i].Seq)) <= 0 {
			return
		}
		own = slices.Delete(own, i, i+1)
	}
	own = append(own, m)
	s.readMarks[m.Account] = own[max(0, len(own)-chat.MaxReadMarks):]
}

func (s *Store) dropSession(id uint64) {
	delete(s.sessions, id)
	delete(s.posted, id)
}

func (s *Store) dropAccount(id uint64) {
	delete(s.accounts, id)
	delete(s.posted, id)
	delete(s.readMarks, id)
	for _, own := range s.sessions {
		if own.Account == id {
			s.dropSession(own.ID)
		}
	}
	maps.DeleteFunc(s.mail, func(_ uint64, m chat.Mail) bool { return m.To == id })
}

// dropOrphans drops what belongs to accounts and sessions that are not there any
// more: it was written after they were dropped.
func (s *Store) dropOrphans() {
	maps.DeleteFunc(s.readMarks, func(account uint64, _ []chat.ReadMark) bool { return !has(s.accounts, account) })
	maps.DeleteFunc(s.sessions, func(_ uint64, r chat.Session) bool {
		return r.Account != 0 && !has(s.accounts, r.Account)
	})
	maps.DeleteFunc(s.posted, func(owner uint64, _ map[string]chat.Posted) bool {
		return !has(s.accounts, owner) && !has(s.sessions, owner)
	})
}

func has[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}

// newestPosted returns the messages of an owner, newest first.
func newestPosted(own map[string]chat.Posted) []chat.Posted {
	return slices.SortedFunc(maps.Values(own), func(a, b chat.Posted) int { return cmp.Compare(b.ID, a.ID) })
}

// Posted implements chat.Archive.
func (s *Store) Posted(owner uint64, limit int) ([]chat.Posted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := newestPosted(s.posted[owner])
	return list[:min(len(list), max(limit, 0))], nil
}
