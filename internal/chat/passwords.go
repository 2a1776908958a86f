package chat

// newPassword asks for a new password, twice, and calls then with its hash if a
// claim holds then.
func (h *Hub) newPassword(m *Member, name string, c claim, then func(hash string)) {
	d := newDialogue(m, note("nothing-changed"))
	var ask func()
	ask = func() {
		d.ask(note("ask-new-password", "name", name), func(password string) {
			if err := h.options.Passwords.Check(name, password); err != nil {
				d.again(Why(err), ask)
				return
			}
			d.ask(note("ask-again"), func(again string) {
				if again != password {
					d.again(note("passwords-differ"), ask)
					return
				}
				h.hash(m, d, c, password, then)
			})
		})
	}
	ask()
}

// hash calls then with the hash of a new password.
func (h *Hub) hash(m *Member, d *dialogue, c claim, password string, then func(hash string)) {
	var hash string
	var err error
	h.work(m, Hashing, c, func() { hash, err = h.options.Passwords.Hash(password) }, func() {
		if err != nil {
			d.fail(note("not-hashed", "cause", err.Error()))
			return
		}
		then(hash)
	})
}

// askPassword asks m for the password of an account, and when it is right calls
// then with a claim on the account.
func (h *Hub) askPassword(m *Member, name string, question, wrong *Note, d *dialogue, then func(*dialogue, claim)) {
	var ask func()
	ask = func() {
		d.ask(question, func(password string) {
			if why := h.mayNotTry(m, name); why != nil {
				d.fail(why)
				return
			}
			h.check(m, name, password, func(c claim) {
				if c.account == nil {
					d.again(wrong, ask)
					return
				}
				then(d, c)
			})
		})
	}
	ask()
}

// mayNotTry returns why m may not try a password for a name now, or nil.
func (h *Hub) mayNotTry(m *Member, name string) *Note {
	if h.options.Throttle == nil {
		return nil
	}
	wait, failed := h.options.Throttle.Wait(fold(name), m.out.Addr(), m.out.Now())
	switch {
	case wait == 0:
		return nil
	case failed:
		return note("too-many-wrong-passwords", "wait", wait)
	}
	return note("too-many-tries", "wait", wait)
}

// tried records the result of a try. It may be called from any goroutine.
func (h *Hub) tried(m *Member, name string, match bool) {
	switch t := h.options.Throttle; {
	case t == nil:
	case match:
		t.Succeeded(fold(name), m.out.Addr(), m.out.Now())
	default:
		t.Failed(fold(name), m.out.Addr(), m.out.Now())
	}
}

// check compares a password with that of an account, and calls then with a claim
// on the account if it matches and is still the account's, otherwise with a claim
// on none. It takes as long if there is no such account.
func (h *Hub) check(m *Member, text, password string, then func(claim)) {
	who := m.claim()
	c, hash := h.hashOf(text, who)
	var match, again bool
	var fresh string
	h.work(m, Matching, who, func() {
		match, again = h.options.Passwords.Match(hash, password)
		h.tried(m, text, match) // here, because m may have gone
		if match && again {
			fresh, _ = h.options.Passwords.Hash(password) // on failure the old hash stays
		}
	}, func() {
		if !match || !h.proved(m, c, fresh) {
			c = who
		}
		then(c)
	})
}

// hashOf returns c with a claim on the account of that name, and its hash, or c
// and "".
func (h *Hub) hashOf(text string, c claim) (claim, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.named(text)
	if !ok {
		return c, ""
	}
	return c.on(a), a.Hash
}

// proved reports whether the hash that a password was compared with is still the
// account's, and replaces it with a fresh one, if there is one.
func (h *Hub) proved(m *Member, c claim, fresh string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.account == nil || h.validLocked(m, c) != nil {
		return false
	}
	if fresh != "" { // the same password, and so the same generation
		c.account.Hash = fresh
		h.persist(c.account.Account)
	}
	return true
}

func passwd(c *Call) {
	h, m := c.Hub, c.Member
	switch {
	case c.arg(0) != "" && m.role() < Admin:
		m.refuse(note("not-your-password"))
		return
	case c.arg(0) != "":
		c.resetPassword(c.arg(0))
		return
	case m.operates():
		m.refuse(note("usage", "command", "passwd", "arguments", "NAME"))
		return
	}
	h.askPassword(m, m.Name(), note("ask-old-password"), note("wrong-old-password"), newDialogue(m, note("nothing-changed")),
		func(_ *dialogue, c claim) { h.changePassword(m, c, note("own-password-changed")) })
}

// changePassword asks for a new password of the account of a claim. m is told
// what when it is on disk with the accompanying records.
func (h *Hub) changePassword(m *Member, c claim, what *Note, with ...Record) {
	h.newPassword(m, c.account.Name, c, func(hash string) {
		if err := h.persistIf(m, c, func() []Record {
			a := c.account
			a.Hash = hash
			a.generation++ // a login in progress with the old password fails
			return append([]Record{a.Account}, with...)
		}, h.told(m, what)); err != nil {
			m.refuse(Why(err))
			return
		}
		h.endSessionsOf(c.account.ID)
	})
}
