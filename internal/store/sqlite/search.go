package sqlite

import (
	"math"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/words"
)

const (
	// maxTail is how many messages that are not indexed yet are scanned, newest
	// first. There are more only while the index is rebuilt.
	maxTail = 10_000
	// maxRoomTags is how many rooms are in the query of the index; with more
	// rooms the results are filtered.
	maxRoomTags = 64
)

// Search implements chat.Archive. It queries the index, and scans the messages
// that are not indexed yet.
func (s *Store) Search(q chat.SearchQuery) ([]chat.Event, error) {
	phrases, ok := store.Phrases(q.Words)
	if !ok || q.Limit <= 0 {
		return nil, nil
	}
	var list []chat.Event
	err := s.read(func(k *conn) error {
		f := &filter{k: k, q: q, phrases: phrases}
		if err := f.prepare(); err != nil || len(f.rooms) == 0 || f.low >= f.high {
			return err
		}
		tail, err := f.tail()
		if err != nil {
			return err
		}
		indexed, err := f.indexed()
		if err != nil {
			return err
		}
		list = merge(tail, indexed, q.Limit)
		return nil
	})
	return list, s.explain("search", err)
}

// A filter is a search in progress.
type filter struct {
	k         *conn
	q         chat.SearchQuery
	phrases   []words.Phrase
	rooms     map[int64]string
	low, high int64 // IDs, high not included
	from, to  int64 // times, to not included
}

func (f *filter) prepare() error {
	f.rooms = map[int64]string{}
	for _, name := range f.q.Rooms {
		id, err := f.k.number(`SELECT id FROM rooms WHERE name = ?`, name)
		if err != nil {
			return err
		}
		if id != 0 {
			f.rooms[id] = name
		}
	}
	f.from, f.to = math.MinInt64, math.MaxInt64
	if !f.q.After.IsZero() {
		f.from = store.Nanos(f.q.After)
	}
	if !f.q.Before.IsZero() {
		f.to = store.Nanos(f.q.Before)
	}
	var err error
	f.low, f.high, err = bounds(f.k, f.q.After, f.q.Before, f.q.BeforeID)
	return err
}

// match returns the query for the index. It contains only words, which are
// letters, digits and marks, and tags, each in quotation marks, and the syntax
// written here: a * after a word that matches any ending.
func (f *filter) match() (string, error) {
	var parts []string
	for _, phrase := range f.phrases {
		for i, word := range phrase.Words {
			part := `"` + word + `"`
			if phrase.Open && i == len(phrase.Words)-1 {
				part += "*"
			}
			parts = append(parts, part)
		}
	}
	if f.q.Key != "" {
		parts = append(parts, `"`+keyTag(f.q.Key)+`"`)
	}
	slices.Sort(parts)
	parts = slices.Compact(parts)
	few, err := f.few()
	if err != nil {
		return "", err
	}
	if few {
		var tags []string
		for id := range f.rooms {
			tags = append(tags, `"`+roomTag(id)+`"`)
		}
		parts = append(parts, `(`+strings.Join(tags, " OR ")+`)`)
	}
	return strings.Join(parts, " AND "), nil
}

// few reports whether the rooms have so small a part of all messages that it
// pays to query the index for them; otherwise messages of other rooms are
// skipped.
func (f *filter) few() (bool, error) {
	if len(f.rooms) > maxRoomTags {
		return false, nil
	}
	total, err := f.k.number(`SELECT sum(bytes) FROM rooms`)
	for id := range f.rooms {
		if err != nil {
			break
		}
		var n int64
		n, err = f.k.number(`SELECT bytes FROM rooms WHERE id = ?`, id)
		total -= 4 * n
	}
	return total > 0, err
}

func (f *filter) indexed() ([]chat.Event, error) {
	match, err := f.match()
	if err != nil {
		return nil, err
	}
	if match == "" {
		return f.collect(`SELECT `+columns+` FROM posts p
			WHERE p.id >= ? AND p.id < ? AND p.time >= ? AND p.time < ? AND p.gone = 0
			AND NOT EXISTS (SELECT 1 FROM pending n WHERE n.id = p.id) ORDER BY p.id DESC`,
			nil, f.low, f.high, f.from, f.to)
	}
	// The index knows the words of a message, but not their places.
	var ok func(row) bool
	if slices.ContainsFunc(f.phrases, func(p words.Phrase) bool { return len(p.Words) > 1 }) {
		ok = f.says
	}
	return f.collect(`SELECT `+columns+` FROM search CROSS JOIN posts p ON p.id = -search.rowid
		WHERE search MATCH ? AND search.rowid <= ? AND search.rowid > ? AND p.time >= ? AND p.time < ? AND p.gone = 0
		ORDER BY search.rowid`, ok, match, -f.low, -f.high, f.from, f.to)
}

// tail searches the messages that are not indexed yet.
func (f *filter) tail() ([]chat.Event, error) {
	return f.collect(`SELECT `+columns+` FROM (SELECT id FROM pending WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?) n
		JOIN posts p ON p.id = n.id WHERE p.time >= ? AND p.time < ? AND p.gone = 0 ORDER BY p.id DESC`,
		f.says, f.low, f.high, maxTail, f.from, f.to)
}

// says reports whether a message has all of the phrases.
func (f *filter) says(r row) bool {
	if len(f.phrases) == 0 {
		return true
	}
	in := words.Of(r.post.Event.Body)
	for _, phrase := range f.phrases {
		if !phrase.In(in) {
			return false
		}
	}
	return true
}

// collect reads messages until there are enough of the rooms and the author for
// which ok returns true.
func (f *filter) collect(sql string, ok func(row) bool, args ...any) ([]chat.Event, error) {
	var list []chat.Event
	err := f.k.rows(sql, func(s *stmt) bool {
		room, in := f.rooms[s.ColumnInt64(1)]
		if !in || f.q.Key != "" && string(s.ColumnRawText(8)) != f.q.Key {
			return true
		}
		r := scan(s)
		r.post.Event.Room = room
		if ok == nil || ok(r) {
			list = append(list, r.post.Event)
		}
		return len(list) < f.q.Limit
	}, args...)
	return list, err
}

// merge returns the newest of two lists that are newest first.
func merge(a, b []chat.Event, limit int) []chat.Event {
	var list []chat.Event
	for len(list) < limit && len(a)+len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].ID > b[0].ID {
			list, a = append(list, a[0]), a[1:]
		} else {
			list, b = append(list, b[0]), b[1:]
		}
	}
	return list
}
