package flood_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/flood"
)

// The promise of a Rate, whatever is asked for and when.
func TestABucketNeverAllowsMoreThanItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := flood.Rate{
			Per:   time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "per")),
			Burst: rapid.IntRange(1, 50).Draw(t, "burst"),
		}
		type taken struct {
			at time.Time
			n  int
		}
		var b flood.Bucket
		var all []taken
		now := start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 3*int64(r.Per)).Draw(t, "pause")))
			if rapid.IntRange(0, 9).Draw(t, "penalty") == 0 {
				b.Penalize(now, time.Duration(rapid.Int64Range(-1, 2*int64(flood.MaxPenalty)).Draw(t, "d")), r)
			}
			n := rapid.IntRange(0, r.Burst+1).Draw(t, "n")
			wait, ok := b.Take(now, n, r)
			switch {
			case ok && n > 0:
				all = append(all, taken{now, n})
			case !ok && wait == 0 && n <= r.Burst:
				t.Fatalf("%d of %d will never be", n, r.Burst)
			case !ok && wait > 0:
				// The wait is neither too short nor too long.
				early, late := b, b
				if _, ok := early.Take(now.Add(wait-1), n, r); ok {
					t.Fatalf("%v early, and there are %d", 1, n)
				}
				if _, ok := late.Take(now.Add(wait), n, r); !ok {
					t.Fatalf("there are no %d after %v", n, wait)
				}
			}
		}
		for i := range all {
			sum := 0
			for _, last := range all[i:] {
				sum += last.n
				if most := r.Burst + int(last.at.Sub(all[i].at)/r.Per); sum > most {
					t.Fatalf("%d in %v, want at most %d", sum, last.at.Sub(all[i].at), most)
				}
			}
		}
	})
}

// And it gives no less: a person who keeps to the rate never waits.
func TestABucketAllowsAllOfItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := flood.Rate{
			Per:   time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "per")),
			Burst: rapid.IntRange(1, 50).Draw(t, "burst"),
		}
		var b flood.Bucket
		now := start
		for i := range 100 {
			if i >= r.Burst {
				now = now.Add(r.Per)
			}
			if wait, ok := b.Take(now, 1, r); !ok {
				t.Fatalf("take %d waits %v", i, wait)
			}
		}
	})
}

func TestABucketTakesRatesOfAnySize(t *testing.T) {
	for _, r := range []flood.Rate{{1 << 62, 1 << 30}, {1, 1 << 30}, {1 << 62, 1}, {0, 5}, {5, 0}, {}, {-1, 5}, {5, -1}} {
		for _, now := range []time.Time{start, {}, time.Unix(0, 0), start.AddDate(500, 0, 0)} {
			var b flood.Bucket
			for range 3 {
				b.Take(now, 1, r)
				b.Penalize(now, 1<<62, r)
				if wait, _ := b.Take(now, 1, r); wait < 0 || wait > flood.MaxPer*flood.MaxBurst {
					t.Errorf("%v at %v: wait %v", r, now, wait)
				}
			}
		}
	}
}

func TestThreeStrikesAreAKickAndThreeKicksABan(t *testing.T) {
	var s flood.Strikes
	if !s.Spent(start) {
		t.Error("a clean record is not spent")
	}
	var got []flood.Sanction
	for range 2 {
		for range 9 {
			o := s.Add(start)
			got = append(got, o.Sanction)
			if (o.Sanction == flood.Banned) != (o.Ban == time.Hour) || (o.Sanction == flood.Warned) != (o.Reason != "") {
				t.Errorf("%+v", o)
			}
		}
	}
	w, k, b := flood.Warned, flood.Kicked, flood.Banned
	for i, want := range []flood.Sanction{w, w, k, w, w, k, w, w, b, w, w, k, w, w, k, w, w, b} {
		if got[i] != want {
			t.Errorf("strike %d: %v, want %v", i+1, got[i], want)
		}
	}
}

func TestAWarningSaysHowManyAreLeft(t *testing.T) {
	var s flood.Strikes
	first, second := s.Add(start), s.Add(start)
	if first.Left != 1 || second.Left != 0 || first.Reason == second.Reason {
		t.Errorf("got %+v, then %+v", first, second)
	}
}

func TestStrikesAreForgivenAfterAWhile(t *testing.T) {
	var s flood.Strikes
	now := start
	for i := range 100 {
		if o := s.Add(now); o.Sanction != flood.Warned {
			t.Fatalf("strike %d, one in ten minutes: %+v", i, o)
		}
		now = now.Add(flood.StrikeLife)
	}
}

func TestARecordIsSpentOnceEverythingIsForgiven(t *testing.T) {
	var s flood.Strikes
	s.Add(start)
	if s.Spent(start.Add(flood.StrikeLife - 1)) {
		t.Error("a strike is spent too early")
	}
	if !s.Spent(start.Add(flood.StrikeLife)) {
		t.Error("a strike is not spent")
	}
	s.Add(start)
	s.Add(start) // a kick
	if s.Spent(start.Add(flood.KickLife - 1)) {
		t.Error("a kick is spent too early")
	}
	if !s.Spent(start.Add(flood.KickLife)) {
		t.Error("a kick is not spent")
	}
}

func TestKicksAreForgivenAfterAWhile(t *testing.T) {
	var s flood.Strikes
	now := start
	for i := range 30 {
		for range flood.StrikesToKick {
			if o := s.Add(now); o.Sanction == flood.Banned {
				t.Fatalf("kick %d, one in %v, is a ban", i, flood.KickLife)
			}
		}
		now = now.Add(flood.KickLife)
	}
}
