package osutil

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFilesThatRootCreatesBelongToTheOwnerOfTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	for _, file := range []string{filepath.Join(dir, "chat.db"), outside} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 12345, 12346); err != nil {
		t.Fatal(err)
	}
	if err := GiveToOwner(dir, "chat.db", "lock", "missing"); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]uint32{filepath.Join(dir, "chat.db"): 12345, outside: 0} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s belongs to %d, want %d", file, got, want)
		}
	}
}
