package text

import (
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Words returns a Note in words, as in the table of messages.
func Words(n *chat.Note) string { return Format{}.Words(n) }

// Words returns a Note in words, with commands as the reader types them.
func (f Format) Words(n *chat.Note) string {
	if n == nil {
		return ""
	}
	template, ok := f.wording().template(n.Code)
	if !ok {
		return string(n.Code)
	}
	w := writer{note: n, format: f, dst: make([]byte, 0, 64)}
	w.fill(template)
	return string(w.dst)
}

// A writer puts one Note into words. In a template
//
//	{room}                 is an argument
//	{n|line}               a number of things: 1 line, 2 lines
//	{n|person|people}      the same, with a plural of its own
//	{role|a}               a role with its article
//	{?away}                nothing, but see below
//	[ in {room}]           is left out if one of its arguments is
//	[ in {room}| here]     and then the other words stand there
//	[[                     is a bracket
//
// and the slash before a command is left out for readers who type none.
type writer struct {
	note   *chat.Note
	format Format
	dst    []byte
}

// fill writes a template, and reports whether all its arguments are there.
func (w *writer) fill(template string) bool {
	whole := true
	for before := byte(' '); template != ""; {
		at := strings.IndexAny(template, "{[/")
		if at < 0 {
			w.dst = append(w.dst, template...)
			break
		}
		if at > 0 {
			before = template[at-1]
		}
		w.dst = append(w.dst, template[:at]...)
		template = template[at:]
		n := 1
		switch {
		case strings.HasPrefix(template, "[["):
			w.dst, n = append(w.dst, '['), 2
		case template[0] == '[':
			n = section(template)
			w.optional(template[1 : n-1])
		case template[0] == '{':
			n = strings.IndexByte(template, '}') + 1
			whole = w.argument(template[1:n-1]) && whole
		case !w.format.Bare || !isCommand(before, template):
			w.dst = append(w.dst, '/')
		}
		before, template = template[n-1], template[n:]
	}
	return whole
}

// isCommand reports whether the slash that a template begins with belongs to a command.
func isCommand(before byte, template string) bool {
	if before != ' ' && before != '(' || len(template) < 2 {
		return false
	}
	next := template[1]
	return next >= 'a' && next <= 'z' || next == '{'
}

// section returns the length of the optional part that a template begins with.
func section(template string) int { return strings.IndexByte(template, ']') + 1 }

// optional writes the first of several parts whose arguments are all there.
func (w *writer) optional(parts string) {
	for parts != "" {
		end := bar(parts)
		start := len(w.dst)
		if w.fill(parts[:end]) {
			return
		}
		w.dst = w.dst[:start]
		parts = parts[min(end+1, len(parts)):]
	}
}

// bar returns where the first part of several ends.
func bar(parts string) int {
	inside := false
	for i := range len(parts) {
		switch parts[i] {
		case '{':
			inside = true
		case '}':
			inside = false
		case '|':
			if !inside {
				return i
			}
		}
	}
	return len(parts)
}

// argument writes an argument, and reports whether it is there.
func (w *writer) argument(field string) bool {
	if name, only := strings.CutPrefix(field, "?"); only {
		yes, _ := w.note.Arg(name).(bool)
		return yes
	}
	name, unit, _ := strings.Cut(field, "|")
	in := w.format.wording()
	switch v := w.note.Arg(name).(type) {
	case bool:
		w.dst = append(w.dst, in.On...)
		return v
	case string:
		w.dst = append(w.dst, v...)
		return v != ""
	case int:
		w.dst = appendNumber(w.dst, v, unit)
		return v != 0
	case uint64:
		w.dst = appendNumber(w.dst, int(v), unit)
		return v != 0
	case int64:
		w.dst = append(strconv.AppendInt(w.dst, v>>20, 10), " MiB"...)
		return v != 0
	case time.Duration:
		w.dst = append(w.dst, in.Duration(v)...)
		return v != 0
	case time.Time:
		w.dst = append(w.dst, in.Time(v)...)
		return !v.IsZero()
	case chat.Role:
		w.dst = append(w.dst, in.Role(v, unit != "")...)
		return true
	case []string:
		w.dst = append(w.dst, strings.Join(v, ", ")...)
		return len(v) > 0
	case *chat.Note:
		w.dst = append(w.dst, w.format.Words(v)...)
		return v != nil
	}
	return false
}

// appendNumber appends a number of things: units is "line", or "person|people".
func appendNumber(dst []byte, n int, units string) []byte {
	dst = strconv.AppendInt(dst, int64(n), 10)
	unit, plural, ok := strings.Cut(units, "|")
	switch {
	case unit == "":
		return dst
	case n == 1 || !ok:
		dst = append(append(dst, ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		return dst
	}
	return append(append(dst, ' '), plural...)
}
