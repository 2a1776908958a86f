package account

import "container/list"

// A table holds a bounded number of values. One too many evicts the least
// recently used one, so evictions depend only on the order of calls.
type table[K comparable, V any] struct {
	limit   int
	entries map[K]*list.Element // of *row[K, V]
	recent  *list.List          // the most recent first
}

type row[K comparable, V any] struct {
	key   K
	value V
}

func newTable[K comparable, V any](limit int) *table[K, V] {
	return &table[K, V]{limit: limit, entries: make(map[K]*list.Element), recent: list.New()}
}

// get returns the value of key to read and change until the next put, or nil.
func (t *table[K, V]) get(key K) *V {
	e := t.entries[key]
	if e == nil {
		return nil
	}
	t.recent.MoveToFront(e)
	return &e.Value.(*row[K, V]).value //nolint:forcetypeassert // nothing else is ever in the list
}

// put is get, with a zero value if there was none.
func (t *table[K, V]) put(key K) *V {
	if v := t.get(key); v != nil {
		return v
	}
	for len(t.entries) >= t.limit {
		oldest := t.recent.Remove(t.recent.Back()).(*row[K, V]) //nolint:forcetypeassert // the same
		delete(t.entries, oldest.key)
	}
	r := &row[K, V]{key: key}
	t.entries[key] = t.recent.PushFront(r)
	return &r.value
}

func (t *table[K, V]) remove(key K) {
	if e := t.entries[key]; e != nil {
		t.recent.Remove(e)
		delete(t.entries, key)
	}
}
