package eventloop

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkTrailer sends one message to 1000 readers without trailers, and in the
// same turns to 1000 of which some have one: the medians of their times are
// compared, so that a busy machine slows all of them down alike.
func BenchmarkTrailer(b *testing.B) {
	const readers = 1000
	type crowd struct {
		name    string
		trailed int // how many readers have a trailer
		word    string
		turn    func()
		times   []time.Duration
	}
	crowds := []*crowd{{name: "none"}, {name: "1%", trailed: readers / 100, word: "half a line"}, {name: "empty", trailed: readers}, {name: "all", trailed: readers, word: "half a line"}}
	for _, c := range crowds {
		s, topic, message := newBench(b, 1), NewTopic(TopicOptions{}), make([]byte, 64)
		for i := range readers {
			conn := s.conn(0)
			conn.Subscribe(topic, 0, 0)
			if i < c.trailed {
				conn.SetHandler(&typist{word: c.word})
				conn.Trail(true)
			}
		}
		c.turn = func() {
			topic.Append(1, 1, message)
			for topic.Head() != s.g.loops[0].fan.parts[topic].served.Load() {
				s.step()
			}
		}
	}
	for b.Loop() {
		for _, c := range crowds {
			start := time.Now()
			c.turn()
			c.times = append(c.times, time.Since(start))
		}
	}
	median := func(c *crowd) float64 {
		slices.Sort(c.times)
		return float64(c.times[len(c.times)/2])
	}
	none := median(crowds[0])
	b.ReportMetric(none/readers, "ns/delivery")
	for _, c := range crowds {
		b.ReportMetric(testing.AllocsPerRun(100, c.turn), c.name+"-allocs/line")
		if c != crowds[0] {
			b.ReportMetric(median(c)/none, c.name+"/none")
		}
	}
}
