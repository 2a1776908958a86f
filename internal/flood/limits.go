package flood

import "time"

// Limits say how much one person may do. In every field zero stands for the
// default, and a negative number turns the rule off (in a Rate, either of its
// fields). The zero Limits, and nil, are the defaults.
type Limits struct {
	// Messages to rooms. Default: 10 at once, one every 600 ms (5 in 3 s).
	Messages Rate
	// Commands that are no messages. Default: 20 at once, one every 500 ms.
	Commands Rate
	// Joins of rooms. Default: 10 at once, one every 3 s.
	Joins Rate
	// Privates are private messages. Default: 10 at once, one every second.
	Privates Rate

	// Penalty is what each attempt that is too fast adds to the wait, up to
	// MaxPenalty. Default: 500 ms.
	Penalty time.Duration
	// Patience is how many refusals a person has before the next is a strike;
	// after it she has as many again. Default: 10, one more every 2 s. Turned
	// off, nothing is ever a strike.
	Patience Rate

	// Repeats is how often one line may be said within RepeatWindow. Lines that
	// differ in case, spaces and punctuation are one. Default: 3 in 30 s. The
	// window is at most MaxPer, and counted in seconds.
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

// defaults are the limits in force where nobody set others.
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

// Defaults returns the limits in force where nobody sets others.
func Defaults() Limits { return defaults }

// Newcomer reports whether a person who has been here for age is a newcomer.
func (l *Limits) Newcomer(age time.Duration) bool {
	limit := defaults.NewcomerFor
	if l != nil && l.NewcomerFor != 0 {
		limit = l.NewcomerFor
	}
	return age < limit
}
