package duration

import (
	"testing"
	"time"
)

func TestWordsRoundUpToTheLargestUnitOfWhichThereAreTwo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 seconds", 0: "0 seconds", 1: "1 second", time.Second: "1 second", 1001 * time.Millisecond: "2 seconds",
		119 * time.Second: "119 seconds", 2 * time.Minute: "2 minutes", 121 * time.Second: "3 minutes",
		time.Hour: "60 minutes", 2*time.Hour - 1: "120 minutes", 2 * time.Hour: "2 hours", 36 * time.Hour: "36 hours", 72 * time.Hour: "3 days",
	} {
		if got := Words(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
