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

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/sudoXpg/netloop/internal/store"
)

// Backup writes the database as of one moment into a new file, while others go
// on reading and writing, and returns when it is on disk. Archives are not part
// of it.
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
	if err != nil {
		_ = os.Remove(file)
		return s.explain("back up", err)
	}
	return nil
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

// Restore puts a backup into a folder that nobody uses, after it has looked
// whether the backup is whole. A database that is there already is refused, or
// moved aside if replace is set; its new name is returned then.
func Restore(file, dir string, replace bool) (aside string, err error) {
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
		return "", fmt.Errorf("restore: %s is there already: `chatsrv restore %s replace` moves it aside first", target, file)
	}
	fresh := target + ".new"
	if err := copyFile(file, fresh); err != nil {
		return "", err
	}
	if err := prepare(fresh, file); err != nil {
		_ = os.Remove(fresh)
		return "", err
	}
	if aside, err = moveAside(target); err != nil {
		return aside, err
	}
	if err := os.Rename(fresh, target); err != nil {
		return aside, err
	}
	return aside, store.SyncFolder(dir)
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

// moveAside renames a database and its log to a name that is free, and returns
// that, or "" if neither is there. The log must go, too: it would be applied to
// whatever has the database's name next.
func moveAside(file string) (string, error) {
	parts := []string{"", "-wal", "-shm"} // the database first: a log alone is harmless here
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
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
