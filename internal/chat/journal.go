package chat

// How changes reach the journal, and when members are told.

// persist writes records; nobody waits for them.
func (h *Hub) persist(records ...Record) {
	if h.options.Journal != nil {
		h.options.Journal.Write(nil, records...)
	}
}

// persistThen writes records and calls done on m's goroutine when they are on disk, or
// with the reason why they are not. Until then no input of m is processed. If done
// acts on more than m, it has to check again (see claim).
func (h *Hub) persistThen(m *Member, done func(error), records ...Record) {
	if h.options.Journal == nil {
		done(nil)
		return
	}
	var err error
	m.out.Await(func(finish func()) {
		h.options.Journal.Write(func(e error) {
			err = e
			finish()
		}, records...)
	}, func() { done(err) })
}

// commit writes records, and calls then on any goroutine when they are saved or
// have failed. then must not block.
func (h *Hub) commit(then func(), records ...Record) {
	if h.options.Journal == nil {
		then()
		return
	}
	h.options.Journal.Write(func(error) { then() }, records...)
}

// persistAlways is persistThen that also calls always, on any goroutine and before done, when the
// records are saved or have failed, even if m has gone by then. always must not block, and must
// not take Hub.mu if that is held.
func (h *Hub) persistAlways(m *Member, always, done func(error), records ...Record) {
	if h.options.Journal == nil {
		always(nil)
		done(nil)
		return
	}
	var err error
	m.out.Await(func(finish func()) {
		h.options.Journal.Write(func(e error) {
			err = e
			always(e)
			finish()
		}, records...)
	}, func() { done(err) })
}

// persistAndTell writes records, and then tells m what, or that the change lasts only
// until the server stops.
func (h *Hub) persistAndTell(m *Member, what *Note, records ...Record) {
	h.persistThen(m, h.told(m, what), records...)
}

// told returns a function that tells m that something is done and on disk, or not on disk.
func (h *Hub) told(m *Member, what *Note) func(error) {
	return func(err error) {
		if err != nil {
			m.refuse(note("done-not-saved", "done", what, "why", Why(err)))
			return
		}
		m.tell(what)
	}
}

// Full reports whether a member's next line should wait; wake, unless it is nil,
// is called once when it no longer has to (see Journal).
func (h *Hub) Full(wake func()) bool {
	return h.options.Journal != nil && h.options.Journal.Full(wake)
}
