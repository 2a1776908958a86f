package server_test

import (
	"fmt"
	"strings"
)

// A reader compares what the model says that one connection is to be sent with the
// bytes that the server writes. Lines of one room come in their order, those of
// several rooms in any; items for the connection alone come after everything that
// was due before and before everything due later.
type reader struct {
	due  []item
	part string // the beginning of a line, sent already
}

// An item is something due: a line of a room, or something for one connection alone.
type item struct {
	room   *place // nil for one connection alone
	text   string // with the end of the line
	author *conn  // nil: the server
	key    string // of the author's name at the time
	line   int    // number of the message, 0 for other events
	hidden bool   // ignored: must not be sent
	may    bool   // may be sent or not
}

func (r *reader) add(i item) { r.due = append(r.due, i) }

// next returns the places of the items of which any may be sent next.
func (r *reader) next() (places []int) {
	seen := map[*place]bool{}
	for i, it := range r.due {
		switch {
		case it.hidden || it.room != nil && seen[it.room]:
			continue
		case it.room == nil && len(seen) > 0:
			return places
		}
		places = append(places, i)
		if it.may {
			continue
		}
		if it.room == nil {
			return places
		}
		seen[it.room] = true
	}
	return places
}

// took checks that bytes that were sent are the next ones.
func (r *reader) took(sent string) error {
	r.part += sent
	for r.part != "" {
		at := -1
		for _, i := range r.next() {
			switch text := r.due[i].text; {
			case strings.HasPrefix(r.part, text):
				at = i
			case strings.HasPrefix(text, r.part):
				return nil
			}
			if at >= 0 {
				break
			}
		}
		if at < 0 {
			return fmt.Errorf("sent %q, due was %s", r.part, r.describe())
		}
		r.part = r.part[len(r.due[at].text):]
		r.pass(at)
	}
	return nil
}

// pass removes an item that was sent, and items that can't come any more because of that.
func (r *reader) pass(at int) {
	sent := r.due[at]
	var left []item
	for i, it := range r.due {
		over := i < at && (it.may || it.hidden) && (it.room == sent.room || sent.room == nil)
		if i != at && !over {
			left = append(left, it)
		}
	}
	r.due = left
}

// withhold removes the items that must not be sent any more: those for which
// which returns true, except a line that was begun.
func (r *reader) withhold(which func(item) bool) {
	begun := map[int]bool{}
	if r.part != "" {
		for _, i := range r.next() {
			begun[i] = strings.HasPrefix(r.due[i].text, r.part)
		}
	}
	var left []item
	for i, it := range r.due {
		if which(it) {
			if !begun[i] {
				continue
			}
			it.may = true // if two lines begin like this, it may be the other one
		}
		left = append(left, it)
	}
	r.due = left
}

// done returns an error if not everything was read.
func (r *reader) done() error {
	for _, it := range r.due {
		if !it.hidden && !it.may || r.part != "" {
			return fmt.Errorf("not sent: %s, after %q", r.describe(), r.part)
		}
	}
	r.due = nil
	if r.part != "" {
		return fmt.Errorf("a line was never ended: %q", r.part)
	}
	return nil
}

func (r *reader) describe() string {
	var b strings.Builder
	for i, it := range r.due {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more", len(r.due)-i)
			break
		}
		if !it.hidden {
			fmt.Fprintf(&b, " %q", it.text)
		}
	}
	if b.Len() == 0 {
		return "nothing"
	}
	return b.String()
}
