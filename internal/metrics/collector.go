// Package metrics serves counters of other packages as Prometheus text,
// liveness and readiness checks, and optionally profiles.
//
// It counts nothing itself. A table defines the metrics and how to read each
// from a snapshot, which is made for each request.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// A Metric is a row of the table: one number, or one for each value of a label.
type Metric[S any] struct {
	Name, Help string
	// Counter marks a metric that never goes down.
	Counter bool
	// Value returns the number from a snapshot.
	Value func(S) float64
	// Label and ByLabel are used instead of Value.
	Label   string
	ByLabel func(S) map[string]uint64
	// Histogram is used instead of Value.
	Histogram func(S) Histogram
}

// A Histogram counts the values in each of several classes.
type Histogram struct {
	Bounds []float64 // upper ones, ascending
	Counts []uint64  // of each class, and last of the values above the last bound
	Sum    float64   // of all values
}

// metric returns it in the library's form, with cumulative counts.
func (h Histogram) metric(desc *prometheus.Desc) prometheus.Metric {
	upTo, total := make(map[float64]uint64, len(h.Bounds)), uint64(0)
	for i, n := range h.Counts {
		total += n
		if i < len(h.Bounds) {
			upTo[h.Bounds[i]] = total
		}
	}
	return prometheus.MustNewConstHistogram(desc, total, h.Sum, upTo)
}

// A Collector collects the metrics of a table.
type Collector = prometheus.Collector

// New returns the collector of a table. read makes a snapshot; it may be called
// from several goroutines at once.
func New[S any](read func() S, table []Metric[S]) Collector {
	c := &collector[S]{read: read, table: table}
	for _, m := range table {
		var labels []string
		if m.ByLabel != nil {
			labels = []string{m.Label}
		}
		c.descs = append(c.descs, prometheus.NewDesc(m.Name, m.Help, labels, nil))
	}
	return c
}

// Info returns the collector of a number that is always 1, for its labels.
func Info(name, help string, labels map[string]string) Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	g.Set(1)
	return g
}

type collector[S any] struct {
	read  func() S
	table []Metric[S]
	descs []*prometheus.Desc // as the table
}

// Describe implements prometheus.Collector.
func (c *collector[S]) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector[S]) Collect(out chan<- prometheus.Metric) {
	s := c.read()
	for i, m := range c.table {
		kind := prometheus.GaugeValue
		if m.Counter {
			kind = prometheus.CounterValue
		}
		switch {
		case m.Histogram != nil:
			out <- m.Histogram(s).metric(c.descs[i])
			continue
		case m.ByLabel == nil:
			out <- prometheus.MustNewConstMetric(c.descs[i], kind, m.Value(s))
			continue
		}
		for label, n := range m.ByLabel(s) {
			out <- prometheus.MustNewConstMetric(c.descs[i], kind, float64(n), label)
		}
	}
}
