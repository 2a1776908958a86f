//go:build e2e && unix

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecondServerOnAFolderNamesTheFirst(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := startKeeping(t, dir)
	stdout, stderr, code := command(t, nil, "--port", "0", "--bind", "127.0.0.1", "--data", dir)
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "chatsrv: ") || strings.Count(stderr, "\n") != 1 ||
		!strings.Contains(stderr, dir) || !strings.Contains(stderr, fmt.Sprintf("process %d", s.cmd.Process.Pid)) {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
	p := guest(t, s, "alice") // the first server is not affected
	leave(t, []*person{p})
	s.stops(t)
	startKeeping(t, dir).stops(t)
}

// A database that can't be used is refused with a remedy, and not changed.
func TestADatabaseThatCanNotBeUsedIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := keep(t, []Account{{Name: "alice", Role: "user"}})
	s := startKeeping(t, dir)
	p := guest(t, s, "bob")
	p.answer(t, "hello")
	leave(t, []*person{p})
	s.stops(t)
	healthy := []byte(readFile(t, dir, "chat.db"))
	for name, c := range map[string]struct {
		damage func(db []byte) []byte
		want   []string
	}{
		"a newer one": {func(db []byte) []byte {
			binary.BigEndian.PutUint32(db[60:], 999) // PRAGMA user_version
			return db
		}, []string{"version 999", "update chatsrv", "backup"}},
		"somebody else's": {func(db []byte) []byte {
			db[68] ^= 0xff // PRAGMA application_id
			return db
		}, []string{"--data"}},
		"no database": {func(db []byte) []byte {
			copy(db, "not a database at all")
			return db
		}, []string{"--data"}},
		"a stump":     {func(db []byte) []byte { return db[:50] }, []string{"chatsrv restore"}},
		"half of one": {func(db []byte) []byte { return db[:len(db)/2] }, []string{"chatsrv restore"}},
		"flipped bytes": {func(db []byte) []byte {
			for i := 100; i < 1000; i++ {
				db[i] ^= 0x55
			}
			return db
		}, []string{"chatsrv restore"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			file := filepath.Join(dir, "chat.db")
			damaged := c.damage(bytes.Clone(healthy))
			writeFile(t, file, string(damaged))
			stdout, stderr, code := command(t, nil, "--port", "0", "--bind", "127.0.0.1", "--data", dir)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "chatsrv: ") {
				t.Errorf("code %d, %q, %q", code, stdout, stderr)
			}
			for _, want := range append(c.want, file) {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q lacks %q", stderr, want)
				}
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, damaged) {
				t.Errorf("the file is another one: %v", err)
			}
		})
	}
}

// Damage that a start does not notice is found by verify.
func TestVerifyFindsFlippedBytes(t *testing.T) {
	t.Parallel()
	dir := keep(t, []Account{{Name: "alice", Role: "user"}})
	s := startKeeping(t, dir)
	p := guest(t, s, "bob")
	for range 100 {
		p.answer(t, strings.Repeat("hello ", 100))
	}
	leave(t, []*person{p})
	s.stops(t)
	file := filepath.Join(dir, "chat.db")
	db := []byte(readFile(t, file))
	at := bytes.LastIndex(db, []byte("hello hello"))
	const page = 4096 // a page of the database begins with the offsets of its contents
	for i := range 100 {
		db[at/page*page+i] ^= 0x55
	}
	writeFile(t, file, string(db))
	stdout, stderr, code := command(t, nil, "verify", "--data", dir)
	if code != 1 || !strings.HasPrefix(stderr, "chatsrv: ") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
	t.Logf("%q, %q", stdout, stderr)
}
