//go:build !aix

package tui

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chatstate"
)

// show writes what internal/web/test/text.test.mjs makes of the page's tree: parts in a short
// form, without marks and line breaks.
func show(all []piece) string {
	var b strings.Builder
	last := ""
	for _, p := range all {
		var names []string
		for _, n := range []struct {
			name string
			is   bool
		}{
			{"code", p.look&code != 0},
			{"em", p.look&emphasis != 0},
			{"link", p.link != ""},
			{"quote", p.look&quote != 0},
			{"strong", p.look&strong != 0},
		} {
			if n.is {
				names = append(names, n.name)
			}
		}
		text := strings.ReplaceAll(p.text, "\n", "")
		if text == "" || p.look&mark != 0 {
			continue
		}
		if name := strings.Join(names, "+"); name != last {
			if last != "" {
				b.WriteByte('>')
			}
			if last = name; name != "" {
				b.WriteString("<" + name + " ")
			}
		}
		b.WriteString(text)
	}
	if last != "" {
		b.WriteByte('>')
	}
	return b.String()
}

// The page shows the same (internal/web/test/text.test.mjs).
func TestMarkdownOfThePage(t *testing.T) {
	data, err := os.ReadFile("testdata/markdown.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]string
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatal(len(cases), err)
	}
	for text, want := range cases {
		if got := show(pieces(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Nothing of a message is hidden, so that what was not meant as a mark can be read.
func TestMarkdownIsReadableAsTyped(t *testing.T) { rapid.Check(t, readable) }

func FuzzMarkdownIsReadableAsTyped(f *testing.F) { f.Fuzz(rapid.MakeFuzz(readable)) }

func readable(t *rapid.T) {
	parts := rapid.SliceOf(rapid.SampledFrom([]string{
		"*", "**", "_", "__", "`", "```", "\n", "\n\n", "> ", ">", " ", "a", "ü", "http://", "h", "(", ")", "]", ".", "\xff",
	})).Draw(t, "parts")
	text := strings.Join(parts, "")
	var all strings.Builder
	for _, p := range pieces(text) {
		all.WriteString(p.text)
	}
	if all.String() != text {
		t.Errorf("%q became %q", text, all.String())
	}
}

func TestMarkdownOnTheScreen(t *testing.T) {
	w := &writer{styles: newStyles(true), width: 80}
	text := "**now** or `*never*`\n> a _quote_"
	got := w.styled(&chatstate.Item{Text: text})
	for _, want := range []string{w.bold.Render("now"), w.code.Render("*never*"), w.quote.Render("a "), w.quote.Italic(true).Render("quote")} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if got := ansi.Strip(got); got != text {
		t.Errorf("%q", got)
	}
}

// What others write must not slow the screen down. It would take hours, not seconds, if
// the time were not linear.
func TestMarkdownOfLongTexts(t *testing.T) {
	for _, part := range []string{"*", "_", "**", "`", "> ", "*a ", "a* ", "*a_b ", "```a\n", "h", "http://%"} {
		if n := len(pieces(strings.Repeat(part, 1<<20/len(part)))); n == 0 {
			t.Errorf("%q: no pieces", part)
		}
	}
}
