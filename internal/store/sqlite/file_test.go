package sqlite_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// say commits messages with the given texts, from ID 1 on.
func say(t testing.TB, s *sqlite.Store, st *chat.State, texts ...string) []chat.Post {
	t.Helper()
	var posts []chat.Post
	var records []chat.Record
	for i, text := range texts {
		id := st.LastID + uint64(i) + 1
		p := chat.Post{Key: "ann", Event: chat.Event{
			Room: "#lobby", Epoch: st.Epoch, Seq: id, ID: id, Kind: chat.Say, Name: "Ann", Body: text,
			Time: time.Date(2026, 1, 31, 12, 0, i, 0, time.UTC),
		}}
		posts, records = append(posts, p), append(records, p)
	}
	if err := s.Commit(records); err != nil {
		t.Fatal(err)
	}
	st.LastID += uint64(len(texts))
	return posts
}

// closed creates a folder with a closed database and returns the file.
func closed(t testing.TB, texts ...string) string {
	t.Helper()
	dir := folder(t)
	s, st := opened(t, dir)
	say(t, s, st, texts...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, sqlite.FileName)
}

// query runs SQL on a file with a separate connection.
func query(t testing.TB, file, sql string) {
	t.Helper()
	c, err := sqlite3.OpenFlags(file, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec(sql), c.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAForeignFileIsRefusedAndLeftAlone(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, file string)
		is    error
		says  string
	}{
		"a text": {func(t *testing.T, file string) { write(t, file, bytes.Repeat([]byte("hello\n"), 1000)) }, store.ErrForeign, "--data"},
		"another program's": {func(t *testing.T, file string) {
			query(t, file+"2", `PRAGMA application_id = 7; CREATE TABLE t (x)`)
			rename(t, file+"2", file)
		}, store.ErrForeign, "--data"},
		"nobody's": {func(t *testing.T, file string) { query(t, file+"2", `CREATE TABLE t (x)`); rename(t, file+"2", file) }, store.ErrForeign, "--data"},
		"newer": {func(t *testing.T, file string) {
			query(t, file, `PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)`)
		}, store.ErrNewer, "update"},
		"a stump": {func(t *testing.T, file string) { write(t, file, nil) }, store.ErrCorrupt, "chatsrv restore"},
		"cut short": {func(t *testing.T, file string) {
			if err := os.Truncate(file, 8192); err != nil {
				t.Fatal(err)
			}
		}, store.ErrCorrupt, "chatsrv restore"},
		"overwritten": {func(t *testing.T, file string) {
			b := read(t, file)
			for i := range b[100:] {
				b[100+i] = byte(i)
			}
			write(t, file, b)
		}, store.ErrCorrupt, "chatsrv restore"},
	} {
		t.Run(name, func(t *testing.T) {
			file := closed(t, "one", "two")
			test.spoil(t, file)
			before := read(t, file)
			s, err := sqlite.Open(filepath.Dir(file), sqlite.Options{})
			if err == nil {
				_, err = s.Load(time.Unix(5, 0))
				_ = s.Close()
			}
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v", err)
			}
			if !bytes.Equal(before, read(t, file)) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestANewerVersionInTheLogOnlyIsRefusedToo(t *testing.T) {
	file := closed(t, "one")
	c, err := sqlite3.OpenFlags(file, sqlite3.OPEN_READWRITE)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec(`PRAGMA user_version = 99`), c.Close()); err != nil {
		t.Fatal(err)
	}
	before, log := read(t, file), read(t, file+"-wal")
	if _, err := sqlite.Open(filepath.Dir(file), sqlite.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Error(err)
	}
	if !bytes.Equal(before, read(t, file)) || !bytes.Equal(log, read(t, file+"-wal")) {
		t.Error("the file or its log was changed")
	}
}

func TestALogWithoutItsDatabaseIsNotAppliedToANewOne(t *testing.T) {
	dir := folder(t)
	s, st := opened(t, dir)
	say(t, s, st, "one")
	log := read(t, filepath.Join(dir, sqlite.FileName+"-wal"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, sqlite.FileName+"-wal"), log)
	s, st = opened(t, dir)
	if len(st.Orders) != 0 {
		t.Errorf("%+v", st.Orders)
	}
	healthy(t, s)
	if !bytes.Equal(log, read(t, filepath.Join(dir, sqlite.FileName+".old1-wal"))) {
		t.Error("the log is gone")
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes: the folder's rights are inherited")
	}
	dir := filepath.Join(folder(t), "a", "b")
	s, st := opened(t, dir)
	posts := say(t, s, st, "one")
	if err := s.Backup(filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(posts[0].Event.Time.Add(time.Hour), store.Keep{Age: time.Minute}); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		n++
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || n < 6 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestDeletedTextIsNowhereInTheFiles(t *testing.T) {
	dir := folder(t)
	s, st := opened(t, dir)
	var texts []string
	for range 500 {
		texts = append(texts, "some ordinary text that fills the pages of the file")
	}
	texts[250] = "xyzzyplugh is what nobody may know"
	posts := say(t, s, st, texts...)
	if err := s.Commit([]chat.Record{
		chat.Flag{ID: posts[250].Event.ID, Event: posts[250].Event},
		chat.Mail{ID: 9000, To: 9001, Body: "xyzzyplugh by mail"},
		chat.Account{ID: 9001, Name: "xyzzyplugh"},
	}); err != nil {
		t.Fatal(err)
	}
	all(t, s)
	if n := occurrences(t, dir, "xyzzyplugh"); n == 0 {
		t.Fatal("it is not even there before")
	}
	if err := s.Commit([]chat.Record{chat.Redaction{Room: "#lobby", IDs: []uint64{posts[250].Event.ID}}, chat.DropAccount{ID: 9001}}); err != nil {
		t.Fatal(err)
	}
	all(t, s)
	if n := occurrences(t, dir, "xyzzyplugh"); n != 0 {
		t.Errorf("it is there %d times", n)
	}
	healthy(t, s)
}

func TestTheTextBeforeAnEditIsNowhereInTheFiles(t *testing.T) {
	for name, flagged := range map[string]bool{"": false, "flagged": true} {
		dir := folder(t)
		s, st := opened(t, dir)
		var texts []string
		for range 500 {
			texts = append(texts, "some ordinary text that fills the pages of the file")
		}
		texts[250] = "xyzzyplugh is what nobody may know"
		e := say(t, s, st, texts...)[250].Event
		if flagged {
			if err := s.Commit([]chat.Record{chat.Flag{ID: e.ID, Event: e}}); err != nil {
				t.Fatal(err)
			}
		}
		all(t, s)
		if n := occurrences(t, dir, "xyzzyplugh"); n == 0 {
			t.Fatal("it is not even there before")
		}
		if err := s.Commit([]chat.Record{chat.Edit{Room: "#lobby", ID: e.ID, Body: "what nobody may know", Time: e.Time}}); err != nil {
			t.Fatal(err)
		}
		all(t, s)
		if n := occurrences(t, dir, "xyzzyplugh"); n != 0 {
			t.Errorf("%s: it is there %d times", name, n)
		}
		healthy(t, s)
	}
}

// all indexes everything.
func all(t testing.TB, s *sqlite.Store) {
	t.Helper()
	for range 10_000 {
		waiting, err := s.Index(100)
		if err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			return
		}
	}
	t.Fatal("indexing does not end")
}

func occurrences(t testing.TB, dir, text string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !info.IsDir() {
			n += bytes.Count(read(t, f), []byte(text))
		}
	}
	return n
}

func TestVerifyReportsEveryManipulation(t *testing.T) {
	for name, test := range map[string]struct{ sql, says string }{
		"an act":                 {`UPDATE acts SET why = 'other' WHERE n = 2`, "entry 2 of the audit log"},
		"an act taken out":       {`DELETE FROM acts WHERE n = 2`, "no entries from 2 to 2"},
		"the last act taken out": {`DELETE FROM acts WHERE n = 3`, "ends with entry 2 instead of 3"},
		"a message":              {`DELETE FROM posts WHERE id = 1`, "counted"},
		"a room":                 {`PRAGMA foreign_keys = OFF; DELETE FROM rooms`, "not there"},
		"a forgotten message":    {`DELETE FROM pending WHERE id = 2`, "1 messages are missing in the index"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			s, st := opened(t, dir)
			say(t, s, st, "one", "two")
			if err := s.Commit([]chat.Record{chat.Act{By: "a"}, chat.Act{By: "b"}, chat.Act{By: "c"}}); err != nil {
				t.Fatal(err)
			}
			healthy(t, s)
			query(t, filepath.Join(dir, sqlite.FileName), test.sql)
			found, err := s.Verify()
			if err != nil || !strings.Contains(strings.Join(found, "\n"), test.says) {
				t.Errorf("%v %q", err, found)
			}
		})
	}
}

func TestNothingIsSavedInAFolderThatIsGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows removes no open files")
	}
	for name, o := range map[string]sqlite.Options{"usual": {}, "alone": {Alone: true}} {
		dir := filepath.Join(folder(t), "data")
		s, err := sqlite.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		st, err := s.Load(time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, st, "one")
		rename(t, dir, dir+"2")
		if err := s.Commit(nil); !errors.Is(err, store.ErrGone) || !strings.Contains(err.Error(), sqlite.FileName) {
			t.Errorf("%s: a moved folder: %v", name, err)
		}
		rename(t, dir+"2", dir)
		say(t, s, st, "two")
		// Replaced by another one of the same name.
		rename(t, dir, dir+"2")
		other, err := sqlite.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(nil); !errors.Is(err, store.ErrGone) {
			t.Errorf("%s: a replaced folder: %v", name, err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir + "2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(nil); !errors.Is(err, store.ErrGone) {
			t.Errorf("%s: a removed folder: %v", name, err)
		}
		_ = s.Close()
	}
}

func TestABackupIsCompleteAndCanBeRestoredAnywhere(t *testing.T) {
	dir := folder(t)
	s, st := opened(t, dir)
	say(t, s, st, "one", "two")
	all(t, s)
	backup := filepath.Join(dir, "backup.db")
	if err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	say(t, s, st, "three")
	if err := s.Backup(backup); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if _, err := sqlite.Restore(backup, dir, false); err == nil || !strings.Contains(err.Error(), "already exists: `chatsrv restore "+backup+" replace`") {
		t.Errorf("over another database: %v", err)
	}
	other := filepath.Join(dir, "other")
	if aside, err := sqlite.Restore(backup, other, false); err != nil || aside != "" {
		t.Fatal(aside, err)
	}
	restored, st2 := opened(t, other)
	if st2.Epoch <= st.Epoch || len(st2.Orders[0].Recent) != 2 {
		t.Errorf("%+v", st2)
	}
	healthy(t, restored)
	if found, err := restored.Search(chat.SearchQuery{Words: []string{"two"}, Rooms: []string{"#lobby"}, Limit: 1}); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
	say(t, restored, st2, "four")
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	aside, err := sqlite.Restore(backup, other, true)
	if err != nil || aside == "" {
		t.Fatal(aside, err)
	}
	restored, st2 = opened(t, other)
	if len(st2.Orders[0].Recent) != 2 {
		t.Errorf("%+v", st2)
	}
	// The former database is kept beside it.
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	rename(t, filepath.Join(other, sqlite.FileName), backup+"3")
	rename(t, aside, filepath.Join(other, sqlite.FileName))
	_, st2 = opened(t, other)
	if len(st2.Orders[0].Recent) != 3 {
		t.Errorf("%+v", st2)
	}
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	file := closed(t, "one", "two")
	b := read(t, file)
	for i := range b[8192:] {
		b[8192+i] ^= 0x55
	}
	backup := filepath.Join(folder(t), "backup")
	write(t, backup, b)
	before := read(t, file)
	if _, err := sqlite.Restore(backup, filepath.Dir(file), true); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("%v", err)
	}
	if !bytes.Equal(before, read(t, file)) {
		t.Error("the database was changed")
	}
	if _, err := os.Stat(file + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something is left behind")
	}
}

func TestARestoreThatFailsLeavesTheDatabaseInItsPlace(t *testing.T) {
	file := closed(t, "one", "two")
	backup := filepath.Join(folder(t), "backup")
	write(t, backup, read(t, file))
	write(t, file+"-wal", nil)
	if err := os.Mkdir(file+".old1-shm", 0o700); err != nil { // the last of the three can't be moved
		t.Fatal(err)
	}
	write(t, filepath.Join(file+".old1-shm", "x"), nil)
	write(t, file+"-shm", nil)
	if _, err := sqlite.Restore(backup, filepath.Dir(file), true); err == nil {
		t.Error("restored")
	}
	if _, st := opened(t, filepath.Dir(file)); len(st.Orders[0].Recent) != 2 {
		t.Errorf("%+v", st)
	}
	if _, err := os.Stat(file + ".old1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the database is aside, too: %v", err)
	}
	if _, err := os.Stat(filepath.Join(file+".old1-shm", "x")); err != nil {
		t.Errorf("what had that name already was moved: %v", err)
	}
}

func TestARestoreThatWasKilledIsFinishedOrUndone(t *testing.T) {
	for _, moved := range []bool{true, false} {
		file := closed(t, "one", "two")
		restored := file + ".restored"
		write(t, restored, read(t, closed(t, "three")))
		want := 2
		if moved {
			want = 1
			if err := os.Rename(file, file+".old1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, st := opened(t, filepath.Dir(file)); len(st.Orders[0].Recent) != want {
			t.Errorf("moved aside: %v: %+v", moved, st)
		}
		if _, err := os.Stat(restored); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("moved aside: %v: the backup is still beside the database: %v", moved, err)
		}
		if _, err := os.Stat(file + ".old1"); moved != (err == nil) {
			t.Errorf("moved aside: %v: the old database: %v", moved, err)
		}
	}
}

func TestABackupWithTheNameOfAHalfMadeOneSurvives(t *testing.T) {
	file := closed(t, "one", "two")
	fresh := file + ".new"
	write(t, fresh, read(t, file))
	if _, err := sqlite.Restore(fresh, filepath.Dir(file), true); err == nil {
		t.Error("restored over itself")
	}
	if len(read(t, fresh)) != len(read(t, file)) {
		t.Error("the backup is gone")
	}
}

func TestABackupMayBeMadeWhileOthersWrite(t *testing.T) {
	dir := folder(t)
	s, st := opened(t, dir)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				say(t, s, st, "one", "two", "three")
			}
		}
	}()
	for i := range 5 {
		backup := filepath.Join(dir, "backup"+string(rune('0'+i)))
		if err := s.Backup(backup); err != nil {
			t.Error(err)
			continue
		}
		if _, err := sqlite.Restore(backup, filepath.Join(dir, "r"+string(rune('0'+i))), false); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	<-ended
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
