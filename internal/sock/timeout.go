package sock

import (
	"math"
	"time"
)

// Milliseconds converts the timeout of eventloop.Poller.Wait to that of poll(2)
// and similar calls: rounded up, so that no wait ends early, -1 forever, and
// at most what fits into 32 bits (24 days), after which the caller waits again.
func Milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	ms := d / time.Millisecond
	if d%time.Millisecond != 0 {
		ms++
	}
	return int(min(ms, math.MaxInt32))
}
