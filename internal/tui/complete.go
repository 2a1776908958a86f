//go:build !aix

package tui

import (
	"slices"
	"strings"
	"unicode"
)

// maxOptions is how many completions are proposed.
const maxOptions = 8

// An option completes a word.
type option struct {
	insert string // instead of the word
	label  string
}

// completions returns the start of the word before the cursor, and what can complete it. Without
// asked, which is set for Tab, there are only completions of what begins with / : # or @.
func (m *Model) completions(head string, asked bool) (from int, list []option) {
	from = strings.LastIndexFunc(head, unicode.IsSpace) + 1
	word := head[from:]
	low := strings.ToLower(word)
	switch {
	case from == 0 && strings.HasPrefix(word, "/") && !strings.HasPrefix(word, "//"):
		list = m.commandOptions(low)
	case strings.HasPrefix(word, ":") && len(word) > 2:
		list = m.emojiOptions(strings.TrimSuffix(low[1:], ":"))
	case strings.HasPrefix(word, "#") && len(word) > 1:
		for _, r := range m.chat.Rooms() {
			if name := strings.ToLower(r.Name); !r.Person && strings.HasPrefix(name, low) && name != low {
				list = append(list, option{insert: r.Name + " ", label: r.Name})
			}
		}
	case strings.HasPrefix(word, "@") || asked && word != "":
		list = m.nameOptions(strings.TrimPrefix(low, "@"), from == 0)
	}
	return from, list[:min(len(list), maxOptions)]
}

func (m *Model) commandOptions(word string) (list []option) {
	for _, c := range m.chat.Commands {
		if strings.HasPrefix("/"+c.Name, word) || slices.ContainsFunc(c.Aliases, func(a string) bool { return strings.HasPrefix("/"+a, word) }) {
			list = append(list, option{insert: "/" + c.Name + " ", label: strings.TrimSpace("/" + c.Name + " " + c.Args)})
		}
	}
	return list
}

// emojiOptions returns those whose names have a text in them, first those that begin with it.
func (m *Model) emojiOptions(text string) []option {
	var first, others []option
	for _, e := range m.o.Emoji {
		o := option{insert: e.Text + " ", label: e.Text + " :" + e.Name + ":"}
		switch at := strings.Index(e.Name, text); {
		case at == 0:
			first = append(first, o)
		case at > 0:
			others = append(others, o)
		}
	}
	return append(first, others...)
}

func (m *Model) nameOptions(word string, atStart bool) (list []option) {
	if m.active == nil {
		return nil
	}
	end := " "
	if atStart {
		end = ": "
	}
	names := []string{m.active.Name}
	if !m.active.Person {
		names = names[:0]
		for _, p := range m.active.Members {
			names = append(names, p.Name)
		}
	}
	for _, n := range names {
		if strings.HasPrefix(strings.ToLower(n), word) && !m.chat.IsMe(n) {
			list = append(list, option{insert: n + end, label: n})
		}
	}
	return list
}
