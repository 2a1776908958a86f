package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// Accounts of an earlier version may now have the same name. That is not damage, but
// reported.
func TestVerifyReportsAccountsWithTheSameName(t *testing.T) {
	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
	}
	dir := folder(t)
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var records []chat.Record
	for i, name := range []string{"νικος", "ΝΙΚΟΣ", "alice"} {
		records = append(records, chat.Account{ID: uint64(i + 1), Name: name, Role: chat.User, Hash: "=x", Created: time.Unix(1, 0), Seen: time.Unix(1, 0)})
	}
	if err := s.Commit(records); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "export")
	if code, _, stderr := once(t, "export", file, "--data", dir); code != 0 {
		t.Errorf("export: code %d, %q", code, stderr)
	}
	if code, _, stderr := once(t, "export", file, "--data", dir); code != exitFailure || !strings.HasSuffix(stderr, "; choose another name\n") {
		t.Errorf("export over a file: code %d, %q", code, stderr)
	}
	code, stdout, stderr := once(t, "verify", "--data", dir)
	lines := strings.Split(stdout, "\n")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "note: the accounts νικος and ΝΙΚΟΣ have one name by now; ") ||
		!slices.Equal(lines[1:], []string{"ok", ""}) {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}
