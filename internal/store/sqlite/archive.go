package sqlite

import (
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// archiveName returns the archive file for a message.
func archiveName(e chat.Event) string {
	return store.FileName(e.Room) + "-" + e.Time.UTC().Format("2006-01") + ".jsonl.gz"
}

// archive appends messages to files and returns when they are on disk. The
// files' former lengths must already be in the table archiving.
func (s *Store) archive(files map[string][]row, names []string) error {
	folder := filepath.Join(s.dir, ArchiveFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if err := appendGzip(filepath.Join(folder, name), files[name]); err != nil {
			return err
		}
	}
	if err := store.SyncFolder(folder); err != nil {
		return err
	}
	return store.SyncFolder(s.dir)
}

// appendGzip adds one gzip member to a file: zcat reads all of them in sequence.
func appendGzip(file string, rows []row) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	var line []byte
	for _, r := range rows {
		if line, err = store.PostJSON(line[:0], r.post); err != nil {
			break
		}
		if _, err = z.Write(line); err != nil {
			break
		}
	}
	err = errors.Join(err, z.Close())
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// size returns the length of an archive, 0 if it does not exist.
func (s *Store) size(name string) (int64, error) {
	info, err := os.Stat(filepath.Join(s.dir, ArchiveFolder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return info.Size(), nil
}

// undo removes lines from the archives whose messages were not deleted from the
// database, because of a crash or an error in between.
func (s *Store) undo() error {
	sizes := map[string]int64{}
	names := []string{}
	err := s.w.rows(`SELECT file, size FROM archiving ORDER BY file`, func(st *stmt) bool {
		name := st.ColumnText(0)
		names, sizes[name] = append(names, name), st.ColumnInt64(1)
		return true
	})
	if err != nil || len(names) == 0 {
		return err
	}
	for _, name := range names {
		now, err := s.size(name)
		if err != nil {
			return err
		}
		if now > sizes[name] {
			if err := truncate(filepath.Join(s.dir, ArchiveFolder, name), sizes[name]); err != nil {
				return err
			}
		}
	}
	return s.write(func(k *conn) error { return k.exec(`DELETE FROM archiving`) })
}

func truncate(file string, size int64) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// expireStep is how many messages are archived at a time.
const expireStep = 1000

// Expire implements store.Store. A message is deleted once its line in the
// archive is on disk; a crash in between leaves it in the database, and the next
// call removes the line again before it begins.
func (s *Store) Expire(now time.Time, keep store.Keep) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, store.ErrClosed
	}
	more, err := s.expire(now, keep)
	return more, s.explain("archive from", err)
}

func (s *Store) expire(now time.Time, keep store.Keep) (bool, error) {
	if err := s.undo(); err != nil {
		return false, err
	}
	rows, err := s.leaving(now, keep)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	files := map[string][]row{}
	var names []string
	for _, r := range rows {
		name := archiveName(r.post.Event)
		if files[name] == nil {
			names = append(names, name)
		}
		files[name] = append(files[name], r)
	}
	err = s.write(func(k *conn) error {
		for _, name := range names {
			size, err := s.size(name)
			if err != nil {
				return err
			}
			if err := k.exec(`INSERT INTO archiving (file, size) VALUES (?, ?)`, name, size); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if err := s.archive(files, names); err != nil {
		return false, errors.Join(err, s.undo())
	}
	if err := s.remove(rows); err != nil {
		return true, err
	}
	if s.o.Archived != nil {
		s.o.Archived(len(rows), names)
	}
	return true, nil
}

// Size returns how many bytes the database takes on disk, the write-ahead log included.
func (s *Store) Size() (bytes int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.file + suffix); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// remove deletes messages that are in the archive.
func (s *Store) remove(rows []row) error {
	return s.write(func(k *conn) error {
		bytes := map[int64]int64{}
		for _, r := range rows {
			if !r.gone {
				if err := forget(k, r); err != nil {
					return err
				}
			}
			if err := k.exec(`DELETE FROM posts WHERE id = ?`, r.post.Event.ID); err != nil {
				return err
			}
			bytes[r.room] += store.PostSize(r.post)
		}
		for room, n := range bytes {
			if err := k.exec(`UPDATE rooms SET bytes = bytes - ? WHERE id = ?`, n, room); err != nil {
				return err
			}
		}
		if err := recordRemoved(k, rows); err != nil {
			return err
		}
		return k.exec(`DELETE FROM archiving`)
	})
}

// recordRemoved records how far each room's messages were removed, for clients that
// missed some of them.
func recordRemoved(k *conn, rows []row) error {
	removed := map[order]uint64{}
	for _, r := range rows {
		if at := (order{r.room, r.post.Event.Epoch}); !r.gone {
			removed[at] = max(removed[at], r.post.Event.Seq)
		}
	}
	for at, seq := range removed {
		if err := k.exec(`UPDATE orders SET removed = max(removed, ?) WHERE room = ? AND epoch = ?`, seq, at.room, at.epoch); err != nil {
			return err
		}
	}
	return nil
}

// leaving returns the messages to archive now: those of one room that has too
// many, or the oldest of all.
func (s *Store) leaving(now time.Time, keep store.Keep) ([]row, error) {
	states, err := documents[chat.RoomState](s.w, `SELECT data FROM room_states`)
	if err != nil {
		return nil, err
	}
	byName := map[string]chat.RoomState{}
	for _, r := range states {
		byName[r.Name] = r
	}
	names, sizes, total, err := s.sizes()
	if err != nil {
		return nil, err
	}
	for id, name := range names {
		age, limit := store.Bounds(byName[name], keep)
		b := excess{over: sizes[id] - limit}
		if limit == 0 {
			b.over = 0
		}
		if age > 0 {
			b.before = now.Add(-age)
		}
		rows, err := s.oldest(`SELECT `+columns+`, p.gone FROM posts p WHERE p.room = ? ORDER BY p.id LIMIT ?`, names, b, id, expireStep)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
	if keep.TotalBytes == 0 || total <= keep.TotalBytes {
		return nil, nil
	}
	return s.oldest(`SELECT `+columns+`, p.gone FROM posts p ORDER BY p.id LIMIT ?`, names, excess{over: total - keep.TotalBytes}, expireStep)
}

// excess is what has to be removed: a number of bytes, and messages from before a time.
type excess struct {
	over   int64
	before time.Time
}

func (s *Store) oldest(sql string, names map[int64]string, b excess, args ...any) ([]row, error) {
	if b.over <= 0 && b.before.IsZero() {
		return nil, nil
	}
	var rows []row
	err := s.w.rows(sql, func(st *stmt) bool {
		r := scan(st)
		r.gone = st.ColumnBool(afterColumns)
		r.post.Event.Room = names[r.room]
		early := !b.before.IsZero() && store.Nanos(r.post.Event.Time) < store.Nanos(b.before)
		if b.over <= 0 && !early {
			return false
		}
		b.over -= store.PostSize(r.post)
		rows = append(rows, r)
		return true
	}, args...)
	return rows, err
}

// sizes returns the names of the rooms, their sizes, and the sum.
func (s *Store) sizes() (names map[int64]string, sizes map[int64]int64, total int64, err error) {
	names, sizes = map[int64]string{}, map[int64]int64{}
	err = s.w.rows(`SELECT id, name, bytes FROM rooms`, func(st *stmt) bool {
		id := st.ColumnInt64(0)
		names[id], sizes[id] = st.ColumnText(1), st.ColumnInt64(2)
		total += sizes[id]
		return true
	})
	return names, sizes, total, err
}
