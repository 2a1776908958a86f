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

// A Sanction is the consequence of a strike.
type Sanction uint8

const (
	// Warned means that the person stays.
	Warned Sanction = iota
	// Kicked means that the person has to come back.
	Kicked
	// Banned means that the person may not come back for a while.
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

// An Outcome is the result of Strikes.Add.
type Outcome struct {
	Sanction Sanction
	// Left is how many more strikes are left before a kick, after a warning.
	Left int
	// Ban is how long the ban lasts, if it is one.
	Ban time.Duration
	// Reason is the code of the warning, if it is one.
	Reason Reason
}

// Strikes are the strikes and kicks of one person, and outlive their connection:
// store them by account or address, and drop them once they are Spent. The zero
// value is a clean record. It belongs to one goroutine.
type Strikes struct{ strikes, kicks Bucket }

// The strikes, and kicks, that a person has before the one that counts.
var (
	strikeRate = Rate{StrikeLife, StrikesToKick - 1}
	kickRate   = Rate{KickLife, KicksToBan - 1}
)

// Add counts a strike and returns its consequence. A kick clears the strikes, a
// ban also the kicks.
func (s *Strikes) Add(now time.Time) Outcome {
	if _, ok := s.strikes.Take(now, 1, strikeRate); ok {
		o := Outcome{Sanction: Warned, Left: s.strikes.left(now, strikeRate), Reason: FirstWarning}
		if o.Left == 0 {
			o.Reason = LastWarning
		}
		return o
	}
	s.strikes = Bucket{}
	if _, ok := s.kicks.Take(now, 1, kickRate); ok {
		return Outcome{Sanction: Kicked}
	}
	s.kicks = Bucket{}
	return Outcome{Sanction: Banned, Ban: BanFor}
}

// Spent reports whether everything is forgiven, so that the record can be dropped.
func (s *Strikes) Spent(now time.Time) bool {
	return s.strikes.left(now, strikeRate) == strikeRate.Burst && s.kicks.left(now, kickRate) == kickRate.Burst
}
