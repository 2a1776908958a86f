package bench

import (
	"os"
	"testing"
)

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
