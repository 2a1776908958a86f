package tomlvalue

import (
	"testing"

	"github.com/BurntSushi/toml"
)

func TestValuesHaveTheirLineAndKind(t *testing.T) {
	var keys map[string]toml.Primitive
	meta, err := toml.Decode("on = true\n\nname = 'x'\nn = 3\nhalf = 0.5\nlist = [1,\n 2]\nday = 2026-01-31\n[table]\nkey = 1\n[[tables]]\n", &keys)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		line int
		kind string
	}{
		"on": {1, "true or false"}, "name": {3, "a text"}, "n": {4, "a number"}, "half": {5, "a number with a point"},
		"list": {6, "a list"}, "day": {8, "a date or time"}, "table": {9, "a table"}, "tables": {11, "a table"},
	} {
		v, line := Locate(&meta, keys[name])
		if KindOf(v) != want.kind || line != want.line {
			t.Errorf("%s: line %d, %s", name, line, KindOf(v))
		}
	}
}
