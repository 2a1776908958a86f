package server

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/names"
)

// mentions are the members of a room whose mentions are marked with a bell or
// colours. Other members cost nothing.
type mentions struct {
	keys  map[*peer]string // of their names
	named map[string]int   // how many members have each name
}

// listen records the name under which x is mentioned, or that x does not mark mentions.
func (f *roomFeed) listen(x *peer) {
	set := x.member.Settings()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mentions.remove(x)
	name, err := names.Parse(x.member.Name())
	if !set.Bell && !set.Colour || err != nil {
		return
	}
	if f.mentions.keys == nil {
		f.mentions.keys, f.mentions.named = make(map[*peer]string), make(map[string]int)
	}
	f.mentions.keys[x] = name.Key
	f.mentions.named[name.Key]++
}

// unlisten undoes listen.
func (f *roomFeed) unlisten(x *peer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mentions.remove(x)
}

func (n *mentions) remove(x *peer) {
	key, is := n.keys[x]
	if !is {
		return
	}
	delete(n.keys, x)
	if n.named[key]--; n.named[key] == 0 {
		delete(n.named, key)
	}
}

// find returns the places of names in a message, and the names.
func (n *mentions) find(e *chat.Event) (spans []chat.Span, keys map[string]bool) {
	if len(n.keys) == 0 || e.Kind != chat.Say && e.Kind != chat.Action {
		return nil, nil
	}
	for at := 0; at < len(e.Body); {
		size := word(e.Body[at:])
		if size == 0 {
			_, size = utf8.DecodeRuneInString(e.Body[at:])
			at += size
			continue
		}
		typed := strings.TrimRight(e.Body[at:at+size], ".-_")
		if name, err := names.Parse(typed); err == nil && n.named[name.Key] > 0 {
			spans = append(spans, chat.Span{From: at, To: at + len(typed)})
			if keys == nil {
				keys = make(map[string]bool)
			}
			keys[name.Key] = true
		}
		at += size
	}
	return spans, keys
}

// word returns the length in bytes of the prefix of s that may be a name.
func word(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && !strings.ContainsRune("_-.", r) {
			return i
		}
	}
	return len(s)
}

// notify notifies the members who are named in e.
func (n *mentions) notify(e *chat.Event, keys map[string]bool) {
	if len(keys) == 0 {
		return
	}
	author := e.Name
	for x, key := range n.keys {
		if keys[key] && x.member.ID() != e.Author {
			x.Post(func() { x.in().mentioned(author) })
		}
	}
}
