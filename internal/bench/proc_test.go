package bench

import (
	"errors"
	"os"
	"testing"
	"time"
)

func TestCPUTimeIsReadBehindANameThatLooksLikeFields(t *testing.T) {
	stat := "4711 (a) b (c 1 2) S 1 4711 4711 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 3 0 99 1 2 3"
	got, err := parseStat([]byte(stat))
	if want := 1750 * time.Millisecond; err != nil || got != want {
		t.Errorf("parseStat = %v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"", "1 (a", "1 (a) S 1 2", "1 (a) S 1 2 3 4 5 6 7 8 9 10 x 2 3"} {
		if got, err := parseStat([]byte(bad)); !errors.Is(err, errProc) {
			t.Errorf("parseStat(%q) = %v, %v; want an error", bad, got, err)
		}
	}
}

func TestMemoryIsReadFromTheNamedLineOnly(t *testing.T) {
	text := "Name:\tVmRSS:\nVmHWM:\t  999 kB\nVmRSS:\t  1234 kB\nThreads:\t3\n"
	if got, err := parseKB([]byte(text), "VmRSS:"); err != nil || got != 1234<<10 {
		t.Errorf("parseKB = %d, %v; want %d", got, err, 1234<<10)
	}
	for _, key := range []string{"Rss:", "Threads:"} {
		if got, err := parseKB([]byte(text), key); !errors.Is(err, errProc) {
			t.Errorf("parseKB(%q) = %d, %v; want an error", key, got, err)
		}
	}
}

func TestAMissingProcessIsAnError(t *testing.T) {
	if _, err := ProcessCPU(1 << 30); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want os.ErrNotExist", err)
	}
}
