package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil/disktest"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

func TestVerifyNeedsNoLockInAFolderThatIsReadOnly(t *testing.T) {
	const size = "4m"
	dir := folder(t)
	disktest.Mount(t, dir, size)
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	disktest.Remount(t, dir, size, true)
	if code, stdout, stderr := once(t, "verify", "--data", dir); code != 0 || stdout != "ok\n" || stderr != "" {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
	disktest.Remount(t, dir, size, false)
	// Damage is found.
	file := filepath.Join(dir, sqlite.FileName)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text[4096:] {
		text[4096+i] ^= 0x55
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	disktest.Remount(t, dir, size, true)
	if code, stdout, stderr := once(t, "verify", "--data", dir); code != exitFailure || !strings.Contains(stdout+stderr, "damaged") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}
