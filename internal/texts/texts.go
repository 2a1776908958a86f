// Package texts has the texts of the clients in the languages of their users. The browser's
// tables (internal/web/page) are the source, and are shown by the same rules; terminal.go has
// what only a terminal needs.
//
// In a text, {n} is a number and {name} another argument; {n|one|many} chooses by the number,
// and {name:format} shows an argument in a format: time, in, date, role or value. [Parts] are
// left out if one of their arguments is missing; [a|b] is the first part that has all of them.
//
// What comes from a server is not cleaned here.
package texts

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/web/page"
)

// A Language has the texts in one language. Its methods may be called from any goroutine.
type Language struct {
	tag    string
	zone   *time.Location // nil: that of the system
	tables *tables
	format *formats
}

// tables are the texts of one language by their key.
type tables struct {
	page     map[string]string
	codes    map[string]string // what the server says, by its code; nil in English
	commands map[string]string // what commands do; nil in English
}

// The tags of the languages.
const (
	tagEnglish = "en"
	tagGerman  = "de"
)

// Tags returns the tags of all languages.
func Tags() []string { return []string{tagEnglish, tagGerman} }

// Choose returns the first language that there are texts in, or English. Each may be a tag, such
// as "de" and "en-GB", or the name of a locale, such as "de_DE.UTF-8" and "C".
func Choose(wanted ...string) *Language {
	for _, w := range wanted {
		short := strings.ToLower(w)
		if i := strings.IndexAny(short, "-_.@"); i >= 0 {
			short = short[:i]
		}
		switch short {
		case tagEnglish:
			return english()
		case tagGerman:
			return german()
		}
	}
	return english()
}

// The tables are read when they are needed first. A test reads them without an error.
var (
	english = sync.OnceValue(func() *Language {
		t, _ := read("texts.en.js", "en")
		return &Language{tag: tagEnglish, tables: &tables{page: t["en"]}, format: &englishFormats}
	})
	german = sync.OnceValue(func() *Language {
		t, _ := read("texts.de.js", "de")
		said, _ := read("messages.de.js", "codes", "commands")
		return &Language{tag: tagGerman, tables: &tables{page: t["de"], codes: said["codes"], commands: said["commands"]}, format: &germanFormats}
	})
)

// read reads a module of the page that has these tables.
func read(module string, names ...string) (map[string]map[string]string, error) {
	body, err := page.Tables.ReadFile(module)
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	all, err := parse(string(body))
	if err != nil {
		return nil, fmt.Errorf("texts: %s: %w", module, err)
	}
	for _, name := range names {
		if all[name] == nil {
			return nil, fmt.Errorf("texts: %s: no table %s", module, name)
		}
	}
	return all, nil
}

// Tag returns "en" or "de".
func (l *Language) Tag() string { return l.tag }

// In returns the language with the times of a zone instead of that of the system.
func (l *Language) In(zone *time.Location) *Language {
	other := *l
	other.zone = zone
	return &other
}

// T returns a text, with arguments: each a name and a value. Keys and names are literals: that
// there are such texts is tested by reading the source. An unknown key is returned as it is.
func (l *Language) T(key string, args ...any) string {
	text, ok := l.find(key)
	if !ok {
		return key
	}
	values := make(map[string]any, len(args)/2)
	for ; len(args) > 1; args = args[2:] {
		if name, ok := args[0].(string); ok {
			values[name] = plain(args[1])
		}
	}
	return l.put(text, values)
}

// find returns the text of a key.
func (l *Language) find(key string) (string, bool) {
	if text, ok := l.tables.page[key]; ok {
		return text, true
	}
	text, ok := terminal[key]
	if !ok {
		return "", false
	}
	if l.tag == tagGerman {
		return text.de, true
	}
	return text.en, true
}

// Role returns the name of a role: "owner", "operator", "voiced", "user", "guest", "moderator"
// or "admin".
func (l *Language) Role(role string) string {
	if text, ok := l.find("role." + role); ok {
		return text
	}
	return role
}

// maxSaid is the longest text, in bytes, that is made of a message with a code, and maxNested is
// how deep messages may be within its arguments. Beyond, the server's own texts are shown.
const (
	maxSaid   = 16 << 10
	maxNested = 8
)

// Server returns what the server says with a code, its own text and arguments, as decoded from
// JSON: in the user's language if there are words for the code, and the text otherwise.
func (l *Language) Server(code, text string, args map[string]any) string {
	return l.server(code, text, args, maxNested)
}

func (l *Language) server(code, text string, args map[string]any, nested int) string {
	if words, ok := l.words(code); ok && nested >= 0 {
		values := l.said(words, args, nested-1)
		if used := l.parts(words, values); has(used, values) {
			if said := l.put(words, values); said != "" && len(said) <= maxSaid {
				return said
			}
		}
	}
	if text == "" && code != "" {
		return l.T("refusedPlain", "code", code)
	}
	return text
}

// words returns the words for a code of the server, if the language has its own.
func (l *Language) words(code string) (string, bool) {
	if l.tag == tagEnglish {
		return "", false
	}
	if text, ok := germanCodes[code]; ok {
		return text, true
	}
	text, ok := l.tables.codes[code]
	return text, ok
}

// Question returns a question of the server with a code, its own text and arguments.
func (l *Language) Question(code, text string, args map[string]any) string {
	if words, ok := l.find("q." + code); ok && l.tag != tagEnglish {
		return l.put(words, l.said(words, args, maxNested))
	}
	return l.Server(code, text, args)
}

// said returns the arguments that a text uses, with messages among them in words.
func (l *Language) said(words string, args map[string]any, nested int) map[string]any {
	values := make(map[string]any)
	if setting, ok := args["setting"].(string); ok {
		values["setting"] = setting // for the format value
	}
	for _, name := range names(words) {
		value, ok := args[name]
		if message, is := value.(map[string]any); is {
			code, _ := message["code"].(string)
			text, _ := message["text"].(string)
			inner, _ := message["args"].(map[string]any)
			value = l.server(code, text, inner, nested)
		}
		if ok && value != nil {
			values[name] = value
		}
	}
	return values
}

// CommandHelp returns what a command of the server does; help is the server's own text.
func (l *Language) CommandHelp(name, help string) string {
	if text, ok := l.tables.commands[name]; ok {
		return text
	}
	return help
}
