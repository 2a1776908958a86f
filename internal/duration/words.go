package duration

import (
	"strconv"
	"time"
)

// Words returns a duration for people to read: rounded up to whole days, hours or
// minutes if there are at least two of them, otherwise to seconds. A negative
// duration, caused by a clock that was set back, counts as 0.
func Words(d time.Duration) string {
	d = max(d, 0)
	size, name := time.Second, "second"
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= 2*u.size {
			size, name = u.size, u.name
			break
		}
	}
	n := int((d + size - 1) / size)
	if n != 1 {
		name += "s"
	}
	return strconv.Itoa(n) + " " + name
}
