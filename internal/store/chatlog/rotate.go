package chatlog

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// validDay returns day if it is one, or the first there is, so that a file that
// begins otherwise is put away and not mixed with ours.
func validDay(day string) string {
	if _, err := time.Parse(dayForm, day); err != nil {
		return "0001-01-01"
	}
	return day
}

// rotate puts the file of a room away, compresses it, and removes those that are
// too many. Should it be cut short, the next one goes on where this one stopped.
func (l *Log) rotate(name, day string) error {
	old, err := l.full(name)
	if err != nil {
		return err
	}
	number := 1
	for _, o := range old {
		var n int
		if _, err := fmt.Sscanf(o[len(name)+1:], day+".%d.log", &n); err == nil {
			number = max(number, n+1)
		}
	}
	full := fmt.Sprintf("%s.%s.%03d.log", name, day, number)
	if err := os.Rename(filepath.Join(l.o.Dir, name+".log"), filepath.Join(l.o.Dir, full)); err != nil {
		return err
	}
	if old, err = l.full(name); err != nil {
		return err
	}
	for i, o := range old {
		path := filepath.Join(l.o.Dir, o)
		switch {
		case i < len(old)-l.o.Keep:
			err = os.Remove(path)
		case filepath.Ext(o) == ".log":
			err = compress(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// full returns the full files of a room, the oldest first. A dot is in no name
// of a room, so that those of others are told apart.
func (l *Log) full(name string) ([]string, error) {
	form, err := regexp.Compile(`^` + regexp.QuoteMeta(name) + `\.\d{4}-\d\d-\d\d\.\d{3,}\.log(\.gz)?$`)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		if form.MatchString(e.Name()) {
			list = append(list, e.Name())
		}
	}
	slices.Sort(list)
	return list, nil
}

// compress replaces a file by FILE.gz, which appears whole.
func compress(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	fresh := path + ".tmp"
	out, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	err = errors.Join(err, z.Close())
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close(), in.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if err := os.Rename(fresh, path+".gz"); err != nil {
		return err
	}
	return os.Remove(path)
}
