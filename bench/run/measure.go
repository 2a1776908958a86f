package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/sudoXpg/netloop/internal/bench"
)

func readResult(file string) (bench.Result, error) {
	var r bench.Result
	text, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

func lastLine(p []byte) string {
	p = bytes.TrimSpace(p)
	return string(p[bytes.LastIndexByte(p, '\n')+1:])
}

// A series is one server's results, one per round; a round that failed has an
// error instead.
type series struct {
	results []bench.Result
	errs    []error
}

// join returns s and the rounds of more.
func (s series) join(more series) series {
	return series{append(s.results, more.results...), append(s.errs, more.errs...)}
}

// with returns s and one more round.
func (s series) with(r bench.Result, err error) series {
	return series{append(s.results, r), append(s.errs, err)}
}

// err returns an error if no round has a result.
func (s series) err() error {
	for _, err := range s.errs {
		if err == nil {
			return nil
		}
	}
	if len(s.errs) == 0 {
		return fmt.Errorf("not run")
	}
	return s.errs[0]
}

// note returns how many rounds failed, and why the first of them did.
func (s series) note() string {
	failed, why := 0, error(nil)
	for _, err := range s.errs {
		if err != nil {
			if failed++; why == nil {
				why = err
			}
		}
	}
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d rounds failed: %v", failed, len(s.errs), why)
}

// values returns one quantity of every round, NaN for those that failed.
func (s series) values(of quantity) []float64 {
	v := make([]float64, len(s.errs))
	for i, err := range s.errs {
		if v[i] = math.NaN(); err == nil {
			v[i] = of(s.results[i])
		}
	}
	return v
}

// median returns the median of the rounds that have a result.
func (s series) median(of quantity) float64 {
	var v []float64
	for _, x := range s.values(of) {
		if !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	return bench.Median(v)
}

// ratio returns the median over the rounds of s by other; NaN without any.
func (s series) ratio(other series, of quantity) float64 {
	return bench.MedianRatio(s.values(of), other.values(of))
}

// A quantity is one number of a result.
type quantity func(bench.Result) float64

func deliveries(r bench.Result) float64   { return r.PerSecond }
func serverCPU(r bench.Result) float64    { return r.Server.CPUPerUnit }
func serverCores(r bench.Result) float64  { return r.Server.Cores }
func ownCores(r bench.Result) float64     { return r.Own.Cores }
func p50(r bench.Result) float64          { return r.Latency.P50 }
func p99(r bench.Result) float64          { return r.Latency.P99 }
func missingLines(r bench.Result) float64 { return float64(r.Missing) }
func perConn(r bench.Result) float64      { return r.Server.PerConn }
func baseRSS(r bench.Result) float64      { return float64(r.Server.RSSBefore) / (1 << 20) }
func growth(r bench.Result) float64       { return float64(r.Server.RSSPeak-r.Server.RSSBefore) / (1 << 20) }
func connections(r bench.Result) float64  { return r.ConnectionsPS }
func savedPS(r bench.Result) float64      { return r.LinesPS }
func quietP99(r bench.Result) float64     { return r.Quiet.P99 }
func seconds(r bench.Result) float64      { return r.Seconds }
func tail(r bench.Result) float64         { return r.Latency.P99 / r.Latency.P50 }
func tailToQuiet(r bench.Result) float64  { return r.Latency.P99 / r.Quiet.P99 }
func readersLost(r bench.Result) float64  { return float64(r.Lost) }

// rounds loads every server once per round, one after the other. A server that
// has no binary is not tried again.
func (d *driver) rounds(ctx context.Context, what string, servers []server, greeting string, flags ...string) map[string]series {
	all := map[string]series{}
	for round := range d.options.rounds {
		for _, s := range servers {
			if ctx.Err() != nil {
				return all
			}
			fmt.Fprintf(d.progress, "%s, round %d: %s\n", what, round+1, s.title)
			r, err := d.load(ctx, s, greeting, flags...)
			if err != nil {
				fmt.Fprintf(d.progress, "  %v\n", err)
			}
			all[s.title] = all[s.title].with(r, err)
		}
	}
	return all
}
