package flood

import "time"

// Limits are the flood limits of one person. In every field zero stands for the
// default, and a negative number turns the rule off (in a Rate, either of its
// fields). The zero Limits, and nil, are the defaults.
type Limits struct {
	// Messages to rooms. Default: 10 at once, one every 600 ms (5 in 3 s).
	Messages Rate
	// Commands that are not messages. Default: 20 at once, one every 500 ms.
	Commands Rate
	// Joins of rooms. Default: 10 at once, one every 3 s.
	Joins Rate
	// Privates are private messages. Default: 10 at once, one every second.
	Privates Rate

	// Penalty is how much each attempt that is too fast adds to the wait, up to
	// MaxPenalty. Default: 500 ms.
	Penalty time.Duration
	// Patience is how many refusals a person may get before the next is a
	// strike; after that they have as many again. Default: 10, one more every 2
	// s. If it is off, refusals never become strikes.
	Patience Rate

	// Repeats is how often one line may be said within RepeatWindow. Lines that
	// differ only in case, spaces and punctuation count as the same. Default: 3
	// in 30 s. The window is at most MaxPer, and counted in seconds.
	Repeats      int
	RepeatWindow time.Duration

	// CapsPercent is how many of a line's letters may be capitals, in percent,
	// if it has CapsLetters letters or more. Scripts without capitals have
	// none. Default: 70 percent of 16 letters.
	CapsPercent, CapsLetters int

	// Links is how many links newcomers may post. Default: 2 a minute (2 at
	// once, one every 30 s).
	Links Rate
	// NewcomerFor is how long a person is a newcomer. Default: one hour.
	NewcomerFor time.Duration
}

// defaults are the default limits.
var defaults = Limits{
	Messages:     Rate{600 * time.Millisecond, 10},
	Commands:     Rate{500 * time.Millisecond, 20},
	Joins:        Rate{3 * time.Second, 10},
	Privates:     Rate{time.Second, 10},
	Penalty:      500 * time.Millisecond,
	Patience:     Rate{2 * time.Second, 10},
	Repeats:      3,
	RepeatWindow: 30 * time.Second,
	CapsPercent:  70,
	CapsLetters:  16,
	Links:        Rate{30 * time.Second, 2},
	NewcomerFor:  time.Hour,
}

// Defaults returns the default limits.
func Defaults() Limits { return defaults }

// Rules are Limits with the defaults filled in, as [State] needs them. Make them once, with
// [Limits.Rules]; they are never changed.
type Rules struct{ l Limits }

// Rules returns the rules that l stands for.
func (l *Limits) Rules() *Rules {
	if l == nil {
		return &Rules{defaults}
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
	d.NewcomerFor = or(d.NewcomerFor, defaults.NewcomerFor)
	return &Rules{d}
}

func or[T int | time.Duration](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return value
}

// Newcomer reports whether a person who has been here for age is a newcomer.
func (r *Rules) Newcomer(age time.Duration) bool { return age < r.l.NewcomerFor }
