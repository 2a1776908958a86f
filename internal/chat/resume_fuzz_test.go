package chat_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// A clocked is a person with a clock.
type clocked struct {
	*person
	at *time.Time
}

func (c clocked) Now() time.Time { return *c.at }

// A tokens is what is expected of the tokens of one session.
type tokens struct {
	name, current, previous string

	spent    []string // oldest first
	ended    []string // tokens of before, of which nothing is remembered
	member   *person  // that has the session
	lifetime time.Duration
	rotated  time.Time // when current was given
	gone     time.Time // when the connection was lost; the zero time if it was not
	over     bool
}

// The outcomes of a resume.
const (
	resumed = ""
	unknown = "resume-unknown"
	reused  = "resume-reused"
)

// use returns what a resume with a token must have as outcome, if the token is of this session,
// and acts on it.
func (s *tokens) use(token string, at time.Time) (outcome string, mine bool) {
	spent := slices.Contains(s.spent, token)
	switch {
	case s.over || token != s.current && token != s.previous && !spent || token == "":
		return unknown, false
	case !s.gone.IsZero() && at.Sub(s.gone) > s.lifetime:
		s.over = true
		return unknown, true
	case spent || token == s.previous && at.Sub(s.rotated) > time.Minute:
		s.over = true
		return reused, true
	}
	return resumed, true
}

// rotate records that a token was used, and that fresh is the next.
func (s *tokens) rotate(used, fresh string, at time.Time) {
	for _, each := range []string{s.current, s.previous} {
		if each != used && each != "" {
			s.spent = append(s.spent, each)
		}
	}
	if n := len(s.spent) - 8; n > 0 {
		s.ended, s.spent = append(s.ended, s.spent[:n]...), s.spent[n:]
	}
	s.current, s.previous, s.rotated, s.gone = fresh, used, at, time.Time{}
}

// A resuming is a hub with two sessions, and what is expected of them.
type resuming struct {
	t    *testing.T
	f    *fixture
	at   time.Time
	sets []*tokens
	said int
}

func newResuming(t *testing.T) *resuming {
	s, given := memory.New(), uint64(0)
	account := chat.Account{ID: 1, Name: "bob", Hash: "=bob", Role: chat.User}
	if err := s.Commit([]chat.Record{account}); err != nil {
		t.Fatal(err)
	}
	r := &resuming{t: t, at: now}
	r.f = newFixtureWith(t, func(o *chat.Options) {
		o.State = &chat.State{LastID: 1, Epoch: 7, Accounts: []chat.Account{account}}
		o.Now, o.Journal, o.Archive, o.Passwords, o.History = now, saved{s}, s, plain{}, 4
		o.Resumption.Token = func() [32]byte {
			given++
			return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, given))
		}
	})
	for _, p := range []*person{r.f.join("ann"), r.f.logsIn("bob")} {
		r.f.hub.OpenSession(&p.Member, r.at)
		p.resume()
		life := chat.DefaultResumeGuests
		if p.Name() == "bob" {
			life = chat.DefaultResumeAccounts
		}
		r.sets = append(r.sets, &tokens{name: p.Name(), current: lastAnswer[chat.Resumable](p).Token, member: p, lifetime: life, rotated: r.at})
	}
	return r
}

// resumes resumes with a token, and checks what happens.
func (r *resuming) resumes(token string, at []chat.Position) {
	want, of := unknown, (*tokens)(nil)
	for _, s := range r.sets {
		if outcome, mine := s.use(token, r.at); mine {
			want, of = outcome, s
		}
	}
	p := &person{}
	r.f.hub.Admit(&p.Member, clocked{p, &r.at})
	r.f.hub.Resume(&p.Member, token, chat.Seen{Rooms: at}, r.at)
	p.resume()
	fresh := lastAnswer[chat.Resumable](p).Token
	if want != resumed {
		if p.Name() != "" || len(p.rooms) > 0 || fresh != "" {
			r.t.Fatalf("%q: want %s, but is %q in %v with the token %q", token, want, p.Name(), p.rooms, fresh)
		}
		if n := len(p.told); n == 0 || string(p.told[n-1].Note.Code) != want {
			r.t.Fatalf("%q: want %s, told %+v", token, want, p.told)
		}
		return
	}
	if p.Name() != of.name || !slices.Contains(p.rooms, chat.Lobby) {
		r.t.Fatalf("%q: want %s in the lobby, but is %q in %v: %v", token, of.name, p.Name(), p.rooms, p.told)
	}
	if len(p.recent) > r.said {
		r.t.Fatalf("missed %d of %d messages", len(p.recent), r.said)
	}
	for _, s := range r.sets {
		if fresh == "" || fresh == s.current || fresh == s.previous || slices.Contains(s.spent, fresh) {
			r.t.Fatalf("the next token is %q", fresh)
		}
	}
	if old := of.member; old != nil {
		r.f.hub.Leave(&old.Member, nil, r.at)
	}
	of.rotate(token, fresh, r.at)
	of.member = p
}

// step does what a byte says.
func (r *resuming) step(b byte, token string, at []chat.Position) {
	s, arg := r.sets[b>>3&1], int(b>>4)
	switch b & 7 {
	case 0:
		r.resumes(s.current, at)
	case 1:
		r.resumes(s.previous, at)
	case 2:
		for i, list := range [][]string{s.spent, s.ended} {
			if n := len(list); n > 0 && i == arg&1 {
				r.resumes(list[arg>>1%n], at)
			}
		}
	case 3: // of a valid one
		t := s.current
		r.resumes([]string{t[:len(t)-1], t + "=", " " + t, t + "\x00", t[:42] + "A", t + t, token + t, t + token}[arg%6], at)
	case 4:
		r.resumes(token, at)
	case 5:
		r.at = r.at.Add([]time.Duration{time.Second, 30 * time.Second, time.Minute + 1, chat.DefaultResumeGuests + 1}[arg%4])
	case 6: // the connection is lost, or the others no longer wait
		if s.member == nil {
			return
		}
		if _, may := r.f.hub.Linger(&s.member.Member, r.at); may {
			s.gone = r.at
		}
		if arg&1 == 1 {
			r.f.hub.Leave(&s.member.Member, nil, r.at)
			s.member = nil
		}
	case 7:
		if s.member != nil {
			r.said++
			r.f.hub.Post(&s.member.Member, chat.Line{Kind: chat.Say, Text: "x"}, r.at)
		}
	}
}

// Whatever is sent as a token, and whatever a client claims to have seen, it has a name only
// with a valid token, and that of its session. A spent token ends the session.
func FuzzResume(f *testing.F) {
	f.Add("x", chat.Lobby, uint64(7), uint64(1), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	f.Add("", "#tea", uint64(0), uint64(1<<63), []byte{0, 0, 0, 0, 1, 2, 0, 8, 8, 8, 9, 10, 18, 26, 0, 8})
	f.Add("\xff\x00", "", ^uint64(0), ^uint64(0), []byte{7, 7, 7, 0, 6, 0x35, 0, 6, 0x25, 1, 0x16, 0x35, 0, 8})
	f.Fuzz(func(t *testing.T, token, room string, epoch, seq uint64, steps []byte) {
		r := newResuming(t)
		at := []chat.Position{{Room: room, Epoch: epoch, Seq: seq}, {Room: chat.Lobby, Epoch: seq, Seq: epoch}, {Room: chat.Lobby, Epoch: 7, Seq: seq}}
		for i, b := range steps[:min(len(steps), 64)] {
			r.step(b, token, at[:i%len(at)])
		}
		for _, s := range r.sets {
			for _, spent := range s.spent {
				if !s.over {
					r.resumes(spent, nil)
				}
			}
			r.resumes(s.current, nil)
		}
	})
}
