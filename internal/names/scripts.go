package names

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A scriptSet is a set of scripts, a bit each; allScripts is the set of
// characters that go with any script.
type scriptSet [4]uint64

var allScripts = scriptSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func (s scriptSet) and(t scriptSet) scriptSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s scriptSet) with(bit int) scriptSet {
	s[bit/64] |= 1 << (bit % 64)
	return s
}

// A scriptRange has the scripts that the characters from lo to hi are used with.
type scriptRange struct {
	lo, hi rune
	set    uint16 // which of scriptTable.sets
}

// scriptTable holds the augmented Script_Extensions (UTS #39, section 5.1) of
// all characters, sorted, without those of the script Common and Inherited.
type scriptTable struct {
	extended, ranges []scriptRange
	sets             []scriptSet
}

// writingSystems are written with several scripts at once: Japanese, Korean, and
// Chinese with its phonetic letters.
var writingSystems = [][]string{
	{"Han", "Hiragana", "Katakana"},
	{"Han", "Hangul"},
	{"Han", "Bopomofo"},
}

// scripts builds the table from those of package unicode, which has one per
// script: searching each of them takes a hundred times as long.
var scripts = sync.OnceValue(newScriptTable)

func newScriptTable() *scriptTable {
	t := new(scriptTable)
	bits := map[string]int{}
	for i, name := range slices.Sorted(maps.Keys(unicode.Scripts)) {
		bits[name] = len(writingSystems) + i
		if name == "Common" || name == "Inherited" {
			continue
		}
		t.add(unicode.Scripts[name], t.set(bits, name))
	}
	slices.SortFunc(t.ranges, func(a, b scriptRange) int { return cmp.Compare(a.lo, b.lo) })
	for _, x := range scriptExtensions {
		t.extended = append(t.extended, scriptRange{x.lo, x.hi, t.set(bits, x.scripts)})
	}
	return t
}

// set returns the index of the set of the scripts named, and of the writing
// systems that they are part of.
func (t *scriptTable) set(bits map[string]int, names string) uint16 {
	var s scriptSet
	for name := range strings.FieldsSeq(names) {
		s = s.with(bits[name])
		for bit, system := range writingSystems {
			if slices.Contains(system, name) {
				s = s.with(bit)
			}
		}
	}
	t.sets = append(t.sets, s)
	return uint16(len(t.sets) - 1)
}

func (t *scriptTable) add(table *unicode.RangeTable, set uint16) {
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			t.ranges = append(t.ranges, scriptRange{lo, hi, set})
			return
		}
		for r := lo; r <= hi; r += stride {
			t.ranges = append(t.ranges, scriptRange{r, r, set})
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
}

// of returns the scripts that r is used with.
func (t *scriptTable) of(r rune) scriptSet {
	for _, ranges := range [...][]scriptRange{t.extended, t.ranges} {
		i, ok := slices.BinarySearchFunc(ranges, r, func(s scriptRange, r rune) int {
			switch {
			case s.hi < r:
				return -1
			case s.lo > r:
				return 1
			default:
				return 0
			}
		})
		if ok {
			return t.sets[ranges[i].set]
		}
	}
	return allScripts
}

// oneScript reports whether there is a script, or a writing system, that all
// characters of name are used with, that is, whether its resolved script set is
// not empty (UTS #39, section 5.1).
func oneScript(name string) bool {
	t := scripts()
	resolved, latin := allScripts, false
	for _, r := range name {
		if r < utf8.RuneSelf {
			latin = latin || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
			continue
		}
		resolved = resolved.and(t.of(r))
	}
	if latin {
		resolved = resolved.and(t.of('a'))
	}
	return resolved != scriptSet{}
}
