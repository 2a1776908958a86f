package texts

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sudoXpg/netloop/internal/web/page"
)

// An Emoji is one that has a name.
type Emoji struct{ Name, Character string }

// Emojis returns all, in the order in which they are offered.
func Emojis() []Emoji { return slices.Clone(emojis()) }

// A test reads them without an error.
var emojis = sync.OnceValue(func() []Emoji {
	list, _ := readEmojis()
	return list
})

var (
	emojiTable = regexp.MustCompile("(?m)^const emojiTable = `([^`\\\\$]+)`;$")
	emojiEntry = regexp.MustCompile(`^([a-z0-9_+-]+)(\S+)$`)
)

// readEmojis reads the table of emoji.js: each is NAMECHARACTER, and space is between them.
func readEmojis() ([]Emoji, error) {
	module, err := page.Tables.ReadFile("emoji.js")
	if err != nil {
		return nil, err
	}
	m := emojiTable.FindSubmatch(module)
	if m == nil {
		return nil, errors.New("texts: emoji.js: no table")
	}
	var list []Emoji
	for _, word := range strings.Fields(string(m[1])) {
		e := emojiEntry.FindStringSubmatch(word)
		if e == nil {
			return nil, errors.New("texts: emoji.js: not an emoji with its name: " + word)
		}
		list = append(list, Emoji{e[1], e[2]})
	}
	return list, nil
}

// emojiCode is what Expand leaves as it is, and emojiName what it replaces.
var (
	emojiCode = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	emojiName = regexp.MustCompile(`:([a-z0-9_+-]+):`)
)

// Expand replaces :name: by the emoji of that name, but not in code or within words.
func Expand(text string) string {
	var b strings.Builder
	for text != "" {
		code := emojiCode.FindStringIndex(text)
		if code == nil {
			code = []int{len(text), len(text)}
		}
		expand(&b, text[:code[0]])
		b.WriteString(text[code[0]:code[1]])
		text = text[code[1]:]
	}
	return b.String()
}

func expand(b *strings.Builder, text string) {
	for at := 0; at < len(text); {
		m := emojiName.FindStringSubmatchIndex(text[at:])
		if m == nil {
			b.WriteString(text[at:])
			return
		}
		from, to := at+m[0], at+m[1]
		i := slices.IndexFunc(emojis(), func(e Emoji) bool { return e.Name == text[at+m[2]:at+m[3]] })
		if from > 0 && (isWord(text[from-1]) || text[from-1] == ':') || to < len(text) && isWord(text[to]) {
			b.WriteString(text[at : from+1]) // another may begin at the next colon
			at = from + 1
			continue
		}
		b.WriteString(text[at:from])
		if i >= 0 {
			b.WriteString(emojis()[i].Character)
		} else {
			b.WriteString(text[from:to])
		}
		at = to
	}
}

// isWord reports whether a byte is a letter, digit or underscore of ASCII.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
