package names

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEveryRowOfTheTableIsRead(t *testing.T) {
	table := confusables()
	rows := 0
	for line := range strings.Lines(confusablesTSV) {
		if !strings.HasPrefix(line, "#") {
			rows++
		}
	}
	if len(table.rows) != rows || rows < 6000 || len(table.to) > 1<<16-1 {
		t.Errorf("%d of %d rows, %d bytes", len(table.rows), rows, len(table.to))
	}
	for i, row := range table.rows {
		p := Prototype(row.from)
		if row.from == utf8.RuneError || i > 0 && row.from <= table.rows[i-1].from {
			t.Errorf("row %d: %U comes twice", i, row.from)
		}
		if p == "" || p == string(row.from) || !utf8.ValidString(p) || strings.ContainsRune(p, utf8.RuneError) {
			t.Errorf("row %d: %U looks like %q", i, row.from, p)
		}
		// A prototype is final: it has no prototype itself.
		for _, q := range p {
			if next := Prototype(q); next != "" {
				t.Errorf("%U looks like %q, of which %U looks like %q", row.from, p, q, next)
			}
		}
	}
}

// ASCII names don't use the table.
func TestASCIILooksAsInTheTable(t *testing.T) {
	for c := range byte(utf8.RuneSelf) {
		if !nameByte(c) || unicode.IsUpper(rune(c)) {
			continue
		}
		want := strings.ToLower(Prototype(rune(c)))
		if want == "" {
			want = string(rune(c))
		}
		if c == 'i' {
			want = strings.ToLower(Prototype('I'))
		}
		if got := string(appendASCII(nil, c)); got != want {
			t.Errorf("%q looks like %q, want %q", c, got, want)
		}
		capital := strings.ToLower(Prototype(unicode.ToUpper(rune(c))))
		if capital != "" && capital != want {
			t.Errorf("the capital of %q looks like %q", c, capital)
		}
	}
}

func TestScriptsAreThoseOfPackageUnicode(t *testing.T) {
	table := scripts()
	if len(unicode.Scripts)+len(writingSystems) > 64*len(scriptSet{}) {
		t.Fatalf("%d scripts don't fit into a scriptSet", len(unicode.Scripts))
	}
	for i, r := range table.ranges {
		if r.lo > r.hi || i > 0 && r.lo <= table.ranges[i-1].hi {
			t.Fatalf("range %d is out of order: %U-%U", i, r.lo, r.hi)
		}
	}
	for i, x := range scriptExtensions {
		if x.lo > x.hi || i > 0 && x.lo <= scriptExtensions[i-1].hi {
			t.Errorf("%U is out of order", x.lo)
		}
		for name := range strings.FieldsSeq(x.scripts) {
			if unicode.Scripts[name] == nil {
				t.Errorf("%U: no script is called %s", x.lo, name)
			}
		}
	}
	for name, letters := range map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Han": unicode.Han} {
		for r := range unicode.MaxRune {
			if got := unicode.Is(letters, r); got != (table.of(r) == table.of(sample[name])) && !extended(r) {
				t.Fatalf("%U: of %s is %v", r, name, got)
			}
		}
	}
}

var sample = map[string]rune{"Latin": 'a', "Cyrillic": 'я', "Han": '山'}

func extended(r rune) bool {
	for _, x := range scriptExtensions {
		if x.lo <= r && r <= x.hi {
			return true
		}
	}
	return false
}

func TestReservedWordsAreNames(t *testing.T) {
	seen := map[string]string{}
	for _, word := range reserved {
		n, err := Parse(word)
		if err != nil || n.Key != word || !Reserved(n) {
			t.Errorf("%q: %v", word, err)
		}
		if other, ok := seen[n.Skeleton]; ok {
			t.Errorf("%q looks like %q", word, other)
		}
		seen[n.Skeleton] = word
	}
}

// BenchmarkTables is the cost of the first name in a process.
func BenchmarkTables(b *testing.B) {
	b.Run("confusables", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parseConfusables(confusablesTSV)
		}
	})
	b.Run("scripts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			newScriptTable()
		}
	})
}
