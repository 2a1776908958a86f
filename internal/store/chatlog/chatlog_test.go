package chatlog_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chatlog")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// follow opens a log, writes events, and closes it.
func follow(t *testing.T, o chatlog.Options, events ...chat.Event) {
	t.Helper()
	if o.Trouble == nil {
		o.Trouble = func(err error) { t.Error(err) }
	}
	if o.Queue == 0 {
		o.Queue = len(events) + 1
	}
	l, err := chatlog.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		l.Follow(e)
	}
	l.Close()
	l.Follow(chat.Event{Room: "#lobby", Kind: chat.Say}) // too late, and harmless
	l.Close()
}

func said(room, body string, at time.Time) chat.Event {
	return chat.Event{Room: room, Kind: chat.Say, Name: "ann", Body: body, Time: at}
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestEachRoomHasItsFileOfCleanLines(t *testing.T) {
	dir := filepath.Join(folder(t), "logs")
	follow(t, chatlog.Options{Dir: dir},
		said("#lobby", "hi\x1b[31m\r\n\tthere\u202e\xff 日本", noon),
		chat.Event{Room: "#lobby", Kind: chat.Action, Name: "b\nob", Body: "waves", Time: noon.Add(time.Second)},
		chat.Event{Room: "#lobby", Kind: chat.Join, Name: "eve", Time: noon},
		chat.Event{Kind: chat.Say, Name: "ann", Body: "private", Time: noon},
		said("#../etc", "odd", noon.In(time.FixedZone("", 3600))),
	)
	want := "2026-01-31 12:00:00 <ann> hi[31m\tthere\ufffd 日本\n" +
		"2026-01-31 12:00:01 * bob waves\n"
	if got := read(t, dir, "lobby.log"); got != want {
		t.Errorf("%q", got)
	}
	odd := store.FileName("#../etc") + ".log"
	if got := read(t, dir, odd); got != "2026-01-31 12:00:00 <ann> odd\n" {
		t.Errorf("%q", got)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"lobby.log", odd}) {
		t.Errorf("%q", got)
	}
}

func TestAFileIsRotatedWhenItIsFullOrTheDayEnds(t *testing.T) {
	dir := folder(t)
	o := chatlog.Options{Dir: dir, MaxBytes: 80}
	follow(t, o, said("#a", "one", noon), said("#a", "two", noon), said("#a", "three", noon), said("#a", "four", noon))
	follow(t, o, said("#a", "five", noon.Add(24*time.Hour)), said("#a-b", "x", noon))
	follow(t, o, said("#a", "six", noon.Add(25*time.Hour)))
	if got := names(t, dir); !slices.Equal(got, []string{"a-b.log", "a.2026-01-31.001.log.gz", "a.2026-01-31.002.log.gz", "a.log"}) {
		t.Errorf("%q", got)
	}
	for name, want := range map[string]string{"a.2026-01-31.001.log.gz": "one two three", "a.2026-01-31.002.log.gz": "four", "a.log": "five six"} {
		text := read(t, dir, name)
		for _, w := range strings.Fields(want) {
			if !strings.Contains(text, "> "+w+"\n") {
				t.Errorf("%s: %q", name, text)
			}
		}
		if strings.Count(text, "\n") != len(strings.Fields(want)) {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestTheOldestFilesAreRemoved(t *testing.T) {
	dir := folder(t)
	var events []chat.Event
	for i := range 10 {
		events = append(events, said("#a", "x", noon.Add(time.Duration(i)*24*time.Hour)), said("#b", "x", noon))
	}
	follow(t, chatlog.Options{Dir: dir, Keep: 2}, events...)
	if got := names(t, dir); !slices.Equal(got, []string{"a.2026-02-07.001.log.gz", "a.2026-02-08.001.log.gz", "a.log", "b.log"}) {
		t.Errorf("%q", got)
	}
}

func TestAnInterruptedCompressionIsFinishedTheNextTime(t *testing.T) {
	dir := folder(t)
	for name, text := range map[string]string{"a.2026-01-30.001.log": "old\n", "a.2026-01-30.001.log.tmp": "half", "a.log": "not ours\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	follow(t, chatlog.Options{Dir: dir}, said("#a", "x", noon))
	if got := names(t, dir); !slices.Equal(got, []string{"a.0001-01-01.001.log.gz", "a.2026-01-30.001.log.gz", "a.log"}) {
		t.Errorf("%q", got)
	}
	if got := read(t, dir, "a.2026-01-30.001.log.gz"); got != "old\n" {
		t.Errorf("%q", got)
	}
}

func TestManyRoomsShareFewOpenFiles(t *testing.T) {
	dir := folder(t)
	var events []chat.Event
	for i := range 200 {
		events = append(events, said(fmt.Sprintf("#r%d", i%20), fmt.Sprint(i), noon))
	}
	follow(t, chatlog.Options{Dir: dir, MaxOpen: 3}, events...)
	for i := range 20 {
		text := read(t, dir, fmt.Sprintf("r%d.log", i))
		if strings.Count(text, "\n") != 10 || !strings.HasSuffix(text, fmt.Sprintf("> %d\n", 180+i)) {
			t.Errorf("r%d: %q", i, text)
		}
	}
}

func TestASlowDiskLosesLinesButDoesNotBlock(t *testing.T) {
	dir := folder(t)
	var told atomic.Int64
	l, err := chatlog.Open(chatlog.Options{Dir: dir, Queue: 2, Missed: func(_ string, lines int) { told.Add(int64(lines)) }})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5000 {
				l.Follow(said("#a", "x", noon))
			}
		})
	}
	all.Wait()
	l.Close()
	written, missed := 0, 0
	for text := range strings.Lines(read(t, dir, "a.log")) {
		var n int
		if _, err := fmt.Sscanf(text, "2026-01-31 12:00:00 -- lines that are not here, because the disk was too slow or took none: %d", &n); err == nil {
			missed += n
		} else {
			written++
		}
	}
	if written == 0 || written+missed != 20_000 || l.Lost() != uint64(missed) || told.Load() != int64(missed) {
		t.Errorf("%d written, %d missed, %d lost, %d told", written, missed, l.Lost(), told.Load())
	}
}

func TestTroubleIsCalledOncePerFailure(t *testing.T) {
	dir := folder(t)
	if err := os.Mkdir(filepath.Join(dir, "a.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	var trouble []error
	follow(t, chatlog.Options{Dir: dir, Trouble: func(err error) { trouble = append(trouble, err) }},
		said("#a", "x", noon), said("#a", "x", noon), said("#a", "x", noon))
	// It is not told again while nothing waits in between.
	if len(trouble) != 1 || !strings.Contains(trouble[0].Error(), "a.log") {
		t.Errorf("%v", trouble)
	}
}

func TestMissingLinesAreCountedAndReportedInTheFile(t *testing.T) {
	dir := folder(t)
	blocks := filepath.Join(dir, "a.log")
	if err := os.Mkdir(blocks, 0o700); err != nil {
		t.Fatal(err)
	}
	failed, told := make(chan error, 1), make(chan int, 1)
	l, err := chatlog.Open(chatlog.Options{
		Dir: dir, Trouble: func(err error) { failed <- err }, Missed: func(_ string, lines int) { told <- lines },
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Follow(said("#a", "gone", noon))
	if err := <-failed; !strings.Contains(err.Error(), "a.log") {
		t.Error(err)
	}
	if err := os.Remove(blocks); err != nil {
		t.Fatal(err)
	}
	l.Follow(said("#a", "here", noon))
	if n := <-told; n != 1 || l.Lost() != 1 {
		t.Errorf("%d told, %d lost", n, l.Lost())
	}
	l.Close()
	want := "2026-01-31 12:00:00 -- lines that are not here, because the disk was too slow or took none: 1\n2026-01-31 12:00:00 <ann> here\n"
	if got := read(t, dir, "a.log"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPartlyWrittenLineIsEndedBeforeTheNext(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte("2026-01-31 11:00:00 <ann> ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	follow(t, chatlog.Options{Dir: dir}, said("#a", "x", noon))
	if got := read(t, dir, "a.log"); got != "2026-01-31 11:00:00 <ann> ha\n2026-01-31 12:00:00 <ann> x\n" {
		t.Errorf("%q", got)
	}
}

func TestAnUnusableFolderIsReportedAtOnce(t *testing.T) {
	file := filepath.Join(folder(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := chatlog.Open(chatlog.Options{Dir: file}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}
