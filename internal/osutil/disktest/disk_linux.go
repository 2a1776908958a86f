package disktest

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Mount mounts a file system of a given size, such as "64k", at a folder until the test
// ends. The test is skipped if it may not do that.
func Mount(t testing.TB, dir, size string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a disk needs root")
	}
	switch err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); {
	case errors.Is(err, unix.EPERM):
		t.Skip("mounting a disk needs CAP_SYS_ADMIN, which root lacks here")
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// Remount makes a disk from Mount read-only, or writable again.
func Remount(t testing.TB, dir, size string, readOnly bool) {
	t.Helper()
	flags := uintptr(unix.MS_REMOUNT)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("", dir, "", flags, "mode=0700,size="+size); err != nil {
		t.Fatal(err)
	}
}
