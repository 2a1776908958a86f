package sqlite

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

var day = time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)

// stored opens a folder with messages of #lobby and a room with an unusual name, one a day.
func stored(t *testing.T, n int) *Store {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := reopened(t, dir)
	var records []chat.Record
	for i := range n {
		for j, room := range []string{"#lobby", "#Ödd/.."} {
			id := uint64(2*i + j + 1)
			records = append(records, chat.Post{Key: "ann", Event: chat.Event{
				Room: room, Epoch: 1, Seq: uint64(i + 1), ID: id, Kind: chat.Say, Name: "ann",
				Body: fmt.Sprintf("message %d", i), Time: day.Add(time.Duration(i) * 24 * time.Hour),
			}})
		}
	}
	if err := s.Commit(records); err != nil {
		t.Fatal(err)
	}
	return s
}

func reopened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// archived returns the texts in an archive, read by Go's gzip and, if there is
// one, by zcat.
func archived(t *testing.T, s *Store, name string) []string {
	t.Helper()
	file := filepath.Join(s.dir, ArchiveFolder, name)
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if zcat, err := exec.LookPath("zcat"); err == nil {
		if out, err := exec.Command(zcat, file).Output(); err != nil || string(out) != string(all) {
			t.Errorf("zcat says %q, %v", out, err)
		}
	}
	var texts []string
	for lines := bufio.NewScanner(strings.NewReader(string(all))); lines.Scan(); {
		var l struct {
			Room, Name, Text string
			Time             time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Name != "ann" || l.Room == "" {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		texts = append(texts, l.Text)
	}
	return texts
}

func texts(from, to int) (list []string) {
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf("message %d", i))
	}
	return list
}

func expireAll(t *testing.T, s *Store, now time.Time, keep store.Keep) {
	t.Helper()
	for {
		more, err := s.Expire(now, keep)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func TestExpiredMessagesAreInTheArchiveOfTheirRoomAndMonth(t *testing.T) {
	s := stored(t, 10)
	told := 0
	s.o.Archived = func(messages int, files []string) {
		if told += messages; len(files) == 0 {
			t.Error("no file is named")
		}
	}
	keep := store.Keep{Age: 24 * time.Hour}
	// Member by member, until 2026-02-04 12:00: messages 0 to 4 are older.
	for i := range 6 {
		expireAll(t, s, day.Add(time.Duration(i)*24*time.Hour+time.Second), keep)
	}
	if told != 10 {
		t.Errorf("told of %d messages that left, want 10", told)
	}
	odd := store.FileName("#Ödd/..")
	for name, want := range map[string][]string{
		"lobby-2026-01.jsonl.gz": texts(0, 1), "lobby-2026-02.jsonl.gz": texts(2, 4),
		odd + "-2026-01.jsonl.gz": texts(0, 1), odd + "-2026-02.jsonl.gz": texts(2, 4),
	} {
		if got := archived(t, s, name); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	files, err := os.ReadDir(filepath.Join(s.dir, ArchiveFolder))
	if err != nil || len(files) != 4 {
		t.Errorf("%v %v", files, err)
	}
}

func TestACrashBetweenArchivingAndDeletingLeavesNoDuplicate(t *testing.T) {
	keep, now := store.Keep{Age: time.Hour}, day.Add(100*24*time.Hour)
	// Where it stops: before anything is appended, half way, and after.
	for name, part := range map[string]func(rows []row) []row{
		"before": func([]row) []row { return nil }, "half": func(rows []row) []row { return rows[:len(rows)/2] },
		"after": func(rows []row) []row { return rows },
	} {
		t.Run(name, func(t *testing.T) {
			s := stored(t, 5)
			const file = "lobby-2026-01.jsonl.gz"
			expireAll(t, s, day.Add(2*time.Hour), keep) // message 0, so that there is a file
			rows, err := s.leaving(now, keep)
			if err != nil {
				t.Fatal(err)
			}
			rows = slices.DeleteFunc(rows, func(r row) bool { return archiveName(r.post.Event) != file })
			size, err := s.size(file)
			if err != nil {
				t.Fatal(err)
			}
			err = s.write(func(k *conn) error { return k.exec(`INSERT INTO archiving (file, size) VALUES (?, ?)`, file, size) })
			if err != nil {
				t.Fatal(err)
			}
			if err := s.archive(map[string][]row{file: part(rows)}, []string{file}); err != nil {
				t.Fatal(err)
			}
			if name == "half" { // and a truncated member
				f, err := os.OpenFile(filepath.Join(s.dir, ArchiveFolder, file), os.O_APPEND|os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				_, err = f.WriteString("\x1f\x8b\x08")
				if err := errors.Join(err, f.Close(), s.Close()); err != nil {
					t.Fatal(err)
				}
				s = reopened(t, s.dir)
			}
			expireAll(t, s, now, keep)
			if got := archived(t, s, file); !slices.Equal(got, texts(0, 1)) {
				t.Errorf("%q", got)
			}
			if got := archived(t, s, "lobby-2026-02.jsonl.gz"); !slices.Equal(got, texts(2, 4)) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestMessagesThatCannotBeArchivedAreNotDeleted(t *testing.T) {
	s := stored(t, 5)
	if err := os.WriteFile(filepath.Join(s.dir, ArchiveFolder), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	keep := store.Keep{TotalBytes: 1}
	if more, err := s.Expire(day, keep); err == nil || more {
		t.Errorf("%v %v", more, err)
	}
	if list, err := s.History(chat.HistoryQuery{Room: "#lobby", Limit: 10}); len(list) != 5 {
		t.Errorf("%d left, %v", len(list), err)
	}
	if err := os.Remove(filepath.Join(s.dir, ArchiveFolder)); err != nil {
		t.Fatal(err)
	}
	expireAll(t, s, day, keep)
	if got := archived(t, s, "lobby-2026-01.jsonl.gz"); !slices.Equal(got, texts(0, 1)) {
		t.Errorf("%q", got)
	}
}

func TestAnArchiveThatOthersChangedIsLeftAlone(t *testing.T) {
	s := stored(t, 5)
	keep := store.Keep{Age: time.Hour}
	expireAll(t, s, day.Add(2*time.Hour), keep)
	const file = "lobby-2026-01.jsonl.gz"
	if err := os.Remove(filepath.Join(s.dir, ArchiveFolder, file)); err != nil {
		t.Fatal(err)
	}
	expireAll(t, s, day.Add(26*time.Hour), keep)
	if got := archived(t, s, file); !slices.Equal(got, texts(1, 1)) {
		t.Errorf("%q", got)
	}
}
