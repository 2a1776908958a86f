// Package tomlvalue tells more of the values of a TOML file than the library does: their lines,
// and what they are in words for a user.
package tomlvalue

import (
	"errors"

	"github.com/BurntSushi/toml"
)

// Locate returns a value and the line that it is on; 0 if that is unknown.
func Locate(meta *toml.MetaData, p toml.Primitive) (v any, line int) {
	var l located
	err := meta.PrimitiveDecode(p, &l)
	if here, ok := errors.AsType[toml.ParseError](err); ok {
		line = here.Position.Line
	}
	return l.value, line
}

// A located refuses every value, because the error of package toml is what tells the line.
type located struct{ value any }

var errLocated = errors.New("here")

// UnmarshalTOML implements toml.Unmarshaler.
func (l *located) UnmarshalTOML(v any) error { l.value = v; return errLocated }

// KindOf returns what a value is.
func KindOf(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case string:
		return "a text"
	case int64:
		return "a number"
	case float64:
		return "a number with a point"
	case []any:
		return "a list"
	case map[string]any, []map[string]any:
		return "a table"
	}
	return "a date or time"
}
