package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/osutil/disktest"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

const diskSize = "1m"

// disk mounts a file system of diskSize.
func disk(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	disktest.Mount(t, dir, diskSize)
	return dir
}

// fill uses all free space and returns the file that takes it.
func fill(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return name
		}
	}
}

// A mind writes one message at a time and remembers those reported as saved.
type mind struct {
	t     *testing.T
	w     *store.Writer
	st    *chat.State
	id    uint64
	saved []uint64
}

func (m *mind) say(size int) error {
	m.id++
	id := m.id
	answer := make(chan error, 1)
	m.w.Write(func(err error) { answer <- err }, chat.Post{Awaited: true, Key: "ann", Event: chat.Event{
		Room: "#lobby", Epoch: m.st.Epoch, Seq: id, ID: id, Kind: chat.Say, Name: "ann", Body: strings.Repeat("x", size), Time: time.Unix(1, 0),
	}})
	err := <-answer
	if err == nil {
		m.saved = append(m.saved, id)
	}
	return err
}

// remembers opens the folder again and checks that all saved messages are there.
func (m *mind) remembers(dir string) {
	m.t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	defer s.Close()
	list, err := s.History(chat.HistoryQuery{Room: "#lobby", Limit: 1 << 20})
	if err != nil {
		m.t.Fatal(err)
	}
	have := map[uint64]bool{}
	for _, e := range list {
		have[e.ID] = true
	}
	for _, id := range m.saved {
		if !have[id] {
			m.t.Errorf("message %d was saved and is lost", id)
		}
	}
	if len(list) != len(m.saved) {
		m.t.Errorf("%d messages, and %d were said to be saved", len(list), len(m.saved))
	}
	healthy(m.t, s)
}

func TestAFullDiskIsReportedAndRecoveredFrom(t *testing.T) {
	dir := disk(t)
	s, st := opened(t, dir)
	var warned, well atomic.Int32
	recovered := make(chan struct{}, 100)
	w := store.NewWriter(s, store.Options{RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond, Degraded: func(err error) {
		if err == nil {
			well.Add(1)
			recovered <- struct{}{}
		} else if warned.Add(1) == 1 && !errors.Is(err, store.ErrNoSpace) {
			t.Errorf("the reason is not the disk: %v", err)
		}
	}})
	m := &mind{t: t, w: w, st: st, id: st.LastID}
	if err := m.say(10); err != nil {
		t.Fatal(err)
	}
	ballast := fill(t, dir)
	var failure error
	for range 2000 {
		if failure = m.say(2000); failure != nil {
			break
		}
	}
	if !errors.Is(failure, store.ErrNoSpace) || !strings.Contains(failure.Error(), "not saved") {
		t.Fatalf("on a full disk: %v", failure)
	}
	for range 50 {
		_ = m.say(2000)
	}
	// Queries are answered all the time.
	if _, err := s.Search(chat.SearchQuery{Words: []string{"x"}, Rooms: []string{"#lobby"}, Limit: 9}); err != nil {
		t.Errorf("searching: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	select {
	case <-recovered:
	case <-time.After(time.Minute):
		t.Fatalf("it does not heal: %v", w.Err())
	}
	for i := 0; m.say(100) != nil; i++ {
		if i > 1000 {
			t.Fatal("it does not heal")
		}
		<-recovered
	}
	if err := m.say(100); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if warned.Load() == 0 || well.Load() == 0 {
		t.Errorf("warned %d times, well %d times", warned.Load(), well.Load())
	}
	t.Logf("%d saved of %d, warned %d times", len(m.saved), m.id-st.LastID, warned.Load())
	m.remembers(dir)
}

func TestAFullDiskAtTheStartIsAnError(t *testing.T) {
	dir := disk(t)
	ballast := fill(t, dir)
	s, err := sqlite.Open(filepath.Join(dir, "data"), sqlite.Options{})
	if err == nil {
		_ = s.Close()
		t.Fatal("opened without any space")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	m := &mind{t: t}
	s, m.st = opened(t, filepath.Join(dir, "data"))
	m.w = store.NewWriter(s, store.Options{})
	if err := m.say(10); err != nil {
		t.Error(err)
	}
	if err := errors.Join(m.w.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	// An existing database on a full disk: it may fail to open, but is not damaged.
	ballast = fill(t, dir)
	if s, err := sqlite.Open(filepath.Join(dir, "data"), sqlite.Options{}); err == nil {
		_, _ = s.Load(time.Unix(2, 0))
		_ = s.Close()
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	m.remembers(filepath.Join(dir, "data"))
}

func TestARestoreWithoutSpaceLeavesNothingBehind(t *testing.T) {
	elsewhere := folder(t)
	big, st := opened(t, elsewhere)
	for range 20 {
		say(t, big, st, strings.Repeat("x", 20_000))
	}
	backup := filepath.Join(elsewhere, "backup.db")
	if err := big.Backup(backup); err != nil {
		t.Fatal(err)
	}
	dir := disk(t)
	s, st := opened(t, dir)
	say(t, s, st, "one")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ballast := fill(t, dir)
	info, err := os.Stat(ballast)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(ballast, info.Size()-300<<10); err != nil { // there is room for half of the backup
		t.Fatal(err)
	}
	if _, err := sqlite.Restore(backup, dir, true); !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	// Files that a killed restore has left must not fill the disk for the next start.
	if err := os.WriteFile(filepath.Join(dir, sqlite.FileName+".new"), make([]byte, 290<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	_, st = opened(t, dir)
	if len(st.Orders) != 1 || len(st.Orders[0].Recent) != 1 {
		t.Errorf("%+v", st)
	}
}

func TestABackupWithoutSpaceFailsAndLeavesNothingBehind(t *testing.T) {
	s, st := opened(t, folder(t))
	for range 100 {
		say(t, s, st, strings.Repeat("x", 20_000))
	}
	dir := disk(t)
	file := filepath.Join(dir, "backup.db")
	if err := s.Backup(file); err == nil || !strings.HasSuffix(err.Error(), " MiB at "+file+"?") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestAReadOnlyDiskIsReported(t *testing.T) {
	dir := disk(t)
	s, _ := opened(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	disktest.Remount(t, dir, diskSize, true)
	if found, _, err := sqlite.VerifyFrozen(dir); len(found) > 0 || err != nil {
		t.Errorf("verifying without writing: %v, %v", found, err)
	}
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err == nil {
		_, err = s.Load(time.Unix(3, 0))
		_ = s.Close()
	}
	if !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), sqlite.FileName) {
		t.Errorf("%v", err)
	}
	disktest.Remount(t, dir, diskSize, false)
	s, _ = opened(t, dir)
	healthy(t, s)
}
