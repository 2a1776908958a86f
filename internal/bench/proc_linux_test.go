package bench

import (
	"os"
	"testing"
)

func TestThePeakIsNeverBelowWhatThereIs(t *testing.T) {
	pid := os.Getpid()
	if err := ResetPeak(pid); err != nil {
		t.Skipf("the kernel does not begin the peak anew: %v", err)
	}
	ballast := make([]byte, 64<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	peak, err := ProcessPeak(pid)
	if err != nil || peak < int64(len(ballast)) {
		t.Errorf("peak %d with %d bytes in use, %v", peak, len(ballast), err)
	}
}

func TestThisProcessHasCPUTimeAndMemory(t *testing.T) {
	if _, err := ProcessCPU(os.Getpid()); err != nil {
		t.Error(err)
	}
	for name, rss := range map[string]func(int) (int64, error){"exact": ProcessRSS, "quick": ProcessRSSQuick} {
		if got, err := rss(os.Getpid()); err != nil || got < 1<<20 {
			t.Errorf("%s: %d bytes, %v; want a Go program's worth", name, got, err)
		}
	}
}
