package chat

import "slices"

func invite(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.Room()
	if state := r.look(); (state.MembersOnly || state.Key != "") && m.role() < Moderator && !r.operator(m) {
		m.refuse(note("may-not-invite", "room", r.name))
		return
	}
	h.mu.Lock()
	var guests []*Member
	var account uint64
	p, err := h.present(c.Args[0])
	if err == nil {
		guests = p.members.clone()
	}
	if a, ok := h.named(c.Args[0]); ok {
		account, err = a.ID, nil
	}
	h.mu.Unlock()
	if err != nil {
		m.refuse(Why(err))
		return
	}
	switch _, to := h.publishable(m, "", c.Now, r); {
	case to == nobody:
		return
	case to == author:
		m.tell(note("invited", "name", c.Args[0], "room", r.name))
		return
	case account != 0 && len(r.look().Members) >= maxInvited:
		m.refuse(note("too-many-members", "room", r.name, "most", maxInvited))
		return
	}
	by, key := m.Name(), m.key()
	then := func() {
		h.letBack(fold(c.Args[0]), account, r)
		for _, g := range guests {
			g.out.Post(func() { g.invitedBy(by, key, r) })
		}
		m.tell(note("invited", "name", c.Args[0], "room", r.name))
	}
	if account != 0 {
		if err := c.changeRoomThen(r, func(s *RoomState) error {
			s.Members = with(s.Members, account)
			return nil
		}, nil, &then); err != nil {
			m.refuse(Why(err))
			return
		}
	}
	if then != nil {
		then()
	}
}

// invitedBy allows m into a room, and tells them unless they ignore the inviter.
func (m *Member) invitedBy(by, key string, r *Room) {
	if x := m.withExtras(); len(x.invited) < maxInvited && !slices.Contains(x.invited, r) {
		x.invited = append(x.invited, r)
	}
	if !m.ignores(key) {
		m.tell(note("invitation", "by", by, "room", r.name))
	}
}

// uninvite revokes an invitation. A user who is in the room stays: use /kick to remove
// them.
func uninvite(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.Room()
	h.mu.Lock()
	a, registered := h.named(c.Args[0])
	var guests []*Member
	if p, err := h.present(c.Args[0]); err == nil {
		guests = p.members.clone()
	}
	h.mu.Unlock()
	for _, g := range guests {
		g.out.Post(func() {
			if x := g.extras(); x != nil {
				x.invited = without(x.invited, r)
			}
		})
	}
	switch {
	case registered && slices.Contains(r.look().Members, a.ID):
		c.changeRoom(r, func(s *RoomState) error {
			s.Members = without(s.Members, a.ID)
			return nil
		}, func(*RoomState) (Act, *Note) {
			return c.entry("uninvite", a.Name, r.name, ""), note("uninvited", "name", a.Name, "room", r.name)
		})
	case !registered && len(guests) > 0:
		m.tell(note("not-invited-any-more", "name", c.Args[0], "room", r.name))
	default:
		m.refuse(note("no-member", "name", clip(c.Args[0]), "room", r.name))
	}
}
