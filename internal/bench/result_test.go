package bench

import (
	"strings"
	"testing"
	"time"
)

func TestUsageIsPerUnitAndPerSecond(t *testing.T) {
	var u Usage
	u.setCPU(1500*time.Millisecond, 2*time.Second, 1_000_000)
	if u.CPUSeconds != 1.5 || u.CPUPerUnit != 1.5 || u.Cores != 0.75 {
		t.Errorf("%+v", u)
	}
	u = Usage{}
	u.setCPU(time.Second, time.Second, 0)
	if u.CPUPerUnit != 0 {
		t.Errorf("CPU per nothing is %v, want 0", u.CPUPerUnit)
	}
}

func TestASummaryIsInMicroseconds(t *testing.T) {
	var h Histogram
	for range 98 {
		h.Record(100 * time.Nanosecond)
	}
	h.Record(50 * time.Microsecond)
	h.Record(7 * time.Millisecond)
	s := h.Summary()
	if s.Count != 100 || s.P50 != 0.1 || s.P90 != 0.1 || s.P99 < 50 || s.P99 > 50.4 || s.P999 != 7000 || s.Max != 7000 {
		t.Errorf("%+v", s)
	}
}

func TestTheTableShowsWhatTheModeMeasures(t *testing.T) {
	for mode, want := range map[Mode]string{
		Closed: "10 lines of 64 bytes in flight", Open: "500 lines of 64 bytes per second",
		Idle: "RSS per connection  210 B", Churn: "connections/s  ",
		Saved: "saved/s  1234", LogIns: "logins  7 in 2.0 s|before them, latency µs",
	} {
		r := Result{Mode: mode, InFlight: 10, Rate: 500, Size: 64, Server: Usage{PerConn: 210}, LinesPS: 1234, Visitors: 7, Seconds: 2}
		if mode == LogIns {
			r.Quiet.Count = 1
		}
		var b strings.Builder
		if err := r.WriteTable(&b); err != nil {
			t.Fatal(err)
		}
		squeezed := strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' }), "|")
		for strings.Contains(squeezed, "   ") {
			squeezed = strings.ReplaceAll(squeezed, "   ", "  ")
		}
		if !strings.Contains(squeezed, want) {
			t.Errorf("%s: no %q in\n%s", mode, want, b.String())
		}
	}
}
