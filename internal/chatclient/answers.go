package chatclient

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/texts"
)

// answers are the types of the answers that are shown, by the type of their object.
var answers = map[string]reflect.Type{
	"commands":     reflect.TypeFor[chat.Commands](),
	"usage":        reflect.TypeFor[chat.Usage](),
	"rooms":        reflect.TypeFor[chat.Rooms](),
	"topic":        reflect.TypeFor[chat.Topic](),
	"members":      reflect.TypeFor[chat.Members](),
	"connections":  reflect.TypeFor[chat.Connections](),
	"whois":        reflect.TypeFor[chat.Person](),
	"whoami":       reflect.TypeFor[chat.Self](),
	"ignored":      reflect.TypeFor[chat.Ignored](),
	"settings":     reflect.TypeFor[chat.OwnSettings](),
	"roomSettings": reflect.TypeFor[chat.RoomSettings](),
	"roomMembers":  reflect.TypeFor[chat.RoomMembers](),
	"sanctions":    reflect.TypeFor[chat.Sanctions](),
	"flags":        reflect.TypeFor[chat.Flags](),
	"results":      reflect.TypeFor[chat.Found](),
	"stats":        reflect.TypeFor[chat.Statistics](),
}

// answerOf returns the answer that an object is, or nil for another object. It is the inverse
// of codec/json's Format.Answer, but for what the server says in it, which is in the language.
func answerOf(words *texts.Language, r client.Raw) (chat.Answer, error) {
	kind := answers[r.Type]
	if kind == nil {
		return nil, nil //nolint:nilnil // it is not an answer
	}
	v := reflect.New(kind).Elem()
	if err := (filler{words}).fill(v, r.JSON); err != nil {
		return nil, fmt.Errorf("read the object %s: %w", r.Type, err)
	}
	a, _ := v.Interface().(chat.Answer)
	return a, nil
}

// A filler fills answers.
type filler struct{ words *texts.Language }

// fill sets v to a value of an object.
func (f filler) fill(v reflect.Value, data json.RawMessage) error {
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		return fillDuration(p, data)
	case *time.Time:
		return json.Unmarshal(data, p)
	case **chat.Note:
		var n struct {
			Code, Text string
			Args       map[string]any
		}
		err := json.Unmarshal(data, &n)
		*p = said(f.words.Server(n.Code, n.Text, n.Args))
		return err
	case *chat.Event:
		var m client.Message
		err := json.Unmarshal(data, &m)
		*p = messageEvent(m)
		return err
	case *chat.Role:
		var name string
		err := json.Unmarshal(data, &name)
		*p, _ = chat.ParseRole(name)
		return err
	case *chat.SanctionKind:
		var name string
		err := json.Unmarshal(data, &name)
		for _, k := range []chat.SanctionKind{chat.Ban, chat.Mute, chat.ShadowMute} {
			if k.String() == name {
				*p = k
			}
		}
		return err
	case interface{ UnmarshalText([]byte) error }: // addresses
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		_ = p.UnmarshalText([]byte(text)) // "invalid IP" stands for none
		return nil
	}
	return f.fillKind(v, data)
}

// fillKind is fill for what has no type of its own.
func (f filler) fillKind(v reflect.Value, data json.RawMessage) error {
	switch v.Kind() {
	case reflect.Struct:
		return f.fillStruct(v, data)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return f.fill(v.Elem(), data)
	case reflect.Slice:
		var all []json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			return err
		}
		if len(all) == 0 && v.Type().Elem().Kind() == reflect.String {
			return nil // nil and empty are written alike
		}
		v.Set(reflect.MakeSlice(v.Type(), len(all), len(all)))
		for i, each := range all {
			if err := f.fill(v.Index(i), each); err != nil {
				return err
			}
		}
		return nil
	case reflect.Uint64: // an ID is a string
		n, err := strconv.ParseUint(strings.Trim(string(data), `"`), 10, 64)
		v.SetUint(n)
		return err
	default:
		return json.Unmarshal(data, v.Addr().Interface())
	}
}

func (f filler) fillStruct(v reflect.Value, data json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if s, ok := v.Addr().Interface().(*chat.SettingEntry); ok {
		return f.fillSetting(s, all)
	}
	for key, value := range all {
		for i := range v.NumField() {
			if strings.EqualFold(v.Type().Field(i).Name, key) {
				if err := f.fill(v.Field(i), value); err != nil {
					return err
				}
			}
		}
	}
	if u, ok := v.Addr().Interface().(*chat.Usage); ok {
		u.Help = f.words.CommandHelp(u.Name, u.Help)
	}
	return nil
}

// fillSetting reads a setting. Its value has the type that the setting has.
func (f filler) fillSetting(s *chat.SettingEntry, all map[string]json.RawMessage) error {
	for key, v := range map[string]any{"name": &s.Name, "value": &s.Value} {
		if data := all[key]; data != nil {
			if err := json.Unmarshal(data, v); err != nil {
				return err
			}
		}
	}
	if data := all["values"]; data != nil {
		if err := f.fill(reflect.ValueOf(&s.Values).Elem(), data); err != nil {
			return err
		}
	}
	switch v := s.Value.(type) {
	case string, bool:
	case float64:
		if s.Name == "keep-size" {
			s.Value = int64(min(v, maxNumber))
			break
		}
		s.Value = duration(v)
	default:
		s.Value = "" // off
	}
	return nil
}

// maxNumber is more than any number of a server, and fits into an int64.
const maxNumber = 1 << 53

func fillDuration(d *time.Duration, data json.RawMessage) error {
	var n float64
	err := json.Unmarshal(data, &n)
	*d = duration(n)
	return err
}

// duration returns a number of seconds as a duration.
func duration(seconds float64) time.Duration {
	const most = 1 << 33 // 272 years
	return time.Duration(max(0, min(seconds, most))*1000) * time.Millisecond
}

// said returns a note with the words of the server.
func said(text string) *chat.Note { return chat.NewNote("announcement", "text", text) }

// AnswerLines returns the lines of the answer to a command in a language, and whether an object
// is one.
func AnswerLines(l *texts.Language, r client.Raw, zone *time.Location) (lines []string, ok bool) {
	a, err := answerOf(english(l), r)
	if err != nil || a == nil {
		return nil, false
	}
	for line := range strings.Lines(string(text.Format{Zone: zone, Wording: Wording(l, zone)}.Answer(nil, a))) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "*** "))
	}
	return lines, true
}
