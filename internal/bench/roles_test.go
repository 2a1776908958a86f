package bench

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRolesNeverConflict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clients := rapid.IntRange(2, 300).Draw(t, "clients")
		senders := rapid.IntRange(1, clients-1).Draw(t, "senders")
		stalled := rapid.IntRange(0, clients-senders-1).Draw(t, "stalled")
		sample := rapid.IntRange(1, 100).Draw(t, "sample")
		r := assign(clients, senders, stalled, sample)

		sends := map[int]bool{}
		for s, i := range r.sender {
			if sends[i] || r.stalled[i] {
				t.Fatalf("sender %d is connection %d, which has another role already", s, i)
			}
			sends[i] = true
			if w := r.witness[s]; w == i || r.stalled[w] || !r.sampled[w] {
				t.Fatalf("sender %d at %d has witness %d (stalled %v, sampled %v)", s, i, w, r.stalled[w], r.sampled[w])
			}
		}
		var stalls, samples int
		for i := range clients {
			if r.stalled[i] {
				stalls++
			}
			if r.sampled[i] {
				samples++
				if r.stalled[i] {
					t.Fatalf("connection %d is both sampled and stalled", i)
				}
			}
		}
		if stalls != stalled || samples != r.samples {
			t.Fatalf("%d stalled, want %d; %d sampled, said to be %d", stalls, stalled, samples, r.samples)
		}
	})
}

func TestWitnessesAreSpreadOverTheOrderOfConnecting(t *testing.T) {
	r := assign(1000, 10, 0, 64)
	for s, w := range r.witness {
		if r.sender[s] != s*100 || w != s*100+50 {
			t.Errorf("sender %d at %d, witness %d; want %d, %d", s, r.sender[s], w, s*100, s*100+50)
		}
	}
	if r.samples != 74 {
		t.Errorf("%d sampled readers, want 64 and the 10 witnesses", r.samples)
	}
}

func TestPoissonEventsComeAtTheirRateAndIrregularly(t *testing.T) {
	const n, rate = 200_000, 500.0
	p := newPoisson(time.Second, rate, 1)
	var sum, squares float64
	last := time.Second
	for range n {
		gap := (p.next - last).Seconds() * rate
		sum, squares, last = sum+gap, squares+gap*gap, p.next
		p.advance()
	}
	// Gaps of a Poisson process are exponential: mean and variance are 1 (in
	// units of the mean), with a standard error of 1/sqrt(n) and 3/sqrt(n) here.
	mean := sum / n
	if variance := squares/n - mean*mean; math.Abs(mean-1) > 0.02 || math.Abs(variance-1) > 0.04 {
		t.Errorf("gaps have mean %v, variance %v; want 1, 1", mean, variance)
	}
}
