package logfile_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/logfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder returns a folder. The clean-up of t.TempDir fails under Wine.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "logfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func opened(t *testing.T, o logfile.Options) *logfile.File {
	t.Helper()
	o.Mode = 0o640
	f, err := logfile.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func write(t *testing.T, f *logfile.File, text string) {
	t.Helper()
	if n, err := io.WriteString(f, text); err != nil || n != len(text) {
		t.Fatalf("wrote %d bytes of %q: %v", n, text, err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func in(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// onWindows skips tests of operations that Windows does not allow on open files.
func onWindows(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows neither renames nor removes open files")
	}
}

func TestAFullFileIsRotated(t *testing.T) {
	for _, compress := range []bool{false, true} {
		dir := folder(t)
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		f := opened(t, logfile.Options{
			Path: filepath.Join(dir, "chat.log"), MaxBytes: 10, Keep: 2, Compress: compress,
			Now: func() time.Time { return at },
		})
		for i := range 5 {
			write(t, f, fmt.Sprintf("line %d\n", i))
			if i != 2 { // two rotations at the same time have different names
				at = at.Add(time.Second)
			}
		}
		if err := f.Close(); err != nil { // waits for the compression
			t.Fatal(err)
		}
		want := []string{"chat-2026-01-31T12-00-02.001.log", "chat-2026-01-31T12-00-03.000.log", "chat.log"}
		if compress {
			want[0] += ".gz"
			want[1] += ".gz"
		}
		got := in(t, dir)
		if !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
		for i, name := range got {
			if text := content(t, filepath.Join(dir, name)); text != fmt.Sprintf("line %d\n", i+2) {
				t.Errorf("%s: %q", name, text)
			}
		}
	}
}

func TestOtherFilesAreNotTakenForRotatedOnes(t *testing.T) {
	dir := folder(t)
	others := []string{"chat-2026.log", "chat-old.log", "chat.log.1", "other-2026-01-31T12-00-00.000.log", "chat-2026-01-31T12-00-00.000.txt"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := opened(t, logfile.Options{Path: filepath.Join(dir, "chat.log"), MaxBytes: 1, Keep: 1, Compress: true})
	for range 5 {
		write(t, f, "line\n")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got := in(t, dir)
	for _, name := range others {
		if !slices.Contains(got, name) {
			t.Errorf("%s is gone: %q", name, got)
		}
	}
	if len(got) != len(others)+2 {
		t.Errorf("%q", got)
	}
}

func TestARenamedOrRemovedFileIsCreatedAgain(t *testing.T) {
	onWindows(t)
	dir := folder(t)
	path := filepath.Join(dir, "chat.log")
	f := opened(t, logfile.Options{Path: path, MaxBytes: 1 << 20})
	write(t, f, "one\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	if old, text := content(t, path+".1"), content(t, path); old != "one\n" || text != "two\n" {
		t.Errorf("%q, %q", old, text)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, f, "three\n")
	// Another one with the same name, as logrotate's create makes it.
	if err := os.Rename(path, path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("created\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, f, "four\n")
	if old, text := content(t, path+".2"), content(t, path); old != "three\n" || text != "created\nfour\n" {
		t.Errorf("%q, %q", old, text)
	}
}

func TestATruncatedFileHasNoHole(t *testing.T) {
	path := filepath.Join(folder(t), "chat.log")
	f := opened(t, logfile.Options{Path: path, MaxBytes: 100, Keep: 1})
	for range 20 { // also after a rotation
		write(t, f, "0123456789\n")
	}
	for range 3 { // as logrotate's copytruncate does it
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		write(t, f, "after\n")
		if text := content(t, path); text != "after\n" {
			t.Errorf("%q", text)
		}
	}
}

func TestALinkStaysALink(t *testing.T) {
	onWindows(t)
	logs, elsewhere := folder(t), folder(t)
	link, target := filepath.Join(logs, "chat.log"), filepath.Join(elsewhere, "real.log")
	middle := filepath.Join(elsewhere, "middle")
	if err := os.Symlink("real.log", middle); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(middle, link); err != nil {
		t.Fatal(err)
	}
	f := opened(t, logfile.Options{Path: link, MaxBytes: 8, Keep: 1})
	write(t, f, "one\n")
	write(t, f, "two\nthree\n")
	if got := in(t, logs); !slices.Equal(got, []string{"chat.log"}) {
		t.Errorf("where the link is: %q", got)
	}
	if to, err := os.Readlink(link); err != nil || to != middle {
		t.Errorf("the link leads to %s, %v", to, err)
	}
	got := in(t, elsewhere)
	if len(got) != 3 || content(t, filepath.Join(elsewhere, got[1])) != "one\n" || content(t, target) != "two\nthree\n" {
		t.Errorf("where it leads: %q", got)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(elsewhere, "new.log"), link); err != nil {
		t.Fatal(err)
	}
	write(t, f, "four\n")
	if text := content(t, filepath.Join(elsewhere, "new.log")); text != "four\n" {
		t.Errorf("%q", text)
	}
}

func TestALinkToAStandardStreamIsNeverReplaced(t *testing.T) {
	onWindows(t)
	dir := folder(t)
	link := filepath.Join(dir, "chat.log")
	if err := os.Symlink("/dev/stdout", link); err != nil {
		t.Fatal(err)
	}
	// Even if it is a regular file: the shell's, who has it open.
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	old := os.Stdout
	os.Stdout = out
	defer func() { os.Stdout = old }()
	f := opened(t, logfile.Options{Path: link, MaxBytes: 4, Keep: 1})
	for range 3 {
		write(t, f, "line\n")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := in(t, dir); !slices.Equal(got, []string{"chat.log", "out"}) {
		t.Errorf("%q", got)
	}
	if to, err := os.Readlink(link); err != nil || to != "/dev/stdout" {
		t.Errorf("the link leads to %s, %v", to, err)
	}
	if text := content(t, out.Name()); text != "line\nline\nline\n" {
		t.Errorf("%q", text)
	}
	if _, err := out.WriteString("still open\n"); err != nil {
		t.Error(err)
	}
}

func TestADeviceIsNotRotated(t *testing.T) {
	onWindows(t)
	f := opened(t, logfile.Options{Path: os.DevNull, MaxBytes: 1, Keep: 1})
	for range 3 {
		write(t, f, "line\n")
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
}

func TestLinksInACircleAreAnError(t *testing.T) {
	onWindows(t)
	link := filepath.Join(folder(t), "chat.log")
	if err := os.Symlink(link, link); err != nil {
		t.Fatal(err)
	}
	if f, err := logfile.Open(logfile.Options{Path: link}); err == nil {
		_ = f.Close()
		t.Error("opened")
	}
}

func TestAFileThatCannotBeRotatedIsStillWrittenTo(t *testing.T) {
	onWindows(t)
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := folder(t)
	path := filepath.Join(dir, "chat.log")
	f := opened(t, logfile.Options{Path: path, MaxBytes: 4, Keep: 1})
	write(t, f, "one\n")
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(dir, 0o700) }()
	if n, err := io.WriteString(f, "two\n"); n != 4 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	if text := content(t, path); text != "one\ntwo\n" {
		t.Errorf("%q", text)
	}
}

func TestTryLeavesNoFileBehind(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "chat.log")
	if err := logfile.Try(path, 0o600); err != nil {
		t.Error(err)
	}
	if got := in(t, dir); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(path, []byte("line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := logfile.Try(path, 0o600); err != nil || content(t, path) != "line\n" {
		t.Errorf("%v", err)
	}
	if err := logfile.Try(dir, 0o600); err == nil {
		t.Error("a folder is no log file")
	}
}
