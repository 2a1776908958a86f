package eventloop

import (
	"errors"
	"testing"
)

// A sleeping loop that could not be woken is woken by the next call: else it would
// sleep until something else happens.
func TestAWakeThatFailedIsTriedAgain(t *testing.T) {
	var reported []error
	b := newBench(t, 1, func(o *Options) { o.OnError = func(err error) { reported = append(reported, err) } })
	l, refused, woken := b.g.loops[0], errors.New("no memory"), 0
	l.sleeping.Store(true)
	b.stubs[0].wake = func() error { return refused }
	if err := l.Post(func() {}); err != nil {
		t.Fatal(err)
	}
	if len(reported) != 1 || !errors.Is(reported[0], refused) {
		t.Errorf("reported: %v", reported)
	}
	b.stubs[0].wake = func() error {
		woken++
		return nil
	}
	for range 2 {
		if err := l.Post(func() {}); err != nil {
			t.Fatal(err)
		}
	}
	if woken != 1 {
		t.Errorf("woken %d times after a wake that failed", woken)
	}
}

// An operation that was begun on the loop can end although Post returns ErrBusy.
func TestCompleteWorksWhilePostReturnsErrBusy(t *testing.T) {
	var work func()
	b := newBench(t, 1, func(o *Options) {
		o.PostLimit = 1
		o.Executor = later(func(job func()) { work = job })
	})
	c, l, done := b.conn(0), b.g.loops[0], 0
	if err := c.Offload(func() {}, func() { done++ }); err != nil {
		t.Fatal(err)
	}
	if err := l.Post(func() {}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Complete(func() { done++ }), c.Complete(func() { done++ })); err != nil {
		t.Error(err)
	}
	work()
	if err := l.Post(func() {}); !errors.Is(err, ErrBusy) {
		t.Errorf("Post beyond the limit: %v", err)
	}
	if err := c.Post(func() {}); !errors.Is(err, ErrBusy) {
		t.Errorf("Post of a connection beyond the limit: %v", err)
	}
	b.step()
	if done != 3 {
		t.Errorf("%d of 3 were done", done)
	}
}

// later is an Executor that passes its jobs to a function.
type later func(job func())

func (f later) Execute(job func()) error {
	f(job)
	return nil
}
