//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// inFlight is how many lines the speaker of a crowd is ahead of its first listener.
const inFlight = 10

// crowd makes n people, and one who never reads, listen to a speaker who sends
// a number of lines. Each of the n sees each line, once and in order.
func crowd(t *testing.T, s *server, n, lines int) {
	t.Helper()
	arrive := func(name string, i int) *person {
		p := meet(t, s, name, i%len(s.places))
		if err := p.conn.(net.Conn).SetDeadline(time.Now().Add(3 * patience)); err != nil {
			t.Fatal(err)
		}
		if err := p.joins(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	stall(t, arrive("stalled", 0))
	listeners := make([]*person, n)
	for i := range listeners {
		listeners[i] = arrive(fmt.Sprintf("p%03d", i), i)
	}
	speaker := arrive("speaker", 1)

	heard := make(chan struct{}, lines) // by the first of them
	results := make(chan error, n)
	for i, p := range listeners {
		if i == 0 {
			go func() { results <- p.hears(speaker.name, lines, heard) }()
		} else {
			go func() { results <- p.hears(speaker.name, lines, nil) }()
		}
	}
	for i := range lines {
		if i >= inFlight {
			<-heard
		}
		if err := speaker.send(fmt.Sprintf("line %d of those that everybody has to see\r\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d lines of the speaker reached %d people each", lines, n)
}

// hears reads until the given number of numbered lines of a speaker have arrived, and
// reports each to heard. Other lines are skipped.
func (p *person) hears(speaker string, lines int, heard chan<- struct{}) error {
	if heard != nil {
		defer close(heard) // the speaker does not wait for a listener that has failed
	}
	for next := 0; next < lines; {
		line, rest, whole := strings.Cut(string(p.in), "\r\n")
		if !whole {
			if err := p.read(); err != nil {
				return err
			}
			continue
		}
		p.in = []byte(rest)
		said, ok := strings.CutPrefix(line, speaker+": ")
		if !ok {
			continue
		}
		if !strings.HasPrefix(said, fmt.Sprintf("line %d ", next)) {
			return fmt.Errorf("%s: in the place of line %d there is %q", p.name, next, line)
		}
		next++
		if heard != nil {
			heard <- struct{}{}
		}
	}
	return nil
}
