package bench

import (
	"math/bits"
	"time"
)

// subBits is the resolution: values up to 1<<subBits are exact, larger ones
// fall into buckets at most 1/128 of their value wide.
const subBits = 7

// A Histogram counts durations in buckets whose width grows with their value,
// as HdrHistogram does: any percentile is right to within 0.8 %. The zero value
// is empty and ready. It is not safe for concurrent use.
type Histogram struct {
	counts [(64 - subBits) << subBits]uint64
	total  uint64
	max    int64
}

// Record counts one duration. A negative one counts as zero.
func (h *Histogram) Record(d time.Duration) {
	v := max(int64(d), 0)
	h.counts[bucket(v)]++
	h.total++
	h.max = max(h.max, v)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Max returns the longest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Quantile returns the duration that the share q (0 to 1) of all recorded ones
// does not exceed, rounded up to the edge of its bucket. It is 0 for an empty
// Histogram.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.total))
	if float64(rank) < q*float64(h.total) {
		rank++
	}
	rank = min(max(rank, 1), h.total)
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if n > 0 && seen >= rank {
			return time.Duration(min(upper(i), h.max))
		}
	}
	return 0
}

// bucket numbers v's bucket: the position of its highest bit, then the
// subBits bits below it.
func bucket(v int64) int {
	shift := max(bits.Len64(uint64(v))-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// upper returns the largest value of bucket i.
func upper(i int) int64 {
	shift := max(i>>subBits-1, 0)
	return (int64(i-shift<<subBits)+1)<<shift - 1
}
