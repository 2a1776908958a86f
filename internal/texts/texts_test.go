package texts

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// both are the languages by their tag.
func both() map[string]*Language {
	return map[string]*Language{tagEnglish: Choose("en").In(time.UTC), tagGerman: Choose("de").In(time.UTC)}
}

func TestTheTablesCanBeRead(t *testing.T) {
	for module, names := range map[string][]string{"texts.en.js": {"en"}, "texts.de.js": {"de"}, "messages.de.js": {"codes", "commands"}} {
		all, err := read(module, names...)
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if len(all[name]) < 40 {
				t.Errorf("%s: %s has %d texts", module, name, len(all[name]))
			}
		}
	}
	if list, err := readEmojis(); err != nil || len(list) < 150 {
		t.Errorf("%d emoji, %v", len(list), err)
	}
	if _, err := read("texts.en.js", "de"); err == nil {
		t.Error("no error for a table that is not there")
	}
}

// used are the arguments of a text, sorted.
func used(text string) []string {
	list := names(text)
	slices.Sort(list)
	return list
}

func TestBothLanguagesHaveAllTexts(t *testing.T) {
	en, de := english().tables.page, german().tables.page
	if diff := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(de))); diff != "" {
		t.Error(diff)
	}
	for key := range en {
		if diff := cmp.Diff(used(en[key]), used(de[key])); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
		if _, ok := terminal[key]; ok {
			t.Errorf("%s is a text of the page and one of the terminal", key)
		}
	}
	for key, w := range terminal {
		if w.en == "" || w.de == "" {
			t.Errorf("%s: a language is missing", key)
		}
		if diff := cmp.Diff(used(w.en), used(w.de)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

// all are all texts, by a name for them.
func all() map[string]string {
	list := make(map[string]string)
	for tag, l := range both() {
		for kind, table := range map[string]map[string]string{"page": l.tables.page, "codes": l.tables.codes, "commands": l.tables.commands} {
			for key, text := range table {
				list[tag+" "+kind+" "+key] = text
			}
		}
	}
	for key, w := range terminal {
		list["en terminal "+key], list["de terminal "+key] = w.en, w.de
	}
	return list
}

func TestTextsAreWellFormed(t *testing.T) {
	known := []string{"", "time", "in", "date", "role", "value"}
	bracket := regexp.MustCompile(`[][{}|]`)
	for key, text := range all() {
		for _, m := range field.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, m[2]) {
				t.Errorf("%s: unknown format %s", key, m[2])
			}
		}
		rest := field.ReplaceAllString(text, "x")
		rest = optional.ReplaceAllStringFunc(rest, func(part string) string { return strings.NewReplacer("|", "").Replace(part[1 : len(part)-1]) })
		if bracket.MatchString(rest) {
			t.Errorf("%s: %s", key, text)
		}
		for _, part := range optional.FindAllString(text, -1) {
			if len(alternative.FindAllString(part[1:len(part)-1], -1)) == 0 {
				t.Errorf("%s: an empty part: %s", key, text)
			}
		}
	}
}

func TestChoiceOfALanguage(t *testing.T) {
	for want, lists := range map[string][][]string{
		"de": {{"de"}, {"de_DE.UTF-8"}, {"de-AT"}, {"DE"}, {"de.UTF-8"}, {"de@euro"}, {"fr", "de-AT", "en"}},
		"en": {{}, {""}, {"C"}, {"C.UTF-8"}, {"POSIX"}, {"en-GB"}, {"fr_FR.UTF-8"}, {"en", "de"}, {"deutsch"}, {"den"}},
	} {
		for _, list := range lists {
			if got := Choose(list...).Tag(); got != want {
				t.Errorf("%q: %s, want %s", list, got, want)
			}
		}
	}
	for _, tag := range Tags() {
		if got := Choose(tag).Tag(); got != tag {
			t.Errorf("%s: %s", tag, got)
		}
	}
}

func TestArgumentsOfGo(t *testing.T) {
	de := Choose("de").In(time.UTC)
	if got := de.T("slowMode", "time", 90*time.Second); got != "eine Nachricht in 90" {
		t.Error(got)
	}
	at := time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC)
	args := map[string]any{"n": plain(3), "id": plain(uint64(1) << 60), "names": plain([]string{"a", "b"}), "for": plain(90 * time.Second), "at": plain(at)}
	got := de.put("{n} {n|Zeile|Zeilen} {id} {names} {for:time} {at:date}", args)
	if want := "3 Zeilen 1152921504606846976 a, b 1 Minute 30 Sekunden 31.01.2026, 15:04"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := Choose("en").In(time.UTC).DateTime(at); got != "31 Jan 2026, 15:04" {
		t.Error(got)
	}
	if got := de.In(time.FixedZone("east", 9*3600)).DateTime(at); got != "01.02.2026, 00:04" {
		t.Error(got)
	}
	if got := de.T("no such key", "n", 1); got != "no such key" {
		t.Error(got)
	}
}

func TestUnknownCodesKeepTheWordsOfTheServer(t *testing.T) {
	for tag, l := range both() {
		if got := l.Server("brand-new", "words", nil); got != "words" {
			t.Errorf("%s: %s", tag, got)
		}
		if got := l.CommandHelp("brand-new", "words"); got != "words" {
			t.Errorf("%s: %s", tag, got)
		}
		if got := l.Role("brand-new"); got != "brand-new" {
			t.Errorf("%s: %s", tag, got)
		}
	}
	if got := Choose("de").Server("not-here", "an argument is missing", nil); got != "an argument is missing" {
		t.Error(got)
	}
	if got := Choose("en").Server("too-fast", "", nil); got != "The server has refused this (too-fast)." {
		t.Error(got)
	}
}

// A message in a message of a hostile server can't grow with each level.
func TestNestedMessagesStaySmall(t *testing.T) {
	args := map[string]any{"name": "x", "lasts": "x", "setting": "x"}
	for i := range 9000 { // encoding/json reads 10,000 levels
		inner := map[string]any{"code": []string{"shadowmute", "no-setting"}[i%2], "text": "the server's words", "args": args}
		args = map[string]any{"name": inner, "lasts": "x", "setting": inner}
	}
	if got := Choose("de").Server("shadowmute", "the server's words", args); len(got) > maxSaid {
		t.Errorf("%d bytes", len(got))
	}
	long := strings.Repeat("l", maxSaid)
	if got := Choose("de").Server("not-here", "English", map[string]any{"name": long}); got != "English" {
		t.Errorf("%d bytes", len(got))
	}
}

// Arguments that no server sends do no harm.
func TestOddArguments(t *testing.T) {
	for code, text := range german().tables.codes {
		for _, odd := range []any{nil, true, -1e300, 1e300, "\x1b", []any{}, []any{map[string]any{}, nil, 1.5}, map[string]any{}, map[string]any{"code": 1.0}} {
			args := make(map[string]any)
			for _, name := range names(text) {
				args[name] = odd
			}
			if got := Choose("de").Server(code, "English", args); got == "" {
				t.Errorf("%s, %v: no text", code, odd)
			}
		}
	}
}

func TestOtherFormsOfTablesAreRefused(t *testing.T) {
	good := "/** x */\nexport const en = {\n  // y\n  a: 'b', 'c.d': 'it\\'s \\\\ \\n', // z\n};\n\nexport const e = {};\n"
	tables, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"en": {"a": "b", "c.d": "it's \\ \n"}, "e": {}}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Error(diff)
	}
	for bad, want := range map[string]string{
		"const en = {};\n":                                       "line 1: no export const",
		"export const en = {\n  a: \"b\",\n};\n":                 "line 2: no KEY",
		"export const en = {\n  a: `b`,\n};\n":                   "line 2: no KEY",
		"export const en = {\n  a: 'b' + 'c',\n};\n":             "line 2: no a comma",
		"export const en = {\n  a: 'b' c: 'd',\n};\n":            "line 2: no a comma",
		"export const en = {\n  a: 'b', a: 'c',\n};\n":           "two texts a",
		"export const en = {\n  a: '\\u0041',\n};\n":             "unknown escape",
		"export const en = {\n  a: '\\\\\\x41',\n};\n":           "unknown escape",
		"export const en = {\n  a: 'b\n',\n};\n":                 "line 2: no KEY",
		"export const en = {\n  ...other,\n};\n":                 "line 2: no KEY",
		"export const en = {\n  a: { b: 'c' },\n};\n":            "line 2: no KEY",
		"export const en = {\n  a: 'b',\n":                       "no KEY",
		"export const en = {};\nexport const en = {};\n":         "two tables en",
		"export const en = {};\nexport function t() {}\n":        "line 2: no export const",
		"export const en = {};\nen.a = 'b';\n":                   "line 2: no export const",
		"export const en = {\n  /* not closed\n  a: 'b',\n};\n":  "line 2: no KEY",
		"export const en = { a: 'b', }; export const de = {};\n": "line 1: no KEY",
	} {
		if _, err := parse(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestEmojiByName(t *testing.T) {
	if got, want := Expand("ok :thumbsup: `:fire:` a:fire:b :nope: 12:30:45"), "ok 👍 `:fire:` a:fire:b :nope: 12:30:45"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	seen := make(map[string]bool)
	for _, e := range Emojis() {
		if seen[e.Name] || e.Character == "" {
			t.Errorf("%+v", e)
		}
		seen[e.Name] = true
	}
}
