package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// What a database of version 1 contains here: messages of two rooms, of which
// some are indexed and one is deleted, and a record of each other kind.
const (
	oldMessages = 2000
	oldIndexed  = 500
	oldDeleted  = 8
	oldEpoch    = 7
	oldLastID   = 5000
)

const oldFlag = `{"ID":4003,"Event":{"Room":"#lobby","Epoch":0,"Seq":0,"ID":4003,"Author":0,"Account":0,"Kind":1,"Name":"eve","Body":"buy","Time":"2026-01-01T00:00:00Z","Note":null},"Key":"eve","Held":true,"Why":"w"}`

// version1 makes a folder with a database of version 1.
func version1(t *testing.T) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := open(file, writing)
	if err != nil {
		t.Fatal(err)
	}
	script, err := schema.ReadFile("schema/0001.sql")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		k.c.Exec(fmt.Sprintf(`PRAGMA application_id = %d`, applicationID)), k.c.Exec(string(script)), k.c.Exec(`PRAGMA user_version = 1`),
		k.journal(writing), k.within(toWrite, func() error { return fillVersion1(k) }), k.close(),
	)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// oldPost is a message of version 1.
func oldPost(id int64) row {
	return row{room: id%2 + 1, gone: id == oldDeleted, post: chat.Post{Key: "ann", Event: chat.Event{
		Room: []string{"#lobby", "#tea"}[id%2], Epoch: oldEpoch, Seq: uint64(id), ID: uint64(id), Kind: chat.Say, Account: 4001,
		Name: "Ann", Body: fmt.Sprintf("message %d", id), Time: time.Date(2026, 1, 1, 12, 0, int(id), 0, time.UTC),
	}}}
}

// newestVersion is the version after all migrations.
const newestVersion = 3

// The client IDs of a database of version 2: of an account, whose window is full, and
// of a guest's session. The older one of two that are the same is not stored there.
const (
	oldSession = 4500
	oldCIDs    = chat.CIDWindow + cidSlack
)

// oldCID is the client ID number n, which is not in the order of messages.
func oldCID(n int) string { return fmt.Sprintf("%x-%d", n*7919%10007, n) }

// version2 makes a folder with a database of version 2, with or without client IDs.
func version2(t *testing.T, with bool) (dir string) {
	t.Helper()
	dir = version1(t)
	k, err := open(filepath.Join(dir, FileName), writing)
	if err != nil {
		t.Fatal(err)
	}
	script, err := schema.ReadFile("schema/0002.sql")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(k.c.Exec(string(script)), k.c.Exec(`PRAGMA user_version = 2`))
	if with {
		err = errors.Join(err, k.within(toWrite, func() error { return fillClientIDs(k) }))
	}
	if err := errors.Join(err, k.close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func fillClientIDs(k *conn) error {
	err := k.exec(`INSERT INTO sessions VALUES (?, 0, zeroblob(32), zeroblob(32), '{}')`, oldSession)
	for n := 1; n <= oldCIDs && err == nil; n++ {
		for _, owner := range []int{4001, oldSession} {
			if owner == oldSession && n > 3 {
				continue
			}
			err = errors.Join(err, k.exec(`INSERT INTO cids (owner, cid, id, room, epoch, seq) VALUES (?, ?, ?, ?, ?, ?)`,
				owner, oldCID(n), 2*n+owner%2, n%2+1, oldEpoch, n))
		}
	}
	return err
}

func fillVersion1(k *conn) error {
	first := store.Chain(store.Entry{}, chat.Act{By: "ann", Verb: "ban"})
	for _, each := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO rooms (id, name) VALUES (1, '#lobby'), (2, '#tea')`, nil},
		{`INSERT INTO orders VALUES (1, 6, 20), (1, 7, 2000), (2, 7, 1999)`, nil},
		{`INSERT INTO days VALUES (?, 1, 2000)`, []any{dayOf(store.Nanos(oldPost(1).post.Event.Time))}},
		{`INSERT INTO accounts VALUES (4001, '{"ID":4001,"Name":"Ann"}')`, nil},
		{`INSERT INTO room_states VALUES ('#tea', '{"Name":"#tea","Topic":"leaves"}')`, nil},
		{`INSERT INTO mail VALUES (4002, 4001, '{"ID":4002,"To":4001,"Body":"hi"}')`, nil},
		{`INSERT INTO flags VALUES (4003, ?)`, []any{oldFlag}},
		{`INSERT INTO acts VALUES (1, 0, 'ann', 'ban', '', '', '', ?)`, []any{first.Hash[:]}},
		{`UPDATE meta SET epoch = 7, last_id = 5000, clean = 1, acts = 1, acts_hash = ?, words = ?`, []any{first.Hash[:], wording}},
	} {
		if err := k.exec(each.sql, each.args...); err != nil {
			return err
		}
	}
	for id := int64(1); id <= oldMessages; id++ {
		r := oldPost(id)
		if r.gone {
			r.post.Event.Body = ""
		}
		e := r.post.Event
		err := k.exec(`INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.ID, r.room, e.Epoch, e.Seq, int(e.Kind), e.Account, store.Nanos(e.Time), e.Name, r.post.Key, e.Body, r.gone)
		switch {
		case err != nil || r.gone:
		case id <= oldIndexed:
			err = k.exec(`INSERT INTO search (rowid, words) VALUES (?, ?)`, -id, wordsOf(r))
		default:
			err = k.exec(`INSERT INTO pending VALUES (?)`, id)
		}
		if err == nil {
			err = k.exec(`UPDATE rooms SET bytes = bytes + ? WHERE id = ?`, store.PostSize(r.post), r.room)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkMigrated checks that a store has exactly the data of version 1.
func checkMigrated(t *testing.T, s *Store) *chat.State {
	t.Helper()
	st, err := s.Load(time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Accounts) != 1 || len(st.Rooms) != 1 || st.Rooms[0].Topic != "leaves" || len(st.Orders) != 2 || len(st.Orders[0].Recent) != 50 {
		t.Errorf("%+v", st)
	}
	if len(st.Flags) != 1 || st.Flags[0].Event.Body != "buy" || !st.Flags[0].Event.Edited.IsZero() || st.Flags[0].Event.ReplyTo != 0 {
		t.Errorf("%+v", st.Flags)
	}
	var want []chat.Event
	for id := int64(2); id <= oldMessages; id += 2 {
		if id != oldDeleted {
			want = append(want, oldPost(id).post.Event)
		}
	}
	got, err := s.History(chat.HistoryQuery{Room: "#lobby", Limit: oldMessages})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, id := range []int64{2, oldMessages} { // indexed and not
		found, err := s.Search(chat.SearchQuery{Words: []string{fmt.Sprint(id)}, Rooms: []string{"#lobby"}, Limit: 9})
		if err != nil || len(found) != 1 || found[0].ID != uint64(id) {
			t.Errorf("%d: %v %v", id, found, err)
		}
	}
	if mail, err := s.Mail(4001, 9); err != nil || len(mail) != 1 {
		t.Errorf("%v %v", mail, err)
	}
	if found, err := s.Verify(); err != nil || len(found) > 0 {
		t.Errorf("damage: %v %q", err, found)
	}
	return st
}

// versionOf returns the version in the header of a database.
func versionOf(t *testing.T, dir string) uint32 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(b[60:])
}

func exported(t *testing.T, s *Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := store.WriteExport(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestADatabaseOfVersion1IsMigratedWithItsData(t *testing.T) {
	dir := version1(t)
	if found, _, err := VerifyFrozen(dir); err != nil || len(found) > 0 {
		t.Errorf("before: %v %q", err, found)
	}
	s := reopened(t, dir)
	st := checkMigrated(t, s)
	if st.Epoch != oldEpoch || st.LastID != oldLastID || st.Orders[0].Seq != 2000 {
		t.Errorf("%+v", st)
	}
	p := chat.Post{Key: "ann", Owner: 4001, CID: "c1", Event: chat.Event{
		Room: "#tea", Epoch: st.Epoch, Seq: 3000, ID: st.LastID + 1, Kind: chat.Say, Name: "ann", Body: "new", ReplyTo: 3,
		Time: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}}
	if err := s.Commit([]chat.Record{p}); err != nil {
		t.Fatal(err)
	}
	got, err := s.History(chat.HistoryQuery{Room: "#tea", After: oldMessages - 1, Limit: 5})
	if diff := cmp.Diff([]chat.Event{p.Event}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if got, err := s.Posted(4001, 5); len(got) != 1 || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if v := versionOf(t, dir); v != newestVersion {
		t.Errorf("version %d", v)
	}
	s = reopened(t, dir)
	if found, err := s.Verify(); err != nil || len(found) > 0 {
		t.Errorf("damage: %v %q", err, found)
	}
}

func TestAMigratedDatabaseIsExportedAndBackedUp(t *testing.T) {
	s := reopened(t, version1(t))
	other := reopened(t, emptyFolder(t))
	all := exported(t, s)
	for range 2 {
		if err := store.ReadExport(bytes.NewReader([]byte(all)), other); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(all, exported(t, other)); diff != "" {
		t.Errorf("an import is different (-original +imported)\n%s", diff)
	}
	checkMigrated(t, other)
	backup := filepath.Join(emptyFolder(t), "backup")
	if err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	restored := emptyFolder(t)
	if _, err := Restore(backup, restored, false); err != nil {
		t.Fatal(err)
	}
	checkMigrated(t, reopened(t, restored))
}

func TestABackupOfVersion1IsRestored(t *testing.T) {
	dir, restored := version1(t), emptyFolder(t)
	if _, err := Restore(filepath.Join(dir, FileName), restored, false); err != nil {
		t.Fatal(err)
	}
	checkMigrated(t, reopened(t, restored))
	if v := versionOf(t, dir); v != 1 {
		t.Errorf("the backup has version %d now", v)
	}
}

func emptyFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// MigrationVariable makes the test's program one that dies while it migrates the
// database in the folder that is its value.
const MigrationVariable = "STORE_TEST_MIGRATION"

// DieMigrating does the first step of migrate, and kills the process before the end of
// the transaction.
func DieMigrating(dir string) error {
	k, err := open(filepath.Join(dir, FileName), writing)
	if err != nil {
		return err
	}
	version, err := k.number(`PRAGMA user_version`)
	if err != nil {
		return err
	}
	script, err := schema.ReadFile(migrations()[version])
	if err != nil {
		return err
	}
	return k.within(toWrite, func() error {
		// More than fits into the cache, so that some of it is in the log.
		err := errors.Join(
			k.c.Exec(string(script)), k.c.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, version+1)),
			k.c.Exec(`PRAGMA cache_size = 10; UPDATE posts SET edited = 1, name = name || 'x'`),
		)
		if err != nil {
			return err
		}
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		if err == nil {
			select {}
		}
		return err
	})
}

func TestAMigrationThatIsKilledIsDoneAgain(t *testing.T) {
	for version, dir := range map[uint32]string{1: version1(t), 2: version2(t, true)} {
		for range 3 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), MigrationVariable+"="+dir)
			if out, err := cmd.CombinedOutput(); err == nil || len(out) > 0 {
				t.Fatalf("it was not killed: %v %s", err, out)
			}
			if info, err := os.Stat(filepath.Join(dir, FileName+"-wal")); err != nil || info.Size() == 0 {
				t.Errorf("nothing was written: %v", err)
			}
			if v := versionOf(t, dir); v != version {
				t.Fatalf("version %d instead of %d", v, version)
			}
		}
		s := reopened(t, dir)
		checkMigrated(t, s)
		if version == 2 {
			checkClientIDs(t, s)
		}
	}
}

// checkClientIDs checks that a store has the client IDs of version 2.
func checkClientIDs(t *testing.T, s *Store) {
	t.Helper()
	for owner, count := range map[uint64]int{4001: oldCIDs, oldSession: 3, 4002: 0} {
		var want []chat.Posted
		for n := count; n > max(0, count-chat.CIDWindow); n-- {
			want = append(want, chat.Posted{
				CID: oldCID(n), Room: []string{"#lobby", "#tea"}[n%2], Epoch: oldEpoch, Seq: uint64(n), ID: uint64(2*n) + owner%2,
			})
		}
		got, err := s.Posted(owner, chat.CIDWindow)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("owner %d: %v (-want +got)\n%s", owner, err, diff)
		}
	}
}

func TestADatabaseOfVersion2IsMigratedWithItsClientIDs(t *testing.T) {
	dir := version2(t, true)
	s := reopened(t, dir)
	st := checkMigrated(t, s)
	checkClientIDs(t, s)
	// The client ID of an old message is used again, and the window is moved on.
	record := func(n uint64, cid string) chat.Record {
		return chat.Post{Key: "ann", Owner: 4001, CID: cid, Event: chat.Event{
			Room: "#tea", Epoch: st.Epoch, Seq: 3000 + n, ID: st.LastID + n, Kind: chat.Say, Name: "ann", Body: "new", Time: time.Unix(1_800_000_000, 0),
		}}
	}
	records := []chat.Record{record(1, oldCID(oldCIDs))}
	if err := s.Commit(records); err != nil {
		t.Fatal(err)
	}
	got, err := s.Posted(4001, chat.CIDWindow)
	if err != nil || len(got) != chat.CIDWindow || got[0].ID != st.LastID+1 || got[1].CID != oldCID(oldCIDs-1) {
		t.Fatalf("%v %d %.2v", err, len(got), got)
	}
	for n := range uint64(maxRecentCIDs) {
		records = append(records, record(2+n, fmt.Sprint(n)))
	}
	if err := s.Commit(records[1:]); err != nil {
		t.Fatal(err)
	}
	if n, err := s.w.number(`SELECT count(*) FROM cids WHERE owner = 4001`); err != nil || n != chat.CIDWindow {
		t.Errorf("%d rows, %v", n, err)
	}
	if got, err := s.Posted(4001, chat.CIDWindow); err != nil || len(got) != chat.CIDWindow || got[0].CID != fmt.Sprint(maxRecentCIDs-1) {
		t.Errorf("%v %d %.1v", err, len(got), got)
	}
	if found, err := s.Verify(); err != nil || len(found) > 0 {
		t.Errorf("damage: %v %q", err, found)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if v := versionOf(t, dir); v != newestVersion {
		t.Errorf("version %d", v)
	}
}

func TestADatabaseOfVersion2WithoutClientIDsIsMigrated(t *testing.T) {
	s := reopened(t, version2(t, false))
	checkMigrated(t, s)
	if got, err := s.Posted(4001, 9); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestABackupOfVersion2IsRestored(t *testing.T) {
	backup, restored := filepath.Join(emptyFolder(t), "backup"), emptyFolder(t)
	k, err := open(filepath.Join(version2(t, true), FileName), writing)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.exec(`VACUUM INTO ?`, backup), k.close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(backup, restored, false); err != nil {
		t.Fatal(err)
	}
	s := reopened(t, restored)
	checkMigrated(t, s)
	checkClientIDs(t, s)
}
