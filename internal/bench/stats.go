package bench

import (
	"math"
	"slices"
)

// Median returns the middle of the values, or the mean of the two middle ones,
// and NaN if there is none. The slice stays as it is.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// MedianRatio returns the median of a[i]/b[i]. Rounds of two servers that ran
// side by side are compared in pairs, so that a disturbance of a whole round
// cancels out. Rounds that only one of them has, and those without a finite
// ratio, are left out; NaN means that none is left.
func MedianRatio(a, b []float64) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if r := a[i] / b[i]; !math.IsNaN(r) && !math.IsInf(r, 0) {
			ratios = append(ratios, r)
		}
	}
	return Median(ratios)
}
