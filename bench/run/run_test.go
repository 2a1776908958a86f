package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/bench"
)

func TestFlagsChooseFiguresByTheirNames(t *testing.T) {
	o, err := parse([]string{"-only", "f1, F4", "-rounds", "2", "-stall", "10s", "-o", "x.md"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := options{only: []string{"F1", "F4"}, rounds: 2, stall: 10 * time.Second, messages: million, people: people, resuming: resuming, broadcasts: broadcasts, output: "x.md"}
	if d := cmp.Diff(want, o, cmp.AllowUnexported(options{})); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-only", "F99"}, {"-messages", "10"}, {"-people", "0"}, {"-rounds", "0"}, {"-resuming", "1"}, {"-broadcasts", "0"}, {"-stall", "1s"}, {"F1"}, {"-nonsense"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if _, err := parse([]string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}

func results(perSecond ...float64) series {
	var s series
	for _, v := range perSecond {
		var err error
		if v < 0 {
			err = errors.New("the server closed connection 7")
		}
		s.results, s.errs = append(s.results, bench.Result{PerSecond: v}), append(s.errs, err)
	}
	return s
}

func TestAFailedRoundAddsOnlyANote(t *testing.T) {
	ours, other := results(20, -1, 30), results(10, 10, 10)
	if got := ours.median(deliveries); got != 25 {
		t.Errorf("median %v, want 25", got)
	}
	if got := ours.ratio(other, deliveries); got != 2.5 {
		t.Errorf("ratio %v, want 2.5", got)
	}
	r := newRow(bare, ours)
	if r.verdict == absent || len(r.notes) != 1 || !strings.Contains(r.notes[0], "1 of 3 rounds failed: the server closed connection 7") {
		t.Errorf("%v, notes %q", r.verdict, r.notes)
	}
}

func TestARowHasTheWorstVerdictOfItsTargets(t *testing.T) {
	for _, c := range []struct {
		name   string
		series series
		values []float64 // each against a limit of 1
		want   verdict
	}{
		{"all met", results(1), []float64{0.5, 1}, met},
		{"one missed", results(1), []float64{1.01, 0.5}, missed},
		{"nothing to compare with", results(1), []float64{0.5, math.NaN()}, unjudged},
		{"missed whatever the other would be", results(1), []float64{2, math.NaN()}, missed},
		{"no result", results(-1), []float64{math.NaN()}, absent},
		{"never run", series{}, nil, absent},
	} {
		r := newRow(bare, c.series)
		for _, v := range c.values {
			r.target(bare, "≤ 1", atMost(v, 1))
		}
		if r.verdict != c.want {
			t.Errorf("%s: %v, want %v", c.name, r.verdict, c.want)
		}
	}
	foreign := newRow(inC, results(1))
	foreign.target(inC, "≤ 1", missed)
	if foreign.verdict != none || len(foreign.targets) > 0 {
		t.Errorf("another's server is judged: %v, %q", foreign.verdict, foreign.targets)
	}
	if atLeast(1.5, 1.5) != met || atLeast(1.49, 1.5) != missed {
		t.Error("atLeast is off at its limit")
	}
}

func TestOnlyOurOwnMissingRowsAreAFailure(t *testing.T) {
	sections := []section{{id: "F1", rows: []row{newRow(inC, results(-1), "100", inC.title), newRow(bare, results(1), "100", bare.title)}}}
	if err := missing(sections); err != nil {
		t.Errorf("another's missing row: %v", err)
	}
	sections[0].rows = append(sections[0].rows, newRow(classic, results(-1), "100", classic.title))
	if err := missing(sections); err == nil || !strings.Contains(err.Error(), "F1 100 "+classic.title) {
		t.Errorf("our missing row: %v", err)
	}
}

func TestNumbersAreGroupedAndNoneIsADash(t *testing.T) {
	for _, c := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{0, 0, "0"},
		{999, 0, "999"},
		{1000, 0, "1,000"},
		{1234567.891, 2, "1,234,567.89"},
		{-1234, 0, "-1,234"},
		{-123, 1, "-123.0"},
		{math.NaN(), 0, "–"},
		{math.Inf(1), 2, "–"},
	} {
		if got := number(c.v, c.decimals); got != c.want {
			t.Errorf("number(%v, %d) = %q, want %q", c.v, c.decimals, got, c.want)
		}
	}
}

func TestTheResultsAreOneTableAFigureWithEveryCellInItsColumn(t *testing.T) {
	s := section{id: "F9", title: "Test", about: "About.", columns: []string{"server", "value"}}
	good := newRow(bare, results(1), bare.title, "1.00")
	good.target(bare, "≤ 1", met)
	s.rows = []row{good, newRow(inC, results(-1), inC.title, "–")}
	text := render(machine{cpu: "Test CPU", cores: 2}, options{rounds: 3}, time.Unix(0, 0), time.Second, []section{s})
	for _, want := range []string{
		"## F9 Test", "1970-01-01 00:00 UTC, took 1s", "Test CPU, 2 cores",
		"| server | value | target | verdict |\n|---|---|---|---|\n",
		"| " + bare.title + " | 1.00 | ≤ 1 | met |\n",
		"| C reference | – |  | not measured; the server closed connection 7 |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAServerThatDoesNotStartIsARowNotAFailure(t *testing.T) {
	d := &driver{options: options{rounds: 2}, dir: t.TempDir(), progress: io.Discard, absent: map[string]error{"bare": errors.New("does not build")}}
	got := d.rounds(context.Background(), "test", []server{bare}, "")[bare.title]
	if len(got.errs) != 2 || got.err() == nil || got.err().Error() != "does not build" {
		t.Errorf("%d rounds, error %v", len(got.errs), got.err())
	}
}

func TestEveryServerIsGivenItsPortAndGreeting(t *testing.T) {
	if d := cmp.Diff([]string{"-tls", certFile, "1234", "hello"}, bareTLS.args("1234", "hello")); d != "" {
		t.Errorf("%s: %s", bareTLS.title, d)
	}
	for _, s := range []server{bare, shared, plain, gnet, nbio, stdnet, inC} {
		if d := cmp.Diff([]string{"1234"}, s.args("1234", "")); d != "" {
			t.Errorf("%s: %s", s.title, d)
		}
		if d := cmp.Diff([]string{"1234", "hello"}, s.args("1234", "hello")); d != "" {
			t.Errorf("%s: %s", s.title, d)
		}
	}
	if got := strings.Join(classic.args("1234", "hello"), " "); got != "-p 1234 -b 127.0.0.1 --style classic --sniff-window 0" {
		t.Errorf("chatsrv %s", got)
	}
}
