package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/bench"
)

const (
	active       = 10
	silent       = 1000
	turnsCounted = 10_000 // a second and more: CPU is exact to 20 ms
)

// turns measures the cost of a turn, with and without idle connections.
func turns(ctx context.Context, d *driver) section {
	s := section{columns: []string{
		"backend", "µs per turn, 10 active", "µs per turn, and 1,000 idle", "ratio", "ns per idle connection and turn", "alone: × the first", "with idle: × the first",
	}}
	all := netloop.Backends()
	alone, among := make([][]float64, len(all)), make([][]float64, len(all))
	errs := make([]error, len(all))
	for range d.options.rounds {
		for i, b := range all {
			if ctx.Err() != nil {
				return s
			}
			fmt.Fprintf(d.progress, "B2: %s\n", b.Name)
			few, err := turn(b, 0)
			many, errIdle := turn(b, silent)
			alone[i], among[i], errs[i] = append(alone[i], few), append(among[i], many), errors.Join(errs[i], err, errIdle)
		}
	}
	for i, b := range all {
		few, many := bench.Median(alone[i]), bench.Median(among[i])
		r := row{cells: []string{
			b.Name, number(few, 1), number(many, 1), number(bench.MedianRatio(among[i], alone[i]), 2), number(1000*(many-few)/silent, 0),
			number(bench.MedianRatio(alone[i], alone[0]), 2), number(bench.MedianRatio(among[i], among[0]), 2),
		}, ours: true}
		if errs[i] != nil {
			r.verdict, r.notes = absent, []string{errs[i].Error()}
		}
		s.rows = append(s.rows, r)
	}
	return s
}

// turn returns the CPU time of a turn in microseconds, NaN with an error.
func turn(b netloop.BackendInfo, idle int) (µs float64, err error) {
	be, err := b.Open()
	if err != nil {
		return math.NaN(), err
	}
	t := &bystanders{Backend: be}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := t.connect(active + idle); err != nil {
		return math.NaN(), err
	}
	if err := t.take(turnsCounted / 10); err != nil { // buffers grow
		return math.NaN(), err
	}
	before, err := bench.ProcessCPU(os.Getpid())
	if err != nil {
		return math.NaN(), err
	}
	if err := t.take(turnsCounted); err != nil {
		return math.NaN(), err
	}
	after, err := bench.ProcessCPU(os.Getpid())
	return float64((after - before).Nanoseconds()) / 1000 / turnsCounted, err
}

// Bystanders are connections to this process itself: the first few are active.
type bystanders struct {
	eventloop.Backend
	far, near []eventloop.Handle // near ones are watched, each under its index
}

// connect makes n connections.
func (t *bystanders) connect(n int) error {
	ln, err := t.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = t.CloseHandle(ln) }()
	at, err := t.LocalAddr(ln)
	if err != nil {
		return err
	}
	for i := range n {
		far, err := t.Dial("tcp4", at.String())
		if err != nil {
			return err
		}
		t.far = append(t.far, far)
		if err := t.await(ln, eventloop.Readable); err != nil {
			return err
		}
		near, _, err := t.Accept(ln)
		if err != nil {
			return err
		}
		t.near = append(t.near, near)
		if err := t.await(far, eventloop.Writable); err != nil {
			return err
		}
		if err := errors.Join(t.Connected(far), t.Add(near, eventloop.Token(i), eventloop.Readable)); err != nil {
			return err
		}
	}
	return nil
}

// await waits for a handle that is not watched.
func (t *bystanders) await(h eventloop.Handle, i eventloop.Interest) error {
	if err := t.Add(h, eventloop.Token(math.MaxUint32), i); err != nil {
		return err
	}
	if n, err := t.Wait(make([]eventloop.Event, 1), 10*time.Second); n != 1 {
		return errors.Join(err, errors.New("a connection does not come about"))
	}
	return t.Remove(h)
}

// take takes n turns: each active connection has a byte to read.
func (t *bystanders) take(n int) error {
	events := make([]eventloop.Event, 256)
	one := []byte{'x'}
	for range n {
		for _, h := range t.far[:active] {
			if _, err := t.Write(h, one); err != nil {
				return err
			}
		}
		for left := active; left > 0; {
			ready, err := t.Wait(events, 10*time.Second)
			if err != nil || ready == 0 {
				return errors.Join(err, errors.New("a byte does not come"))
			}
			for _, ev := range events[:ready] {
				if _, err := t.Read(t.near[ev.Token], one); err == nil {
					left--
				} else if err != eventloop.ErrWouldBlock { //nolint:errorlint // Net returns it bare
					return err
				}
			}
		}
	}
	return nil
}

func (t *bystanders) end() error {
	var all []error
	for _, h := range append(t.far, t.near...) {
		all = append(all, t.CloseHandle(h))
	}
	return errors.Join(append(all, t.Close())...)
}
