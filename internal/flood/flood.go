// Package flood says when one person does too much: writes too fast, the same
// again and again, in capitals, or, being new, too many links.
//
// The package is pure: time is an argument, and what it returns is for others to
// act upon. Times are those of one clock; one that is set back costs a person
// seconds, not the difference.
package flood

import "time"

// An Action is what to do about what somebody wants to do.
type Action uint8

const (
	// OK lets it through.
	OK Action = iota
	// Refused doesn't, and says why.
	Refused
	// Strike doesn't either, and counts: see Strikes.
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

// A Verdict is what State's methods say. The zero Verdict lets through.
type Verdict struct {
	Action Action
	// Reason is a sentence for the person, with the way out; "" if OK.
	Reason string
	// Wait is how long it takes until the same is let through; 0 if waiting
	// doesn't help.
	Wait time.Duration
}

// The reasons.
const (
	TooFast         = "you write faster than anybody reads; wait a moment"
	TooManyCommands = "you give commands too fast; wait a moment"
	TooManyJoins    = "you join rooms too fast; wait a moment"
	TooManyPrivates = "you write private messages too fast; wait a moment"
	TooMuchCaps     = "that is mostly capitals, which reads as shouting; write it in small letters"
	TooManyLinks    = "newcomers may post only a few links; wait a while, or leave some out"
	SaidAlready     = "you said that already, more than once; say something else"
)

// memory is how many different lines a State remembers.
const memory = 4

// A State is what one person did lately, in a hundred bytes. The zero State is
// of one who did nothing, so a session can hold a pointer and make it with the
// first message. It belongs to one goroutine.
type State struct {
	messages, commands, joins, privates Bucket
	links, refusals                     Bucket
	said                                [memory]line
}

// Message judges a message to a room. One that is refused for what it says
// counts as written all the same.
func (s *State) Message(now time.Time, text string, l *Limits, newcomer bool) Verdict {
	d := l.orDefaults()
	if v, ok := s.take(now, &s.messages, d.Messages, TooFast, &d); !ok {
		return v
	}
	if tooMuchCaps(text, &d) {
		return s.refuse(now, Verdict{Refused, TooMuchCaps, 0}, &d)
	}
	return s.judge(now, text, &d, newcomer)
}

// Private judges a private message: as Message does, but people may shout at
// each other.
func (s *State) Private(now time.Time, text string, l *Limits, newcomer bool) Verdict {
	d := l.orDefaults()
	if v, ok := s.take(now, &s.privates, d.Privates, TooManyPrivates, &d); !ok {
		return v
	}
	return s.judge(now, text, &d, newcomer)
}

// Command judges a command that says nothing to anybody.
func (s *State) Command(now time.Time, l *Limits) Verdict {
	d := l.orDefaults()
	v, _ := s.take(now, &s.commands, d.Commands, TooManyCommands, &d)
	return v
}

// Join judges the joining of a room.
func (s *State) Join(now time.Time, l *Limits) Verdict {
	d := l.orDefaults()
	v, _ := s.take(now, &s.joins, d.Joins, TooManyJoins, &d)
	return v
}

// take takes a token out of b, or says why there is none and adds the penalty.
func (s *State) take(now time.Time, b *Bucket, r Rate, reason string, l *Limits) (Verdict, bool) {
	_, ok := b.Take(now, 1, r)
	if ok {
		return Verdict{}, true
	}
	b.Penalize(now, l.Penalty, r)
	wait, _ := b.Take(now, 1, r) // without success: it is later now
	return s.refuse(now, Verdict{Refused, reason, wait}, l), false
}

// judge judges what is said.
func (s *State) judge(now time.Time, text string, l *Limits, newcomer bool) Verdict {
	if newcomer && !l.Links.off() {
		if wait, ok := s.links.Take(now, countLinks(text), l.Links); !ok {
			return s.refuse(now, Verdict{Refused, TooManyLinks, wait}, l)
		}
	}
	if l.Repeats > 0 && l.RepeatWindow > 0 {
		if wait, ok := s.say(now, text, l); !ok {
			return s.refuse(now, Verdict{Refused, SaidAlready, wait}, l)
		}
	}
	return Verdict{}
}

// refuse makes a refusal a strike if there were many before it.
func (s *State) refuse(now time.Time, v Verdict, l *Limits) Verdict {
	if _, ok := s.refusals.Take(now, 1, l.Patience); !ok {
		v.Action = Strike
		s.refusals = Bucket{}
	}
	return v
}

// orDefaults returns the limits with the defaults where l has zero.
func (l *Limits) orDefaults() Limits {
	if l == nil {
		return defaults
	}
	d := *l
	d.Messages = d.Messages.or(defaults.Messages)
	d.Commands = d.Commands.or(defaults.Commands)
	d.Joins = d.Joins.or(defaults.Joins)
	d.Privates = d.Privates.or(defaults.Privates)
	d.Patience = d.Patience.or(defaults.Patience)
	d.Links = d.Links.or(defaults.Links)
	d.Penalty = or(d.Penalty, defaults.Penalty)
	d.Repeats = or(d.Repeats, defaults.Repeats)
	d.RepeatWindow = min(or(d.RepeatWindow, defaults.RepeatWindow), MaxPer)
	d.CapsPercent = or(d.CapsPercent, defaults.CapsPercent)
	d.CapsLetters = or(d.CapsLetters, defaults.CapsLetters)
	return d
}

func or[T int | time.Duration](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return value
}
