// Package flood detects flooding by one person: writing too fast, repeating
// lines, writing in capitals, or, for new users, posting too many links.
//
// The package is pure: time is an argument, and callers act on the results. All
// times are of one clock; if that is set back, a person loses seconds, not the
// difference.
package flood

import "time"

// An Action is the decision about an attempt of a person.
type Action uint8

const (
	// OK allows it.
	OK Action = iota
	// Refused rejects it, with a reason.
	Refused
	// Strike rejects it, too, and counts as a strike: see Strikes.
	Strike
)

// String returns the action as a word for logs.
func (a Action) String() string {
	switch a {
	case OK:
		return "ok"
	case Refused:
		return "refused"
	default:
		return "strike"
	}
}

// A Verdict is a result of State's methods. The zero Verdict allows the attempt.
type Verdict struct {
	Action Action
	// Reason is the reason; "" if OK.
	Reason Reason
	// Wait is how long it takes until the same attempt is allowed; 0 if waiting
	// doesn't help.
	Wait time.Duration
}

// A Reason is the code of a reason to refuse; package text has the words for it.
type Reason string

// The reasons in a Verdict, and in an Outcome that is a warning.
const (
	TooFast         Reason = "too-fast"
	TooManyCommands Reason = "too-many-commands"
	TooManyJoins    Reason = "too-many-joins"
	TooManyPrivates Reason = "too-many-privates"
	TooMuchCaps     Reason = "too-much-caps"
	TooManyLinks    Reason = "too-many-links"
	SaidAlready     Reason = "said-already"
	FirstWarning    Reason = "first-warning"
	LastWarning     Reason = "last-warning"
)

// memory is how many different lines a State remembers.
const memory = 4

// A State is the recent activity of one person, in a hundred bytes. The zero
// State means no activity, so a session can hold a pointer and allocate it with
// the first message. It belongs to one goroutine.
type State struct {
	messages, commands, joins, privates Bucket
	links, refusals                     Bucket
	said                                [memory]line
}

// Message judges a message to a room. One that is refused for its text still
// counts as written.
func (s *State) Message(now time.Time, text string, r *Rules, newcomer bool) Verdict {
	if v, ok := s.take(now, &s.messages, r.l.Messages, TooFast, r); !ok {
		return v
	}
	if tooMuchCaps(text, &r.l) {
		return s.refuse(now, Verdict{Refused, TooMuchCaps, 0}, r)
	}
	return s.judge(now, text, r, newcomer)
}

// Private judges a private message as Message does, but allows capitals.
func (s *State) Private(now time.Time, text string, r *Rules, newcomer bool) Verdict {
	if v, ok := s.take(now, &s.privates, r.l.Privates, TooManyPrivates, r); !ok {
		return v
	}
	return s.judge(now, text, r, newcomer)
}

// Command judges a command that sends no message.
func (s *State) Command(now time.Time, r *Rules) Verdict {
	v, _ := s.take(now, &s.commands, r.l.Commands, TooManyCommands, r)
	return v
}

// Join judges the joining of a room.
func (s *State) Join(now time.Time, r *Rules) Verdict {
	v, _ := s.take(now, &s.joins, r.l.Joins, TooManyJoins, r)
	return v
}

// take takes a token out of b, or refuses and adds the penalty.
func (s *State) take(now time.Time, b *Bucket, rate Rate, reason Reason, r *Rules) (Verdict, bool) {
	_, ok := b.Take(now, 1, rate)
	if ok {
		return Verdict{}, true
	}
	b.Penalize(now, r.l.Penalty, rate)
	wait, _ := b.Take(now, 1, rate) // fails again, but returns the new wait
	return s.refuse(now, Verdict{Refused, reason, wait}, r), false
}

// judge judges the text of a message.
func (s *State) judge(now time.Time, text string, r *Rules, newcomer bool) Verdict {
	if newcomer && !r.l.Links.off() {
		if wait, ok := s.links.Take(now, countLinks(text), r.l.Links); !ok {
			return s.refuse(now, Verdict{Refused, TooManyLinks, wait}, r)
		}
	}
	if r.l.Repeats > 0 && r.l.RepeatWindow > 0 {
		if wait, ok := s.say(now, text, &r.l); !ok {
			return s.refuse(now, Verdict{Refused, SaidAlready, wait}, r)
		}
	}
	return Verdict{}
}

// refuse makes a refusal a strike if there were many before it.
func (s *State) refuse(now time.Time, v Verdict, r *Rules) Verdict {
	if _, ok := s.refusals.Take(now, 1, r.l.Patience); !ok {
		v.Action = Strike
		s.refusals = Bucket{}
	}
	return v
}
