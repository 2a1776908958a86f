//go:build unix && !aix && !solaris

// Package syscall makes no FIFOs on AIX, Solaris and illumos.

package chatlog_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

func TestAFIFOInPlaceOfAFileDoesNotBlock(t *testing.T) {
	dir := folder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "a.log"), 0o600); err != nil {
		t.Fatal(err)
	}
	var trouble []error
	o := chatlog.Options{Dir: dir, Trouble: func(err error) { trouble = append(trouble, err) }}
	follow(t, o, said("#a", "lost", noon), said("#b", "kept", noon))
	if len(trouble) == 0 || !strings.Contains(trouble[0].Error(), "is not a regular file") {
		t.Errorf("%v", trouble)
	}
	if got := read(t, dir, "b.log"); !strings.HasSuffix(got, "kept\n") {
		t.Errorf("%q", got)
	}
}
