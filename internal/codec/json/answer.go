package json

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sudoXpg/netloop/internal/chat"
)

// types are the types of answers that are not called like their struct.
var types = map[reflect.Type]string{
	reflect.TypeFor[chat.Person]():      "whois",
	reflect.TypeFor[chat.Self]():        "whoami",
	reflect.TypeFor[chat.OwnSettings](): "settings",
	reflect.TypeFor[chat.Found]():       "results",
	reflect.TypeFor[chat.Resumable]():   "session",
	reflect.TypeFor[chat.Statistics]():  "stats",
}

// Answer appends the answer to a request or a command. Its fields are those of the struct,
// so that a new kind of answer needs no code here. Fields that are empty, false or zero are
// left out, but for lists. Durations are seconds.
func (f Format) Answer(dst []byte, a chat.Answer) []byte {
	switch a := a.(type) {
	case chat.Saved:
		return f.saved(dst, a)
	case chat.ReadMark:
		return f.done(dst, read(dst, a))
	}
	v := reflect.ValueOf(a)
	name := types[v.Type()]
	if name == "" {
		name = camel(v.Type().Name())
	}
	o := begin(dst, name)
	o.optional("cid", f.CID)
	fields(&o, v)
	return f.done(dst, o.line())
}

// read writes how far another connection of the account has read a room.
func read(dst []byte, m chat.ReadMark) []byte {
	o := begin(dst, "event")
	o.text("what", "read")
	place(&o, chat.Event{Room: m.Room, Epoch: m.Epoch, Seq: m.Seq})
	return o.line()
}

// saved writes the outcome of a message: an ack, or that it is held for a review, or an error.
func (f Format) saved(dst []byte, s chat.Saved) []byte {
	f.CID = s.CID
	if s.Why != nil {
		return f.Error(dst, chat.NewNote("line-not-saved", "why", s.Why))
	}
	if s.Held {
		o := begin(dst, "held")
		o.optional("cid", f.CID)
		o.text("room", s.Room)
		words(&o, chat.NewNote("waits-for-review"))
		return f.done(dst, o.line())
	}
	o := begin(dst, "ack")
	o.optional("cid", f.CID)
	o.optional("to", s.To)
	place(&o, chat.Event{Room: s.Room, Epoch: s.Epoch, Seq: s.Seq, ID: s.ID})
	if s.Stored {
		o.is("stored")
	}
	return f.done(dst, o.line())
}

// fields writes the fields of a struct.
func fields(o *object, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		each := v.Field(i)
		if each.Kind() != reflect.Slice && empty(each.Interface()) {
			continue
		}
		o.key(camel(field.Name))
		if n, ok := each.Interface().(uint64); ok && field.Name == "ID" {
			o.dst = append(strconv.AppendUint(append(o.dst, '"'), n, 10), '"')
			continue
		}
		o.dst = value(o.dst, each.Interface())
	}
}

// empty reports whether a value is left out.
func empty(v any) bool {
	if v == nil {
		return true
	}
	if t, ok := v.(time.Time); ok {
		return t.IsZero()
	}
	return reflect.ValueOf(v).IsZero()
}

// value appends any value of an answer or a note.
func value(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return quote(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case time.Duration:
		return seconds(dst, v)
	case time.Time:
		return appendTime(dst, v)
	case []chat.Event:
		return events(dst, v)
	case chat.Event:
		o := Format{}.event(dst, v)
		return o.end()
	case *chat.Note:
		o := object{dst: append(dst, '{')}
		words(&o, v)
		return o.end()
	case netip.Addr, netip.Prefix, chat.Role, chat.SanctionKind:
		return quote(dst, fmt.Sprint(v))
	}
	return other(dst, reflect.ValueOf(v))
}

// other appends a value by its kind.
func other(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		return value(dst, v.Elem().Interface())
	case reflect.Struct:
		o := object{dst: append(dst, '{')}
		fields(&o, v)
		return o.end()
	case reflect.Slice:
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = value(dst, v.Index(i).Interface())
		}
		return append(dst, ']')
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.String:
		return quote(dst, v.String())
	default:
		return quote(dst, fmt.Sprint(v.Interface()))
	}
}

// seconds appends a duration in seconds, with milliseconds if there are any.
func seconds(dst []byte, d time.Duration) []byte {
	return strconv.AppendFloat(dst, float64(d.Milliseconds())/1000, 'f', -1, 64)
}

// camel returns the name of a field in lower camel case: MembersOnly is membersOnly, ID is
// id, and the argument own-name is ownName.
func camel(name string) string {
	first, rest, more := strings.Cut(name, "-")
	n := strings.IndexFunc(first, func(r rune) bool { return !unicode.IsUpper(r) })
	switch {
	case n < 0:
		n = len(first)
	case n > 1:
		n-- // the last capital begins the next word
	}
	first = strings.ToLower(first[:n]) + first[n:]
	for more {
		var word string
		word, rest, more = strings.Cut(rest, "-")
		if word != "" {
			first += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return first
}
