package chatlog

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/logfile"
)

// validDay returns day if it is valid, or the earliest day, so that a file with
// another beginning is rotated and not mixed with ours.
func validDay(day string) string {
	if _, err := time.Parse(dayForm, day); err != nil {
		return "0001-01-01"
	}
	return day
}

// rotate rotates the file of a room, compresses it, and removes the oldest ones
// beyond Keep. If it is interrupted, the next call continues where it stopped.
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
			err = logfile.Compress(path, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// full returns the rotated files of a room, oldest first. The part for a room
// has no dot, so other rooms' files are recognized.
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
