package chat

// How accounts end: they are suspended until the removal is saved, or reinstated if that
// fails.

// suspend disables a registered account: nobody can log in to it or address it, and its
// users have no role. Its name stays taken until expelUsers or reinstate is called.
// h.mu is held.
func (h *Hub) suspend(a *account) {
	delete(h.byID, a.ID)
	if a.Role >= Moderator {
		h.staff.Add(-1)
	}
	for _, u := range h.usersOf(a) {
		u.setRole(Guest)
	}
}

// reinstate undoes suspend.
func (h *Hub) reinstate(a *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.accounts[a.name.Skeleton()] != a { // its registration was not saved, either
		return
	}
	h.addAccount(a)
	for _, u := range h.usersOf(a) {
		u.setRole(a.Role)
	}
}

// expelUsers frees the name of a suspended account, and disconnects its users with a
// reason.
func (h *Hub) expelUsers(a *account, why *Note) {
	h.mu.Lock()
	if h.accounts[a.name.Skeleton()] == a {
		delete(h.accounts, a.name.Skeleton())
	}
	users := h.usersOf(a)
	h.mu.Unlock()
	for _, u := range users {
		u.out.Post(func() {
			if u.account() == a.ID { // otherwise they have logged out
				h.expel(u, nil, why)
			}
		})
	}
}

// unregister removes an account that could not be saved, unless it has been
// removed already. Users who have logged in to it by then are disconnected.
func (h *Hub) unregister(a *account) {
	h.mu.Lock()
	if h.isRegistered(a) {
		h.suspend(a)
	}
	h.mu.Unlock()
	h.expelUsers(a, note("removed-not-saved"))
}

// usersOf returns the connections that are logged in to an account. h.mu is held.
func (h *Hub) usersOf(a *account) []*Member {
	if p := h.names[a.name.Skeleton()]; p != nil && p.account == a {
		return p.members.clone()
	}
	return nil
}
