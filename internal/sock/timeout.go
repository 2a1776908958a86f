package sock

import (
	"math"
	"time"
)

// Milliseconds turns the timeout of eventloop.Poller.Wait into that of poll(2)
// and its like: rounded up, so that no wait ends early, -1 for ever, and at
// most what 32 bits hold (24 days), after which the caller waits again.
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
