package chat

// A claim is what a continuation relies on that runs after work off the loop, or
// after a wait for the disk. Others may have changed any of it meanwhile: removed
// the account, changed its password, taken a role away, closed a room. So it is
// validated before the continuation acts: by [Hub.work] before it continues, and
// by [Hub.persistIf] and [Hub.logIn] in the critical section in which they act.
type claim struct {
	// user is the account that the member must still be logged in to; 0: a guest.
	user uint64
	// need is the role that the member must still have.
	need Role
	// room, unless it is nil, is a room that the member must still be in; if
	// runs is set they must still be an operator of it, or a moderator.
	room *Room
	runs bool
	// account, unless it is nil, must still be registered, and if password is set
	// have the password that it had at generation.
	account    *account
	password   bool
	generation uint64
}

// claim returns the claim that m has the same account as now.
func (m *Member) claim() claim { return claim{user: m.account()} }

// in returns c for a member that must still be in a room. An operator of the
// server is in no room.
func (c claim) in(r *Room) claim {
	c.room = r
	return c
}

// about returns c for an account that must still be registered.
func (c claim) about(a *account) claim {
	c.account = a
	return c
}

// on returns c for an account that must still have the password that it has now.
// Hub.mu is held.
func (c claim) on(a *account) claim {
	c.account, c.password, c.generation = a, true, a.generation
	return c
}

// valid returns why a claim of m no longer holds, or nil.
func (h *Hub) valid(m *Member, c claim) error {
	h.mu.Lock()
	err := h.validLocked(m, c)
	h.mu.Unlock()
	switch {
	case err != nil || c.room == nil:
		return err
	case m.in(c.room) == nil && !m.operates():
		return refusal("not-in-room-any-more", "room", c.room.name)
	case c.runs && m.role() < Moderator && !c.room.operator(m):
		return refusal("no-operator-any-more", "room", c.room.name)
	}
	return nil
}

// validLocked is valid without the room. h.mu is held.
func (h *Hub) validLocked(m *Member, c claim) error {
	switch {
	case m.marked(gone):
		return refusal("you-are-banned")
	case m.account() != c.user || c.user != 0 && h.byID[c.user] == nil:
		return refusal("not-logged-in-any-more")
	case m.role() < c.need:
		return refusal("not-allowed-any-more")
	case c.account == nil:
		return nil
	case !h.isRegistered(c.account):
		return refusal("no-account-any-more", "name", c.account.Name)
	case c.password && c.account.generation != c.generation:
		return refusal("password-changed-meanwhile", "name", c.account.Name)
	}
	return nil
}

// isRegistered reports whether a is still an account. h.mu is held.
func (h *Hub) isRegistered(a *account) bool { return h.byID[a.ID] == a }

// work is Outlet.Work for what relies on a claim: done is called only if the claim
// holds then. Otherwise, and if there is too much work, m is told.
func (h *Hub) work(m *Member, kind WorkKind, c claim, work, done func()) {
	err := m.out.Work(kind, work, func() {
		if err := h.valid(m, c); err != nil {
			h.unable(m, kind, err)
			return
		}
		done()
	})
	if err != nil {
		h.unable(m, kind, err)
	}
}

// ifValid returns a function that calls done only if a claim holds then. It is for
// work that m did not ask for: users who are removed during their login are told
// only that.
func (h *Hub) ifValid(m *Member, c claim, done func()) func() {
	return func() {
		if h.valid(m, c) == nil {
			done()
		}
	}
}

// unable tells m why work was not done. That ends a password dialogue.
func (h *Hub) unable(m *Member, kind WorkKind, err error) {
	m.refuse(Why(err))
	if kind != Disk {
		m.out.Discard()
	}
}

// persistIf is persistThen for the records that change returns, if a claim holds. change
// is called with Hub.mu held, so that the last record written is the last change made.
func (h *Hub) persistIf(m *Member, c claim, change func() []Record, done func(error)) error {
	h.mu.Lock()
	if err := h.validLocked(m, c); err != nil {
		h.mu.Unlock()
		return err
	}
	records := change()
	if h.options.Journal == nil {
		h.mu.Unlock()
		done(nil)
		return nil
	}
	h.persistThen(m, done, records...)
	h.mu.Unlock()
	return nil
}

// touch changes m's own account, if it is still registered, without anybody
// waiting for it.
func (h *Hub) touch(m *Member, change func(*Account)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.byID[m.account()]; a != nil {
		change(&a.Account)
		h.persist(a.Account)
	}
}

// toOthers calls f with each other connection of m's account, on that
// connection's goroutine, unless it has logged out by then.
func (h *Hub) toOthers(m *Member, f func(o *Member)) {
	id := m.account()
	for _, o := range h.others(m) {
		o.out.Post(func() {
			if o.account() == id {
				f(o)
			}
		})
	}
}
