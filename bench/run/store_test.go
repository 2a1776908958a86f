package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

func TestTheWordListIsValidAndTheLoadHasNoneOfItsWords(t *testing.T) {
	text := wordList(unwanted)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	distinct := map[string]bool{}
	for _, line := range lines {
		distinct[line] = true
	}
	if len(distinct) != unwanted {
		t.Errorf("%d different lines, want %d", len(distinct), unwanted)
	}
	list, err := wordfilter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, sent := range []time.Duration{0, 1_234_567_890_123, 1<<63 - 1} {
		line := string(bench.AppendLine(nil, bench.Line{Sender: 89, Seq: 12345, Sent: sent}, 64))
		if v := list.Check(strings.TrimSpace(line)); v.Action != wordfilter.None {
			t.Errorf("%q is %v", line, v)
		}
	}
	_, word, _ := strings.Cut(lines[unwanted-1], ": ")
	if v := list.Check("what a " + word + " that is"); v.Action != wordfilter.Refuse {
		t.Errorf("%q is %v, want refused", word, v)
	}
}

func TestTheAccountsHaveThePasswordOfTheLoad(t *testing.T) {
	d := &driver{options: options{people: 3}, dir: t.TempDir()}
	folder, err := peopledFolder(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	state, err := s.Load(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range state.Accounts {
		names = append(names, a.Name)
		if match, err := account.Verify(a.Hash, bench.AccountPassword); !match || err != nil {
			t.Errorf("%s: %v, %v", a.Name, match, err)
		}
		if account.NeedsRehash(a.Hash, account.Default) {
			t.Errorf("%s: the hash is not what chatsrv makes", a.Name)
		}
	}
	if d := cmp.Diff([]string{bench.AccountName(0), bench.AccountName(1), bench.AccountName(2)}, names); d != "" {
		t.Error(d)
	}
}

func TestAnArchiveIsWholeAndIndexedAndCanBeUsedAgain(t *testing.T) {
	folder := t.TempDir()
	if err := fill(t.Context(), folder, 5000); err != nil {
		t.Fatal(err)
	}
	for range 2 { // using it leaves it usable
		if err := usable(folder, 5000); err != nil {
			t.Fatal(err)
		}
	}
	if err := usable(folder, 5001); err == nil {
		t.Error("it is taken for a larger one")
	}
	if err := usable(filepath.Join(folder, "none"), 5000); err == nil {
		t.Error("a folder that is not there is usable")
	}
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	state, err := s.Load(time.Now())
	if err != nil || len(state.Orders) != rooms || len(state.Rooms) != rooms-1 || len(state.Orders[rooms-1].Recent) == 0 {
		t.Errorf("%d orders, %d rooms, %v", len(state.Orders), len(state.Rooms), err)
	}
	f, err := look(t.Context(), s, questions[1].ask)
	if err != nil || f.took.Count() == 0 || f.average() < 1 {
		t.Errorf("%d questions, %v found on average, %v", f.took.Count(), f.average(), err)
	}
}

func TestFillingStopsWhenItsTimeIsUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := fill(ctx, t.TempDir(), 5000); err == nil {
		t.Error("no error")
	}
}

func TestTheSameSeedDrawsTheSameMessages(t *testing.T) {
	a, b := newDrawer(1), newDrawer(1)
	for n := range uint64(100) {
		if d := cmp.Diff(a.message(1, n+1), b.message(1, n+1)); d != "" {
			t.Fatal(d)
		}
	}
	if cmp.Equal(newDrawer(1).message(1, 1), newDrawer(2).message(1, 1)) {
		t.Error("another seed draws the same")
	}
	if d := cmp.Diff(a.words, newDrawer(2).words); d != "" {
		t.Error("another seed has other words: nothing would be found")
	}
}

func TestTheStoreAloneCountsMessagesSavedInTime(t *testing.T) {
	var r bench.Result
	// A busy machine may save nothing for a while, so the time grows until it has.
	for duration := 200 * time.Millisecond; r.Lines == 0; duration *= 2 {
		if duration > time.Minute {
			t.Fatalf("no line was saved within %v", duration/2)
		}
		var err error
		if r, err = storeRate(t.TempDir(), 4, 10*time.Millisecond, duration); err != nil {
			t.Fatal(err)
		}
		if r.LinesPS != float64(r.Lines)/duration.Seconds() {
			t.Errorf("%d lines, %v a second", r.Lines, r.LinesPS)
		}
	}
	// Each producer may have one in flight at either end.
	if n := r.Latency.Count; n+4 < r.Lines || n > r.Lines+4 {
		t.Errorf("%d latencies of %d lines", n, r.Lines)
	}
}

func TestAMeasurementThatIsTooSmallHasNoVerdict(t *testing.T) {
	var small, large row
	for range 2 {
		judgeOf(&small, false, "p99 ≤ 50 ms", missed)
		judgeOf(&large, true, "p99 ≤ 50 ms", missed)
	}
	if small.verdict != none || len(small.targets) != 0 || len(small.notes) != 1 {
		t.Errorf("small: %+v", small)
	}
	if large.verdict != missed || len(large.targets) != 2 {
		t.Errorf("large: %+v", large)
	}
}

func TestRoundsOfTwoMeasurementsAreJoined(t *testing.T) {
	s := results(1, 2).join(results(-1)).with(bench.Result{PerSecond: 6}, nil)
	if len(s.results) != 4 || len(s.errs) != 4 || s.median(deliveries) != 2 {
		t.Errorf("%d results, %d errors, median %v", len(s.results), len(s.errs), s.median(deliveries))
	}
}

func TestTheTailOfALatencyIsComparedWithItsMedianAndWithTheQuietOne(t *testing.T) {
	r := bench.Result{Latency: bench.Latency{P50: 2, P99: 30}, Quiet: bench.Latency{P99: 20}}
	if tail(r) != 15 || tailToQuiet(r) != 1.5 {
		t.Errorf("%v and %v, want 15 and 1.5", tail(r), tailToQuiet(r))
	}
}

func TestAServerIsGivenItsDataFolder(t *testing.T) {
	d := &driver{dir: t.TempDir()}
	folder, err := whole.folder(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 || filepath.Dir(folder) != d.dir {
		t.Errorf("%s has %d entries, %v", folder, len(entries), err)
	}
	if got := strings.Join(whole.args("1234", ""), " "); got != "-p 1234 -b 127.0.0.1 --style default --sniff-window 0 --words words.txt" {
		t.Errorf("chatsrv %s", got)
	}
}

func TestRecordedRowsHaveNoVerdictAndSaySo(t *testing.T) {
	var s section
	s.rows = recorded()
	if err := missing([]section{s}); err != nil {
		t.Error(err)
	}
	for _, r := range s.rows {
		if r.verdict != none || len(r.cells) != len(fanOutColumns) || !strings.Contains(strings.Join(r.notes, ""), "recorded") {
			t.Errorf("%+v", r)
		}
	}
}
