package chat

// A Code names a text of the server. It is for programs, and stays the same when the
// words change.
type Code string

// A Note is a text of the server, as data. A codec has the words for it: package text
// in one table. Text that people wrote is an argument, never part of the words. Notes
// are values: they are not changed after they were made.
type Note struct {
	Code Code
	Args []Arg
}

// An Arg is a value in a Note: a string, an int, a uint64, a time.Duration, a time.Time,
// a Role, a []string, or a *Note for words within words. One that is its type's zero
// value counts as left out.
type Arg struct {
	Name  string
	Value any
}

// NewNote returns a Note with arguments, each a name and a value. Codes and names are
// literals: that each is in the table of words is tested by reading the source.
func NewNote(code Code, args ...any) *Note { return note(code, args...) }

func note(code Code, args ...any) *Note {
	n := &Note{Code: code}
	if len(args) > 1 {
		n.Args = make([]Arg, 0, len(args)/2)
	}
	for ; len(args) > 1; args = args[2:] {
		name, _ := args[0].(string)
		n.Args = append(n.Args, Arg{name, args[1]})
	}
	return n
}

// Arg returns the value of that name, or nil.
func (n *Note) Arg(name string) any {
	for i := range n.Args {
		if n.Args[i].Name == name {
			return n.Args[i].Value
		}
	}
	return nil
}

// inWords puts a Note into words, for a record.
func (h *Hub) inWords(n *Note) string {
	switch {
	case n == nil:
		return ""
	case h.options.Words == nil:
		return string(n.Code)
	}
	return h.options.Words(n)
}

// clip shortens input that is repeated in an answer.
func clip(text string) string {
	if r := []rune(text); len(r) > MaxName {
		return string(r[:MaxName]) + "..."
	}
	return text
}
