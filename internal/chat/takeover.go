package chat

import "github.com/sudoXpg/netloop/internal/clientaddr"

// maxConnections is how many connections one account has at a time.
const maxConnections = 16

// errExtra is for members who may only take over one of their own connections.
var errExtra = NewRefused("only-takeover")

// replaced returns the connection of an account that m, who logs in to it, takes over;
// nil: none. If the account or m's address has too many connections, it is the one that
// has been silent for longest, among those from m's address if that is the reason. It
// may be alive, but a dead one is chosen before any other; dead connections that are
// not taken over are found by keep-alives. h.mu is held.
func (h *Hub) replaced(m *Member, a *account) (*Member, error) {
	var own []*Member
	if p := h.names[a.name.Skeleton()]; p != nil && p.account == a {
		own = p.members.clone()
	}
	extra := m.out.Extra()
	from, counted := clientaddr.Of(m.out.Addr())
	if !extra && len(own) < maxConnections {
		return nil, nil
	}
	var found *Member
	for _, o := range own {
		if of, c := clientaddr.Of(o.out.Addr()); o == m || extra && (c != counted || of != from) {
			continue
		}
		if found == nil || o.active.Load() < found.active.Load() {
			found = o
		}
	}
	if extra && found == nil {
		return nil, errExtra
	}
	return found, nil
}
