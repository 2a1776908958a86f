package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

func TestVerifyNeedsNoLockInAFolderThatIsReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making a disk read-only needs root")
	}
	dir := folder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("mounting a disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=4m"); err != nil {
		t.Skipf("making the disk read-only: %v", err)
	}
	if code, stdout, stderr := once(t, "verify", "--data", dir); code != 0 || stdout != "ok\n" || stderr != "" {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
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
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=4m"); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := once(t, "verify", "--data", dir); code != exitFailure || !strings.Contains(stdout+stderr, "damaged") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}
