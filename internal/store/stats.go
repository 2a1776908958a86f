package store

import "time"

// Stats are counters since the start of the Writer, and the present length of its queue.
type Stats struct {
	Records, Batches, Failed uint64
	Waiting, WaitingBytes    int
	Unindexed                int
	// Latency is how long transactions took, including failed ones.
	Latency Latency
}

// LatencyBounds are the upper bounds of the classes of a Latency.
var LatencyBounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}

// A Latency is a histogram of durations.
type Latency struct {
	Counts [len(LatencyBounds) + 1]uint64 // by class; the last one has no bound
	Sum    time.Duration
}

func (l *Latency) add(d time.Duration) {
	i := 0
	for i < len(LatencyBounds) && d > LatencyBounds[i] {
		i++
	}
	l.Counts[i]++
	l.Sum += d
}
