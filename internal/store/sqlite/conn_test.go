package sqlite

import (
	"os"
	"testing"
)

func TestTheCacheOfEachConnectionIsBounded(t *testing.T) {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, m := range []mode{reading, writing} {
		k, err := open(s.file, m)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := k.number(`PRAGMA cache_size`); n != -cacheSize || err != nil {
			t.Errorf("mode %d: %d, %v", m, n, err)
		}
		if err := k.close(); err != nil {
			t.Error(err)
		}
	}
}
