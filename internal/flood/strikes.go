package flood

import "time"

// How strikes add up.
const (
	// StrikesToKick is how many strikes are a kick.
	StrikesToKick = 3
	// StrikeLife is how long it takes until one strike is forgiven.
	StrikeLife = 10 * time.Minute
	// KicksToBan is how many kicks are a ban.
	KicksToBan = 3
	// KickLife is how long it takes until one kick is forgiven.
	KickLife = 6 * time.Hour
	// BanFor is how long a ban lasts.
	BanFor = time.Hour
)

// A Sanction is what a strike leads to.
type Sanction uint8

const (
	// Warned people stay.
	Warned Sanction = iota
	// Kicked people have to come back.
	Kicked
	// Banned people may not come back for a while.
	Banned
)

// String returns the sanction as a word for logs.
func (s Sanction) String() string {
	switch s {
	case Warned:
		return "warned"
	case Kicked:
		return "kicked"
	default:
		return "banned"
	}
}

// An Outcome is what Strikes.Add says.
type Outcome struct {
	Sanction Sanction
	// Left is how many strikes more are without a kick, after a warning.
	Left int
	// Ban is how long the ban lasts, if it is one.
	Ban time.Duration
	// Reason is a sentence for the person.
	Reason string
}

// What an Outcome says.
const (
	warnedTwice = "that was too much, and the second time is a last warning"
	warnedLast  = "that was too much, and the next time you are out"
	kicked      = "that was too much too often: you are out, and may come back when you have calmed down"
	banned      = "that was too much too often: you are out for an hour"
)

// Strikes are the strikes and kicks of one person, and outlive her connection:
// keep them by account or address, and forget them once they are Spent. The zero
// value is a clean record. It belongs to one goroutine.
type Strikes struct{ strikes, kicks Bucket }

// The strikes, and kicks, that a person has before the one that counts.
var (
	strikeRate = Rate{StrikeLife, StrikesToKick - 1}
	kickRate   = Rate{KickLife, KicksToBan - 1}
)

// Add counts a strike and says what it leads to. A kick wipes out the strikes,
// a ban also the kicks.
func (s *Strikes) Add(now time.Time) Outcome {
	if _, ok := s.strikes.Take(now, 1, strikeRate); ok {
		o := Outcome{Sanction: Warned, Left: s.strikes.left(now, strikeRate), Reason: warnedTwice}
		if o.Left == 0 {
			o.Reason = warnedLast
		}
		return o
	}
	s.strikes = Bucket{}
	if _, ok := s.kicks.Take(now, 1, kickRate); ok {
		return Outcome{Sanction: Kicked, Reason: kicked}
	}
	s.kicks = Bucket{}
	return Outcome{Sanction: Banned, Ban: BanFor, Reason: banned}
}

// Spent reports whether everything is forgiven, so that the record may go.
func (s *Strikes) Spent(now time.Time) bool {
	return s.strikes.left(now, strikeRate) == strikeRate.Burst && s.kicks.left(now, kickRate) == kickRate.Burst
}
