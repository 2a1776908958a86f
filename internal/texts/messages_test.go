package texts

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exempt are codes of the server that need no words in German, by the reason.
var exempt = map[string]string{
	"only an argument":                     "announcement failed quit",
	"a field of its own":                   "welcome",
	"on lines for people only":             "ask-name completions editing-offered editing-refused interrupted line-too-long-again no-name-in-time shows-typing typed-ahead-dropped",
	"on the console of an operator only":   "chat-only needs-room no-answer-yet no-password nobody-to-ask not-in-chat",
	"mistakes that only --json can make":   "cid-too-long json-bad-value json-duplicate json-hello-first json-kind json-missing json-no-object json-no-type json-spaces json-syntax json-too-deep json-unknown-type json-version limit-range object-too-long one-bound room-and-person",
	"HTTP, and clients of other protocols": "http-chat http-chat-tls http-incomplete http-too-slow not-chat tls-failed",
	"in logs only":                         "log-quit shutdown-act shutdown-act-cancelled",
}

var (
	row      = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.*) \\|$")
	fieldIn  = regexp.MustCompile(`\{\??([a-z-]+)[^}]*\}`)
	sections = regexp.MustCompile(`\[[^]]*\]`)
)

// documented are the texts of the server by their code.
func documented(t *testing.T) map[string]string {
	page, err := os.ReadFile("../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]string)
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		list[m[1]] = strings.ReplaceAll(strings.ReplaceAll(m[2], `\|`, "|"), "[[", "(")
	}
	if len(list) < 400 {
		t.Fatalf("%d messages", len(list))
	}
	return list
}

// fields are the arguments of a text, as JSON has their names.
func fields(text string) (list []string) {
	for _, m := range fieldIn.FindAllStringSubmatch(text, -1) {
		first, rest, two := strings.Cut(m[1], "-")
		if two {
			first += strings.ToUpper(rest[:1]) + rest[1:]
		}
		list = append(list, first)
	}
	return list
}

func TestEveryMessageThatAClientMeetsHasWords(t *testing.T) {
	english := documented(t)
	known := make(map[string]bool)
	for _, list := range exempt {
		for code := range strings.FieldsSeq(list) {
			known[code] = true
			if english[code] == "" {
				t.Errorf("the server has no code %q", code)
			}
		}
	}
	for code := range english {
		_, said := Choose("de").words(code)
		_, asked := Choose("de").find("q." + code)
		if said = said || asked || germanAnswers[code] != ""; said == known[code] {
			t.Errorf("%q: has words: %t, is exempt: %t", code, said, known[code])
		}
	}
}

func TestGermanMessagesUseTheirArguments(t *testing.T) {
	english := documented(t)
	for _, table := range []map[string]string{germanCodes, germanAnswers} {
		for _, code := range slices.Sorted(maps.Keys(table)) {
			en, ok := english[code]
			if !ok {
				t.Errorf("the server has no code %q", code)
			}
			for _, f := range fields(table[code]) {
				if !slices.Contains(fields(en), f) {
					t.Errorf("%s: there is no argument %q", code, f)
				}
			}
			// What may be missing stands in brackets.
			always := fields(sections.ReplaceAllString(en, ""))
			for _, f := range fields(sections.ReplaceAllString(table[code], "")) {
				if !slices.Contains(always, f) {
					t.Errorf("%s: the argument %q may be missing", code, f)
				}
			}
		}
	}
}
