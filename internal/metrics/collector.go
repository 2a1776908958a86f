// Package metrics serves what others have counted: Prometheus text, whether the
// program lives and is ready, and profiles if that is wanted.
//
// Nothing is counted here. A table says which numbers there are and how each is
// taken out of a snapshot, which is made when somebody asks.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// A Metric is a row of the table: a number, or one for each value of a label.
type Metric[S any] struct {
	Name, Help string
	// Counter tells that it never goes down.
	Counter bool
	// Value takes the number out of a snapshot.
	Value func(S) float64
	// Label and ByLabel are instead of Value.
	Label   string
	ByLabel func(S) map[string]uint64
}

// A Collector is a table with its snapshots.
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
		if m.ByLabel == nil {
			out <- prometheus.MustNewConstMetric(c.descs[i], kind, m.Value(s))
			continue
		}
		for label, n := range m.ByLabel(s) {
			out <- prometheus.MustNewConstMetric(c.descs[i], kind, float64(n), label)
		}
	}
}
