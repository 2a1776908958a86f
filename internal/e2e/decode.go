package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// answer shows the answer to a command.
func (c *jsonClient) answer(kind string, o object) error {
	sample, ok := map[string]chat.Answer{
		"commands": chat.Commands{}, "usage": chat.Usage{}, "rooms": chat.Rooms{}, "topic": chat.Topic{}, "members": chat.Members{},
		"connections": chat.Connections{}, "whois": chat.Person{}, "whoami": chat.Self{}, "ignored": chat.Ignored{},
		"settings": chat.OwnSettings{}, "roomSettings": chat.RoomSettings{}, "roomMembers": chat.RoomMembers{},
		"sanctions": chat.Sanctions{}, "flags": chat.Flags{}, "history": chat.History{}, "results": chat.Found{}, "stats": chat.Statistics{},
	}[kind]
	if !ok {
		return errors.New("a type that the client does not know")
	}
	v := reflect.New(reflect.TypeOf(sample)).Elem()
	if err := fill(v, map[string]any(o)); err != nil {
		return err
	}
	a, ok := v.Interface().(chat.Answer)
	if !ok {
		return fmt.Errorf("%s is no answer", v.Type())
	}
	c.out = c.format.Answer(c.out, a)
	return nil
}

// decode decodes a value, of an object of that type or of a field.
func decode[T any](x any) (T, error) {
	var t T
	err := fill(reflect.ValueOf(&t).Elem(), x)
	return t, err
}

// words returns what the server has said, in the words that it has chosen.
func words(o object) *chat.Note { return chat.NewNote("announcement", "text", o.text("text")) }

// kinds are the kinds of the events that are no messages.
var kinds = map[string]chat.Kind{
	"edit": chat.Edited, "join": chat.Join, "leave": chat.Leave, "nick": chat.Rename, "notice": chat.Notice, "redact": chat.Notice, "announcement": chat.Announcement,
	"away": chat.Away, "back": chat.Back,
}

// happened returns an event.
func happened(o object) (chat.Event, error) {
	e := chat.Event{Room: o.text("room")}
	if err := errors.Join(fill(reflect.ValueOf(&e.ID).Elem(), o["id"]), fill(reflect.ValueOf(&e.Time).Elem(), o["time"])); err != nil {
		return e, err
	}
	if o.text("type") == "event" {
		e.Kind, e.Name, e.Body = kinds[o.text("what")], o.text("name"), o.text("newName")
		if e.Kind == chat.Edited {
			e.Body = o.text("text")
			return e, fill(reflect.ValueOf(&e.ReplyTo).Elem(), o["edited"])
		}
		if o["code"] != nil {
			e.Note = words(o)
		}
		return e, nil
	}
	e.Kind, e.Name, e.Body = chat.Say, o.text("from"), o.text("text")
	e.Action = o.is("private") && o.text("kind") == "action"
	switch {
	case o.text("to") != "":
		e.Kind, e.Name = chat.Sent, o.text("to")
	case o.is("mailed"):
		e.Kind = chat.Mailed
	case o.is("private"):
		e.Kind = chat.Private
	case o.text("kind") == "action":
		e.Kind = chat.Action
	}
	return e, fill(reflect.ValueOf(&e.Edited).Elem(), o["edited"])
}

// fill sets v to a decoded value; nil, which stands for a field that was left out, leaves
// it as it is.
func fill(v reflect.Value, x any) (err error) {
	s, _ := x.(string)
	switch to := v.Addr().Interface().(type) {
	case *chat.Event:
		o, _ := x.(map[string]any)
		*to, err = happened(o)
	case **chat.Note:
		if o, ok := x.(map[string]any); ok {
			*to = words(o)
		}
	case *chat.SettingEntry:
		o, _ := x.(map[string]any)
		*to = setting(o)
	case *time.Time:
		if s != "" {
			*to, err = time.Parse(time.RFC3339, s)
		}
	case *time.Duration:
		n, _ := x.(float64)
		*to = time.Duration(n * float64(time.Second))
	case *chat.Role:
		*to, _ = chat.ParseRole(s)
	case *chat.SanctionKind:
		for fmt.Sprint(*to) != s && *to < 100 {
			*to++
		}
	case *netip.Addr:
		if s != "" {
			*to, err = netip.ParseAddr(s)
		}
	case *netip.Prefix:
		if s != "" {
			*to, err = netip.ParsePrefix(s)
		}
	default:
		return fillPlain(v, x)
	}
	return err
}

// fillPlain is fill for values that are what they are in JSON.
func fillPlain(v reflect.Value, x any) error {
	switch x := x.(type) {
	case nil:
	case bool:
		v.SetBool(x)
	case float64:
		if v.CanUint() {
			v.SetUint(uint64(x))
		} else {
			v.SetInt(int64(x))
		}
	case string:
		if !v.CanUint() {
			v.SetString(x)
			return nil
		}
		n, err := strconv.ParseUint(x, 10, 64) // an ID
		v.SetUint(n)
		return err
	case []any:
		for _, each := range x {
			next := reflect.New(v.Type().Elem()).Elem()
			if err := fill(next, each); err != nil {
				return err
			}
			v.Set(reflect.Append(v, next))
		}
	case map[string]any:
		return fillStruct(v, x)
	}
	return nil
}

// fillStruct sets the fields of a struct, or of one that v points to.
func fillStruct(v reflect.Value, x map[string]any) error {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	for key, each := range x {
		field := v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, key) })
		if !field.IsValid() {
			continue // the type, or a field that is not for people
		}
		if err := fill(field, each); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// setting returns a setting. Its value is of the type that its name tells.
func setting(o object) chat.SettingEntry {
	s := chat.SettingEntry{Name: o.text("name"), Value: o["value"]}
	if n, ok := s.Value.(float64); ok {
		s.Value = time.Duration(n * float64(time.Second))
		if s.Name == "keep-size" {
			s.Value = int64(n)
		}
	}
	if values, ok := o["values"].(map[string]any); ok {
		s.Values = words(values)
	}
	return s
}
