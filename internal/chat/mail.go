package chat

// Private messages that wait for users who are not here.

const (
	// maxMail is how many private messages can wait for one user.
	maxMail = 100
	// maxMailFrom is how many of them can be from one sender, and maxMailGuests from all
	// guests together, who can use any number of names.
	maxMailFrom   = 20
	maxMailGuests = maxMail / 2
)

// post stores a private message until the next login of an account.
func (h *Hub) post(m *Member, a *account, l Line, may audience) {
	if h.options.Archive == nil {
		m.refuse(note("not-here", "name", a.Name))
		return
	}
	if may == author {
		h.echo(m, a.Name, l)
		m.tell(note("mail-waits", "name", a.Name))
		h.sent(m, a.Name, l.CID, true)
		return
	}
	var waiting []Mail
	var err error
	c := m.claim().about(a)
	h.work(m, Disk, c, func() { waiting, err = h.options.Archive.Mail(a.ID, maxMail) }, func() {
		if err != nil {
			m.refuse(note("mail-unreadable", "name", a.Name, "cause", err.Error()))
			return
		}
		if err := mailShare(m, a.Name, waiting); err != nil {
			m.refuse(Why(err))
			return
		}
		mail := Mail{
			ID: h.nextID(), To: a.ID, FromAccount: m.account(), From: m.Name(), Action: l.Kind == Action, Body: l.Text, Time: m.out.Now(),
		}
		if err := h.persistIf(m, c, func() []Record { return []Record{mail} }, func(err error) {
			if err != nil {
				m.refuse(note("mail-not-saved", "name", a.Name, "why", Why(err)))
				return
			}
			h.echo(m, a.Name, l)
			m.tell(note("mail-waits", "name", a.Name))
			h.sent(m, a.Name, l.CID, true)
		}); err != nil {
			m.refuse(Why(err))
		}
	})
}

// mailShare returns why one more message of m may not wait for a user.
func mailShare(m *Member, name string, waiting []Mail) error {
	own, guests := 0, 0
	for _, each := range waiting {
		if each.FromAccount == m.account() && (m.account() != 0 || fold(each.From) == m.who.name.Key()) {
			own++
		}
		if each.FromAccount == 0 {
			guests++
		}
	}
	switch {
	case own >= maxMailFrom:
		return refusal("mail-of-yours-full", "most", own, "name", name)
	case len(waiting) >= maxMail:
		return refusal("mail-full", "most", len(waiting), "name", name)
	case m.account() == 0 && guests >= maxMailGuests:
		return refusal("mail-of-guests-full", "most", guests, "name", name)
	}
	return nil
}

// settle makes m, who is logged in, enter the lobby if it is in no room, and
// delivers the mail that has waited.
func (h *Hub) settle(m *Member) {
	zone := m.Settings().Zone
	if !h.unknownZone(zone) {
		h.settled(m)
		return
	}
	c := m.claim()
	if m.out.Work(Disk, func() { h.options.Zones.Load(zone) }, h.ifValid(m, c, func() {
		m.out.Adapt()
		h.settled(m)
	})) != nil {
		h.settled(m) // in UTC, for now
	}
}

// settled is settle with the time zone that m wants.
func (h *Hub) settled(m *Member) {
	if m.Room() == nil {
		h.Arrive(m, m.out.Now())
	}
	h.rejoin(m, m.out.Now())
	if h.options.Archive == nil || m.account() == 0 {
		return
	}
	var mail []Mail
	var err error
	id := m.account()
	read := func() { mail, err = h.options.Archive.Mail(id, maxMail) }
	if busy := m.out.Work(Disk, read, h.ifValid(m, m.claim(), func() {
		if err != nil {
			m.refuse(note("own-mail-unreadable", "cause", err.Error()))
			return
		}
		hidden := h.hidden(m.out.Now())
		for _, each := range mail {
			if hidden != nil && hidden(&Event{Name: each.From, Account: each.FromAccount}) {
				continue // it waits as long as the ban lasts
			}
			x := m.withExtras()
			x.mail = append(x.mail, each.ID)
			if m.ignores(fold(each.From)) {
				continue
			}
			m.out.Deliver(Event{Kind: Mailed, Action: each.Action, Name: each.From, Body: each.Body, Time: each.Time})
			m.more.reply = each.From
		}
	})); busy != nil {
		h.unable(m, Disk, busy)
	}
}
