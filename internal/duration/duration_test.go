package duration_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

const day, week = duration.Day, duration.Week

func TestParseAcceptsUsualForms(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "2d": 2 * day, "1w": week,
		"1w2d3h4m5s": week + 2*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "150ms": 150 * time.Millisecond,
		"5 minutes": 5 * time.Minute, "10min": 10 * time.Minute, "2days": 2 * day, "1 hour 30 minutes": 90 * time.Minute,
		"1h 30 min": 90 * time.Minute, "1 week": week, "2weeks": 2 * week, "1 hr": time.Hour, "90 secs": 90 * time.Second,
		"5M": 5 * time.Minute, "2 Days": 2 * day, " 5m ": 5 * time.Minute, "1.5h": 90 * time.Minute, "0.5d": 12 * time.Hour,
		"1.25 h": 75 * time.Minute, "007s": 7 * time.Second, "0": 0, "0s": 0, "00": 0, "0.1ms": 100 * time.Microsecond,
		"100h": 100 * time.Hour, "5214w": 5214 * week, "36500d": duration.Max,
	} {
		if got, err := duration.Parse(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseRefusesInvalidDurations(t *testing.T) {
	for text, want := range map[string]error{
		"": duration.ErrSyntax, " ": duration.ErrSyntax, "soon": duration.ErrSyntax, "5x": duration.ErrSyntax,
		"5 parsecs": duration.ErrNoUnit, "-5m": duration.ErrSyntax, "+5m": duration.ErrSyntax, "5m!": duration.ErrSyntax, ".5h": duration.ErrSyntax,
		"5.h": duration.ErrSyntax, "1.2.3h": duration.ErrSyntax, "1,5h": duration.ErrSyntax, "m": duration.ErrSyntax,
		"5mm": duration.ErrSyntax, "30m1h": duration.ErrSyntax, "1h1h": duration.ErrSyntax, "1m 1h": duration.ErrSyntax,
		"5mo": duration.ErrSyntax, "1y": duration.ErrSyntax, "5 m m": duration.ErrSyntax, "5m later": duration.ErrSyntax,
		"5ns": duration.ErrSyntax, "0x10s": duration.ErrSyntax, "1e3s": duration.ErrSyntax, "٥m": duration.ErrSyntax,
		"30": duration.ErrNoUnit, "1h30": duration.ErrNoUnit, "1.5": duration.ErrNoUnit,
		"5215w": duration.ErrTooLong, "15250w": duration.ErrTooLong, "15251w": duration.ErrTooLong, "30500w": duration.ErrTooLong,
		"36500d1s": duration.ErrTooLong, "36500d 1s": duration.ErrSyntax, "99999999999999999999s": duration.ErrTooLong,
		"18446744073709551616ms": duration.ErrTooLong, "9223372036854775807ms": duration.ErrTooLong,
	} {
		if got, err := duration.Parse(text); !errors.Is(err, want) || got != 0 {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestPrefixLeavesTheRest(t *testing.T) {
	for text, want := range map[string]struct {
		d    time.Duration
		rest string
	}{
		"": {0, ""}, "spam": {0, "spam"}, "m5": {0, "m5"}, "5m": {5 * time.Minute, ""}, "5m spam and eggs": {5 * time.Minute, "spam and eggs"},
		"5 minutes of spam": {5 * time.Minute, "of spam"}, "1h 30m caps": {90 * time.Minute, "caps"}, "5m 3 strikes": {5 * time.Minute, "3 strikes"},
		"5m 2 days of spam": {5 * time.Minute, "2 days of spam"}, "1h 30 lines": {time.Hour, "30 lines"}, "5m (30s ago)": {5 * time.Minute, "(30s ago)"},
	} {
		words := strings.Fields(text)
		d, n, err := duration.Prefix(words)
		if rest := strings.Join(words[n:], " "); err != nil || d != want.d || rest != want.rest {
			t.Errorf("%q: %v, rest %q, %v, want %v, %q", text, d, rest, err, want.d, want.rest)
		}
	}
	for _, text := range []string{"30", "3 strikes", "5 5 minutes", "1.5", "-5m spam", "5m!", "0 0", "15251w spam"} {
		if d, n, err := duration.Prefix(strings.Fields(text)); err == nil || d != 0 || n != 0 {
			t.Errorf("%q: %v, %d words, want an error", text, d, n)
		}
	}
}

// For any text, a duration lies between 0 and Max, and the words that Prefix took
// parse again by themselves.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1h30m", "5 minutes spam", "1.5h", "15251w", "30", "9223372036854775807s", "0", "1w 2d 3 h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Fields(text)
		d, n, err := duration.Prefix(words)
		if d < 0 || d > duration.Max || n < 0 || n > len(words) || err != nil && n != 0 {
			t.Fatalf("%q: %v, %d words, %v", text, d, n, err)
		}
		if err != nil || n == 0 {
			return
		}
		again, err := duration.Parse(strings.Join(words[:n], " "))
		if err != nil || again != d {
			t.Fatalf("%q: %v at first, then %v, %v", text, d, again, err)
		}
	})
}
