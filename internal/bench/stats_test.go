package bench

import (
	"math"
	"slices"
	"testing"
)

func TestMedianIsTheMiddleAndLeavesItsInputAlone(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 100}, 3}} {
		before := slices.Clone(c.in)
		if got := Median(c.in); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.in, got, c.want)
		}
		if !slices.Equal(c.in, before) {
			t.Errorf("Median reordered its argument: %v", c.in)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("Median(nil) = %v, want NaN", got)
	}
}

func TestRatioComparesRoundsPairByPair(t *testing.T) {
	// The second round was disturbed: both servers took ten times as long.
	if got := MedianRatio([]float64{2, 20, 2.2}, []float64{1, 10, 1}); got != 2 {
		t.Errorf("MedianRatio = %v, want 2", got)
	}
	if got := MedianRatio([]float64{3, math.NaN(), 5}, []float64{1, 1, 0}); got != 3 {
		t.Errorf("rounds without a ratio count: %v, want 3", got)
	}
	if got := MedianRatio([]float64{3}, nil); !math.IsNaN(got) {
		t.Errorf("MedianRatio without a partner = %v, want NaN", got)
	}
}
