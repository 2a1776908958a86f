package bench

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsCoverEveryValueWithoutGaps(t *testing.T) {
	last := -1
	for _, v := range []int64{0, 1, 126, 127, 128, 129, 254, 255, 256, 257, 511, 512, 1 << 20, 1<<62 - 1, 1<<63 - 1} {
		i := bucket(v)
		if i <= last && v > 257 {
			t.Errorf("bucket(%d) = %d, not above %d", v, i, last)
		}
		if upper(i) < v {
			t.Errorf("upper(bucket(%d)) = %d, below the value", v, upper(i))
		}
		last = i
	}
	for i := range 4000 {
		if got := bucket(upper(i)); got != i {
			t.Fatalf("the largest value of bucket %d falls into bucket %d", i, got)
		}
		if got := bucket(upper(i) + 1); got != i+1 {
			t.Fatalf("the value after bucket %d falls into bucket %d", i, got)
		}
	}
}

func TestQuantilesAreWithinOneBucketOfTheExactOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		var h Histogram
		exact := make([]time.Duration, n)
		for i := range exact {
			exact[i] = time.Duration(r.Int64N(1 << r.IntN(40)))
			h.Record(exact[i])
		}
		slices.Sort(exact)
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
			rank := 0
			for float64(rank+1) < q*float64(n) {
				rank++
			}
			want, got := exact[rank], h.Quantile(q)
			if got < want || got > want+want/128+1 {
				t.Fatalf("quantile %v of %d values = %d, exactly %d", q, n, got, want)
			}
		}
		if h.Max() != exact[n-1] || h.Count() != uint64(n) {
			t.Fatalf("max %d, count %d; want %d, %d", h.Max(), h.Count(), exact[n-1], n)
		}
	})
}

func TestAnEmptyHistogramHasNoQuantiles(t *testing.T) {
	var h Histogram
	if got := h.Quantile(0.99); got != 0 {
		t.Errorf("Quantile(0.99) = %v, want 0", got)
	}
}

func TestNegativeDurationsCountAsZero(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	if got := h.Quantile(1); got != 0 || h.Count() != 1 {
		t.Errorf("Quantile(1) = %v, Count = %d; want 0, 1", got, h.Count())
	}
}
