package chat

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"sync"
	"time"
)

// Sessions outlive their connections: a client that comes back with the token of its
// session has the same name, rooms and settings as before, without a password.

// The defaults of Resumption, and what can't be changed.
const (
	DefaultResumeGuests   = 15 * time.Minute
	DefaultResumeAccounts = 24 * time.Hour
	DefaultLinger         = time.Minute
	// MaxSessions is how many sessions there can be. Beyond it the one that has been
	// without a connection for longest ends, and if there is none, new ones have no
	// token.
	MaxSessions = 20_000
	// oldTokenFor is how long the token before the present one is accepted: its client
	// may not have received the new one.
	oldTokenFor = time.Minute
	// maxSpent is how many earlier tokens of a session are recognized as stolen or sent
	// twice. They are forgotten at a restart.
	maxSpent = 8
	// maxWas is how many earlier connections of a guest are remembered as the authors of
	// messages that the guest may edit and delete.
	maxWas = 64
)

// Resumption says which clients may resume their sessions, and when.
type Resumption struct {
	// Token returns 256 random bits; nil: there are no sessions.
	Token func() [32]byte
	// Guests and Accounts are how long a session lasts without a connection, and Linger
	// is how long others do not notice that it has none. 0 means the default.
	Guests, Accounts, Linger time.Duration
}

func (r Resumption) withDefaults() Resumption {
	for _, d := range []struct {
		is  *time.Duration
		def time.Duration
	}{{&r.Guests, DefaultResumeGuests}, {&r.Accounts, DefaultResumeAccounts}, {&r.Linger, DefaultLinger}} {
		if *d.is == 0 {
			*d.is = d.def
		}
	}
	return r
}

// A session is a Session with what is not stored.
type session struct {
	Session
	member   *Member   // nil: none since the start
	next     *Member   // the last that resumes it and is not in its rooms yet; nil: none
	gone     time.Time // since when it has no connection; the zero time while it has one
	since    time.Time // when its last connection began
	cut      bool      // it had a connection when the server stopped
	spent    [][32]byte
	was      []uint64 // the IDs of the members before, the last at the end
	receipts receipts // of a guest
	waiting  []Event  // private messages for a client without a connection, oldest first
	sent     []Event  // the latest private messages, which the client may not have received
	numbered uint64   // the number of the last private message
}

// sessions are all sessions, by the tokens that are accepted, and those that no longer are.
type sessions struct {
	mu     sync.Mutex // guards what follows; nothing else is locked in it
	byID   map[uint64]*session
	byHash map[[32]byte]*session
	// of has the session to which private messages for a member go, from the beginning of a
	// resume until the member leaves.
	of map[*Member]*session
}

func (s *sessions) add(e *session) {
	if s.byID == nil {
		s.byID, s.byHash, s.of = make(map[uint64]*session), make(map[[32]byte]*session), make(map[*Member]*session)
	}
	s.byID[e.ID] = e
	for _, hash := range e.hashes() {
		s.byHash[hash] = e
	}
}

func (s *sessions) remove(e *session) {
	delete(s.byID, e.ID)
	for _, hash := range e.hashes() {
		if s.byHash[hash] == e {
			delete(s.byHash, hash)
		}
	}
}

// hashes returns those of all tokens by which a session is known.
func (e *session) hashes() [][32]byte {
	all := append(slices.Clone(e.spent), e.Hash)
	if e.Previous != ([32]byte{}) {
		all = append(all, e.Previous)
	}
	return all
}

// rotate gives a session another token.
func (s *sessions) rotate(e *session, used, fresh [32]byte, now time.Time) {
	s.remove(e)
	for _, hash := range [][32]byte{e.Hash, e.Previous} {
		if hash != used && hash != ([32]byte{}) {
			e.spent = append(e.spent, hash)
		}
	}
	e.spent = e.spent[max(0, len(e.spent)-maxSpent):]
	e.Previous, e.Hash, e.Rotated = used, fresh, now
	s.add(e)
}

// lifetime returns how long a session lasts without a connection.
func (h *Hub) lifetime(e *session) time.Duration {
	if e.Account != 0 {
		return h.options.Resumption.Accounts
	}
	return h.options.Resumption.Guests
}

// over reports whether a session has ended because nobody came back. sessions.mu is held.
func (h *Hub) over(e *session, now time.Time) bool {
	return !e.gone.IsZero() && now.Sub(e.gone) > h.lifetime(e)
}

// tokenHash returns the hash of a token, as it is stored.
func tokenHash(token string) [32]byte { return sha256.Sum256([]byte(token)) }

func tokenText(bits [32]byte) string { return base64.RawURLEncoding.EncodeToString(bits[:]) }

// OpenSession gives m, who has a name, a session, unless it has one. The answer Resumable
// has its token, once it is on disk.
func (h *Hub) OpenSession(m *Member, now time.Time) {
	if h.options.Resumption.Token == nil || m.who == nil || m.session() != nil {
		return
	}
	token := tokenText(h.options.Resumption.Token())
	e := &session{member: m, Session: Session{ID: h.nextID(), Hash: tokenHash(token), Rotated: now}}
	e.describe(m)
	e.receipts.owner, e.receipts.loaded = e.ID, true
	h.sessions.mu.Lock()
	room, dropped := h.evictSessions(now)
	if room {
		h.sessions.add(e)
		h.sessions.of[m] = e
	}
	h.sessions.mu.Unlock()
	if !room {
		h.persist(dropped...)
		return
	}
	m.attach(e)
	h.persistThen(m, func(err error) {
		if err == nil {
			h.sendToken(m, e, token)
		}
	}, append(dropped, e.stored())...)
}

// sendToken tells m the token of its session, if it still is that.
func (h *Hub) sendToken(m *Member, e *session, token string) {
	if m.session() == e {
		m.out.Answer(Resumable{Token: token, For: h.lifetime(e)})
	}
}

// evictSessions ends sessions if there are too many, and reports whether there is room for one
// more. sessions.mu is held.
func (h *Hub) evictSessions(now time.Time) (room bool, dropped []Record) {
	s := &h.sessions
	if len(s.byID) < MaxSessions {
		return true, nil
	}
	var oldest *session
	for _, e := range s.byID {
		switch {
		case e.gone.IsZero():
		case h.over(e, now):
			s.remove(e)
			dropped = append(dropped, DropSession{ID: e.ID})
		case oldest == nil || e.gone.Before(oldest.gone):
			oldest = e
		}
	}
	if len(s.byID) >= MaxSessions && oldest != nil {
		s.remove(oldest)
		dropped = append(dropped, DropSession{ID: oldest.ID})
	}
	return len(s.byID) < MaxSessions, dropped
}

// attach makes e the session of m.
func (m *Member) attach(e *session) {
	x, was := m.withExtras(), m.identity()
	x.session, x.visitor = e, e.ID
	if m.account() == 0 {
		for _, s := range m.seats() {
			s.room.identify(e.ID, was)
		}
	}
}

func (m *Member) session() *session {
	if x := m.extras(); x != nil {
		return x.session
	}
	return nil
}

// identity returns by what a room counts a person's connections: the account, the session
// of a guest, or 0.
func (m *Member) identity() uint64 {
	if id := m.account(); id != 0 {
		return id
	}
	if x := m.extras(); x != nil {
		return x.visitor
	}
	return 0
}

// describe takes over m's state.
func (e *session) describe(m *Member) {
	e.Account, e.Name, e.Settings = m.account(), m.Name(), m.Settings()
	e.Rooms, e.Ignores, e.Mutes = nil, nil, nil
	for _, s := range m.seats() {
		e.Rooms = append(e.Rooms, s.room.name)
	}
	if e.Account == 0 {
		e.Ignores, e.Mutes = slices.Sorted(maps.Keys(m.ignored())), m.subject().held
	}
}

// stored returns the record of a session.
func (e *session) stored() Session {
	r := e.Session
	r.Rooms, r.Ignores, r.Mutes = slices.Clone(r.Rooms), slices.Clone(r.Ignores), slices.Clone(r.Mutes)
	return r
}

// NoteSession records what has changed of m: its rooms, its name, its settings, whom it
// ignores. A session does not change hands: if m has logged in or out, or the session was
// ended by others, m gets another one.
func (h *Hub) NoteSession(m *Member, now time.Time) {
	e := m.session()
	if e == nil || m.who == nil {
		h.OpenSession(m, now)
		return
	}
	h.sessions.mu.Lock()
	was := e.stored()
	moved := e.Account != m.account() || h.sessions.byID[e.ID] != e
	if !moved {
		e.describe(m)
	}
	is := e.stored()
	h.sessions.mu.Unlock()
	if moved {
		h.endSession(m)
		h.OpenSession(m, now)
		return
	}
	if was.Name != is.Name || was.Settings != is.Settings || !slices.Equal(was.Rooms, is.Rooms) || !slices.Equal(was.Ignores, is.Ignores) {
		h.persist(is)
	}
}

// endSession ends the session of m, if it has one: nobody comes back to it.
func (h *Hub) endSession(m *Member) {
	e := m.session()
	if e == nil {
		return
	}
	m.extras().session = nil
	h.sessions.mu.Lock()
	delete(h.sessions.of, m)
	h.sessions.mu.Unlock()
	h.drop(e)
}

// drop ends a session.
func (h *Hub) drop(e *session) {
	h.sessions.mu.Lock()
	known := h.sessions.byID[e.ID] == e
	if known {
		h.sessions.remove(e)
	}
	h.sessions.mu.Unlock()
	if known {
		h.persist(DropSession{ID: e.ID})
	}
}

// endSessionsOf ends all sessions of an account, whose password has changed.
func (h *Hub) endSessionsOf(account uint64) {
	var ended []*session
	h.sessions.mu.Lock()
	for _, e := range h.sessions.byID {
		if e.Account == account {
			ended = append(ended, e)
		}
	}
	h.sessions.mu.Unlock()
	for _, e := range ended {
		h.drop(e)
	}
}

// Linger reports whether m, whose connection has ended, may come back, so that others are
// not told yet that it has left; Leave follows after the time returned, unless m has come
// back by then.
func (h *Hub) Linger(m *Member, now time.Time) (time.Duration, bool) {
	e := m.session()
	if e == nil || m.marked(gone) {
		return 0, false
	}
	h.sessions.mu.Lock()
	known := h.sessions.byID[e.ID] == e && e.member == m
	if known {
		e.gone, e.Seen = now, now
	}
	is := e.stored()
	h.sessions.mu.Unlock()
	if !known {
		return 0, false
	}
	h.persist(is)
	if h.options.Archive != nil {
		e.receipts.release()
	}
	m.mark(lingering)
	return h.options.Resumption.Linger, true
}
