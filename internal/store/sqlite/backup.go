package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/sudoXpg/netloop/internal/store"
)

// Backup writes the database, as of one moment, to a new file, while others
// continue to read and write, and returns when it is on disk. Archives are not
// included.
func (s *Store) Backup(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("backup: %w; choose another name", err)
	}
	if err != nil {
		return err
	}
	err = s.copyTo(file)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = store.SyncFolder(filepath.Dir(file))
	}
	if err == nil {
		return nil
	}
	for _, left := range []string{file, file + "-journal"} {
		_ = os.Remove(left)
	}
	err = s.explain("back up", err)
	if errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.FULL) { // SQLite does not return the system's error
		size := int64(0)
		if info, statErr := os.Stat(s.file); statErr == nil {
			size = info.Size()
		}
		err = fmt.Errorf("%w; is there room for %d MiB at %s?", err, size>>20+1, file)
	}
	return err
}

// copyTo writes into an empty file.
func (s *Store) copyTo(file string) error {
	if s.alone {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return store.ErrClosed
		}
		return s.w.exec(`VACUUM INTO ?`, file)
	}
	k, err := open(s.file, writing)
	if err != nil {
		return err
	}
	return errors.Join(k.exec(`VACUUM INTO ?`, file), k.close())
}

// Restore puts a backup into an unused folder, after checking that the backup
// is undamaged. If there is a database already, it returns an error, or if
// replace is set moves that aside and returns its new name.
func Restore(file, dir string, replace bool) (aside string, err error) {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("restore: %s is not a regular file", file)
	}
	switch err := examine(file, !vfs.SupportsFileLocking); {
	case errors.Is(err, store.ErrForeign):
		return "", fmt.Errorf("restore: %s is no backup: `chatsrv backup` writes them; what `chatsrv export` has written goes to `chatsrv import`: %w", file, store.ErrForeign)
	case err != nil:
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	target := filepath.Join(dir, FileName)
	if exists(target) && !replace {
		return "", fmt.Errorf("restore: %s already exists: `chatsrv restore %s replace` moves it aside first", target, file)
	}
	fresh, restored := target+freshSuffix, target+restoredSuffix
	if same(file, restored) {
		return "", fmt.Errorf("restore: %s is what a restore that was killed has left: rename it first", file)
	}
	defer func() {
		if err != nil { // also a partly written file: the disk may be full
			err = errors.Join(err, removeFresh(target, file))
		}
	}()
	if err := removeFresh(target, file); err != nil { // left by a run that was killed
		return "", err
	}
	if err := copyFile(file, fresh); err != nil {
		return "", explain("restore", target, err)
	}
	if err := prepare(fresh, file); err != nil {
		return "", err
	}
	// From here on the next start finishes a killed restore (see finishRestore).
	if err := os.Rename(fresh, restored); err != nil {
		return "", err
	}
	if aside, err = replaceBy(restored, target); err != nil {
		return "", errors.Join(err, moveBack(aside, target), os.Remove(restored))
	}
	return aside, store.SyncFolder(dir)
}

// replaceBy moves a database aside and renames another one to its name.
func replaceBy(restored, target string) (aside string, err error) {
	if err := store.SyncFolder(filepath.Dir(target)); err != nil {
		return "", err
	}
	if aside, err = moveAside(target); err != nil {
		return aside, err
	}
	return aside, os.Rename(restored, target)
}

// prepare checks a copy of a backup and makes the next run begin a new epoch.
func prepare(fresh, file string) error {
	m := writing
	if !vfs.SupportsFileLocking {
		m = alone
	}
	k, err := open(fresh, m)
	if err != nil {
		return explain("check", file, err)
	}
	found, err := verify(k)
	if err == nil && len(found) == 0 {
		found, err = indexWhole(k)
	}
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%w (%s)", store.ErrCorrupt, strings.Join(found, "; "))
	}
	if err == nil {
		err = k.exec(`UPDATE meta SET clean = 0`)
	}
	return explain("check", file, errors.Join(err, k.close()))
}

// parts are the suffixes of a database's files. The database is the first: a log
// alone is harmless.
var parts = []string{"", "-wal", "-shm"}

// moveAside renames a database and its log to a free name, and returns that, or
// "" if neither exists. The log must be moved, too: it would be applied to the
// next database with that name.
func moveAside(file string) (string, error) {
	if !slices.ContainsFunc(parts, func(part string) bool { return exists(file + part) }) {
		return "", nil
	}
	aside := ""
	for i := 1; aside == "" || exists(aside) || exists(aside+"-wal"); i++ {
		aside = fmt.Sprintf("%s.old%d", file, i)
	}
	for _, part := range parts {
		if err := os.Rename(file+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, err
		}
	}
	return aside, nil
}

// moveBack undoes moveAside, even a partial one: a file that is still in its place
// was never moved, and one with the other name is then another file.
func moveBack(aside, file string) error {
	if aside == "" {
		return nil
	}
	var errs []error
	for _, part := range parts {
		if exists(file + part) {
			continue
		}
		if err := os.Rename(aside+part, file+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
