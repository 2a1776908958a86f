package flood

import "time"

// The maximum of a Rate, so that its arithmetic fits into 64 bits. Larger
// values are reduced to it.
const (
	MaxPer   = 24 * time.Hour
	MaxBurst = 10_000
)

// MaxPenalty is the longest wait that penalties add to that of an empty bucket.
// It is also the longest that a clock set back can cost.
const MaxPenalty = 10 * time.Second

// A Rate limits how often a person may do something: Burst times at once, and
// once more every Per after that. In any time t that is at most Burst + t/Per.
// For a Bucket, a negative number means no limit, and the zero Rate allows
// nothing.
type Rate struct {
	Per   time.Duration
	Burst int
}

// off reports whether the rate means no limit.
func (r Rate) off() bool { return r.Per < 0 || r.Burst < 0 }

// or returns r with zeros replaced by the default.
func (r Rate) or(byDefault Rate) Rate {
	return Rate{Per: or(r.Per, byDefault.Per), Burst: or(r.Burst, byDefault.Burst)}
}

// bounded returns r with values that are too large reduced.
func (r Rate) bounded() Rate { return Rate{min(r.Per, MaxPer), min(r.Burst, MaxBurst)} }

// A Bucket holds up to Burst tokens of a Rate, which is passed at every use; a
// new token is added every Per. The zero Bucket is full. It belongs to one
// goroutine.
//
// The one word is the time at which the bucket is full again (the generic cell
// rate algorithm), in nanoseconds since 1970; 0 stands for long ago.
type Bucket struct{ full int64 }

// Take takes n tokens and returns true, or takes none and returns how long it
// will take until there are n. A wait of 0 with false means that there never
// will be.
func (b *Bucket) Take(now time.Time, n int, r Rate) (time.Duration, bool) {
	if r = r.bounded(); r.off() || n <= 0 {
		return 0, true
	}
	if n > r.Burst {
		return 0, false
	}
	at := now.UnixNano()
	full := b.at(at, r) + int64(n)*int64(r.Per)
	if wait := full - at - r.depth(); wait > 0 {
		return time.Duration(wait), false
	}
	b.full = full
	return 0, true
}

// Penalize delays the time at which the bucket is full by d. It never costs
// more than MaxPenalty beyond an empty bucket.
func (b *Bucket) Penalize(now time.Time, d time.Duration, r Rate) {
	if r = r.bounded(); r.off() || d <= 0 {
		return
	}
	at := now.UnixNano()
	b.full = min(b.at(at, r)+int64(min(d, MaxPenalty)), at+r.depth()+int64(MaxPenalty))
}

// left returns how many tokens there are.
func (b *Bucket) left(now time.Time, r Rate) int {
	if r.Per <= 0 {
		return r.Burst
	}
	at := now.UnixNano()
	return int(max(0, r.depth()-(b.at(at, r)-at)) / int64(r.Per))
}

// at returns the time at which the bucket is full, at the earliest now. A clock
// that was set back must not lock a person out for that long.
func (b *Bucket) at(now int64, r Rate) int64 {
	if b.full == 0 {
		return now
	}
	return min(max(b.full, now), now+r.depth()+int64(MaxPenalty))
}

// depth returns how long an empty bucket takes to fill.
func (r Rate) depth() int64 { return int64(r.Per) * int64(r.Burst) }
