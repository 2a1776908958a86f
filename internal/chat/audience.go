package chat

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// An audience is the set of people who may read a text.
type audience uint8

const (
	nobody    audience = iota // and the author is told why
	author                    // only: they are shadow-muted, and must not notice
	reviewers                 // until a moderator approves it
	everybody
)

// A judgement says which text may be read, and by whom.
type judgement struct {
	to   audience
	text string // with words masked
	why  *Note  // if nobody may
	// strike is set if the text counts against the author. words are the words that
	// reviewers should look at.
	strike bool
	words  string
}

// judge decides what others may read of a text by m, in some rooms or, if there
// are none, anywhere. It is the only place where that is decided: messages, names,
// topics, reasons, invitations and every other visible text pass it, by
// [Hub.publishable], [Hub.judgeName], [Hub.farewell] or [Call.reason].
func (h *Hub) judge(m *Member, text string, now time.Time, rooms ...*Room) judgement {
	if why := h.silenced(m, now, rooms...); why != nil {
		return judgement{why: why}
	}
	return h.weigh(m, text)
}

// weigh is judge for a text by m, who may speak.
func (h *Hub) weigh(m *Member, text string) judgement {
	j := h.filter(m, text)
	if m.marked(shadowed) && j.to != nobody {
		j.to = author
	}
	return j
}

// filter is judge by the list of forbidden words only. Staff may use any word.
func (h *Hub) filter(m *Member, text string) judgement {
	all := judgement{to: everybody, text: text}
	l := h.words.Load()
	if l == nil || m.role() >= Moderator {
		return all
	}
	switch v := l.Check(text); v.Action {
	case wordfilter.None:
	case wordfilter.Mask:
		all.text = v.Text
	case wordfilter.Flag:
		return judgement{to: reviewers, text: v.Text, words: strings.Join(v.Words, ", ")}
	case wordfilter.Refuse:
		return judgement{why: note("unwanted-words-say-others")}
	case wordfilter.Strike:
		return judgement{why: note("unwanted-words"), strike: true}
	}
	return all
}

// judgeName is judge for a name that m asks for, for themselves or for a room.
func (h *Hub) judgeName(m *Member, name names.Name, now time.Time, rooms ...*Room) (audience, error) {
	if why := h.silenced(m, now, rooms...); why != nil {
		return nobody, &Refused{why}
	}
	if m.role() < Moderator {
		if err := h.decent(name); err != nil {
			return nobody, err
		}
	}
	if m.marked(shadowed) {
		return author, nil
	}
	return everybody, nil
}

// decent returns why a name is not allowed, or nil: a name can't be masked, nor
// wait for a review.
func (h *Hub) decent(name names.Name) error {
	if h.words.Load().Check(strings.TrimPrefix(name.Display, "#")).Action != wordfilter.None {
		return refusal("unwanted-name")
	}
	return nil
}

// changeName gives a guest another name. If they are shadow-muted, nobody else
// sees it.
func (h *Hub) changeName(m *Member, text string, now time.Time) error {
	name, err := names.Parse(text)
	if err != nil {
		return err
	}
	to, err := h.judgeName(m, name, now, m.everywhere()...)
	switch {
	case err != nil:
		return err
	case to == everybody:
		return h.rename(m, text, now)
	}
	h.mu.Lock()
	err = cmp.Or(h.free(name, m), h.barred(m, name, now))
	h.mu.Unlock()
	if err == nil {
		h.pretendName(m, name.Display, now)
	}
	return err
}

// publishable is judge for texts that can't wait for a review: topics, private
// messages and the like. It tells m why a text is refused.
func (h *Hub) publishable(m *Member, text string, now time.Time, rooms ...*Room) (string, audience) {
	return h.conclude(m, h.judge(m, text, now, rooms...), now)
}

// conclude acts on a judgement about a text that does not wait for a review.
func (h *Hub) conclude(m *Member, j judgement, now time.Time) (string, audience) {
	if j.words != "" {
		j = judgement{why: note("unwanted-words-say-others")}
	}
	h.refuseFor(m, j, now)
	return j.text, j.to
}

// refuseFor tells m why a text is refused.
func (h *Hub) refuseFor(m *Member, j judgement, now time.Time) {
	switch {
	case j.to != nobody:
	case j.strike:
		h.strike(m, j.why, now)
	default:
		m.refuse(j.why)
	}
}

// everywhere returns the rooms that m is in, where its name and its farewell are read.
func (m *Member) everywhere() []*Room {
	var rooms []*Room
	for _, s := range m.seats() {
		rooms = append(rooms, s.room)
	}
	return rooms
}

// reason returns what others may read of a reason that c gives, or false if it is
// refused. It is "" if only the author may read it.
func (c *Call) reason(text string, r *Room) (string, bool) {
	if text == "" {
		return "", true
	}
	if err := bounded(text); err != nil {
		c.Member.refuse(Why(err))
		return "", false
	}
	var rooms []*Room
	if r != nil {
		rooms = append(rooms, r)
	}
	text, to := c.Hub.publishable(c.Member, text, c.Now, rooms...)
	if to != everybody {
		text = ""
	}
	return text, to != nobody
}

// farewell returns what others may read of the reason with which m leaves, or nil. As
// m leaves in any case, a reason that is refused is left out.
func (h *Hub) farewell(m *Member, text string, now time.Time) *Note {
	if m.who == nil || text == "" {
		return nil
	}
	if j := h.judge(m, text, now, m.everywhere()...); j.to == everybody {
		return note("quit", "reason", j.text)
	}
	return nil
}

// silenced returns why m may not speak in the rooms, or anywhere if there are none;
// nil if m may.
func (h *Hub) silenced(m *Member, now time.Time, rooms ...*Room) *Note {
	if m.marked(muted | shadowed) {
		h.remark(m, now) // it may have ended
	}
	if m.marked(muted) {
		if s := h.sanctionOf(m, Mute, "", now); s != nil {
			return s.note("muted", now)
		}
	}
	for _, r := range rooms {
		if why := r.silences(m, now); why != nil {
			return why
		}
	}
	return nil
}

// silences returns why m may not speak here, or nil.
func (r *Room) silences(m *Member, now time.Time) *Note {
	if m.role() >= Moderator {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.silencesLocked(m, now)
}

// silencesLocked is silences for a user who is no moderator. r.mu is held.
func (r *Room) silencesLocked(m *Member, now time.Time) *Note {
	for i := range r.mutes {
		if s := &r.mutes[i]; s.appliesTo(m.subject(), now) {
			m.hold(s)
			return s.note("muted", now)
		}
	}
	if r.state.Moderated && !r.mayTalk(m) {
		return note("moderated", "room", r.name)
	}
	return nil
}

// takes returns why the room takes no message of m now, or nil.
func (r *Room) takes(m *Member, now time.Time) *Note {
	if m.role() >= Moderator {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if why := r.silencesLocked(m, now); why != nil {
		return why
	}
	return r.slows(m, now)
}

// slows returns that m, who is no moderator, has to wait in a slow room; if not, it records
// that m speaks now and returns nil. r.mu is held.
func (r *Room) slows(m *Member, now time.Time) *Note {
	if r.state.Slow == 0 || r.isOperatorHere(m) {
		return nil
	}
	// By name and by connection, so that neither another name nor another connection evades
	// it.
	keys := []string{m.who.name.Key(), "connection " + strconv.FormatUint(m.id, 10)}
	for _, key := range keys {
		if wait := r.state.Slow - now.Sub(r.spoke[key]); wait > 0 {
			return note("slow", "room", r.name, "wait", wait)
		}
	}
	for _, key := range keys {
		r.spokeAt(key, now)
	}
	return nil
}
