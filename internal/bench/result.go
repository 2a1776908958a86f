package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// A Result has the measurements of one run. Times are in the unit at the end of
// the field's name; quantities that were not measured are 0.
type Result struct {
	Mode     Mode    `json:"mode"`
	Login    Dialect `json:"login"`
	Clients  int     `json:"clients"`
	Senders  int     `json:"senders"`
	InFlight int     `json:"in_flight,omitempty"`
	Rate     float64 `json:"rate_per_s,omitempty"`
	Size     int     `json:"size_bytes"`
	Stalled  int     `json:"stalled"`
	Seconds  float64 `json:"seconds"` // length of the measurement

	Lines      uint64  `json:"lines"` // sent during the measurement; saved, echo: reported as saved or come back during it
	LinesPS    float64 `json:"lines_per_s,omitempty"`
	Deliveries uint64  `json:"deliveries"`       // lines received by all readers
	PerSecond  float64 `json:"deliveries_per_s"` //
	Missing    int64   `json:"missing"`          // lines that sampled readers never received
	Lost       int     `json:"lost_connections"` // reading connections that the server closed

	Connections   uint64  `json:"connections,omitempty"` // churn: opened, greeted and closed
	ConnectionsPS float64 `json:"connections_per_s,omitempty"`

	Visitors int     `json:"visitors,omitempty"`        // logins, hellos: how many, all during Seconds
	Quiet    Latency `json:"quiet_latency_us,omitzero"` // logins, hellos: before them

	Latency Latency `json:"latency_us"` // of deliveries; churn: from connect to the first byte; saved, echo: from sending to the receipt or the line
	Server  Usage   `json:"server"`
	Own     Usage   `json:"generator"`
}

// Latency summarises a Histogram, in microseconds.
type Latency struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Usage is the usage of a process during the measurement.
type Usage struct {
	CPUSeconds float64 `json:"cpu_s"`
	CPUPerUnit float64 `json:"cpu_us_per_unit"`        // per delivery; churn: per connection; saved, echo: per line
	Cores      float64 `json:"cores"`                  // CPU time by wall time
	RSSBefore  int64   `json:"rss_before_bytes"`       // idle: with two connections; else: all logged in, before the load
	RSSPeak    int64   `json:"rss_peak_bytes"`         //
	RSSAfter   int64   `json:"rss_after_bytes"`        //
	PerConn    float64 `json:"rss_per_conn,omitempty"` // idle: bytes
}

// Summary returns the quantiles that a Result shows.
func (h *Histogram) Summary() Latency {
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	return Latency{
		Count: h.Count(), P50: us(h.Quantile(0.5)), P90: us(h.Quantile(0.9)), P99: us(h.Quantile(0.99)),
		P999: us(h.Quantile(0.999)), Max: us(h.Max()),
	}
}

// setCPU turns CPU time spent on units within the measurement into a Usage.
func (u *Usage) setCPU(used, wall time.Duration, units uint64) {
	u.CPUSeconds = used.Seconds()
	u.Cores = used.Seconds() / wall.Seconds()
	if units > 0 {
		u.CPUPerUnit = used.Seconds() * 1e6 / float64(units)
	}
}

// WriteTable prints the result as a table, one quantity a row.
func (r Result) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	row := func(name, format string, values ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", values...) }
	row("run", "%s, login %s, %d clients (%d senders, %d stalled), %.1f s", r.Mode, r.Login, r.Clients, r.Senders, r.Stalled, r.Seconds)
	unit := "delivery"
	switch r.Mode {
	case Closed, Open, LogIns, Hellos:
		if r.Mode == Closed {
			row("load", "%d lines of %d bytes in flight", r.InFlight, r.Size)
		} else {
			row("load", "%.0f lines of %d bytes per second, Poisson", r.Rate, r.Size)
		}
		row("lines", "%d", r.Lines)
		row("deliveries/s", "%.0f", r.PerSecond)
		row("missing at sampled readers", "%d", r.Missing)
		row("readers lost", "%d", r.Lost)
	case Churn:
		unit = "connection"
		row("load", "%d connections at a time", r.InFlight)
		row("connections/s", "%.0f", r.ConnectionsPS)
	case Saved:
		unit = "line"
		row("load", "%d clients with a line of %d bytes each", r.Clients, r.Size)
		row("saved/s", "%.0f", r.LinesPS)
	case Echo:
		unit = "line"
		row("load", "%d clients with a line of %d bytes each", r.Clients, r.Size)
		row("lines/s", "%.0f", r.PerSecond)
	case Idle:
		row("RSS per connection", "%.0f B", r.Server.PerConn)
	}
	if q := r.Quiet; q.Count > 0 {
		row(string(r.Mode), "%d in %.1f s", r.Visitors, r.Seconds)
		row("before them, latency µs p50/p90/p99/p99.9/max", "%.0f / %.0f / %.0f / %.0f / %.0f", q.P50, q.P90, q.P99, q.P999, q.Max)
	}
	if l := r.Latency; l.Count > 0 {
		row("latency µs p50/p90/p99/p99.9/max", "%.0f / %.0f / %.0f / %.0f / %.0f", l.P50, l.P90, l.P99, l.P999, l.Max)
	}
	if r.Mode != Idle {
		row("server CPU µs per "+unit, "%.2f (%.2f cores)", r.Server.CPUPerUnit, r.Server.Cores)
		row("generator CPU µs per "+unit, "%.2f (%.2f cores)", r.Own.CPUPerUnit, r.Own.Cores)
	}
	row("server RSS before/peak/after", "%d / %d / %d KiB", r.Server.RSSBefore>>10, r.Server.RSSPeak>>10, r.Server.RSSAfter>>10)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}
