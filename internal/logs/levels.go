// Package logs divides the log into areas, each with a level of its own that can
// be changed while the program runs.
//
// A logger belongs to an area through its attribute Key, as in
// log.With(logs.In(logs.Net)); one without belongs to Server. This package does
// not decide which lines go to which area, nor where they are written.
package logs

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/nearest"
)

// The areas.
const (
	Server = "server"
	Net    = "net"
	Chat   = "chat"
	Store  = "store"
	Admin  = "admin"
	Config = "config"
)

// Key is the attribute that names the area of a line.
const Key = "area"

// An Area is a part of the log.
type Area struct {
	Name string
	// Help describes what is logged there.
	Help string
}

// areas is the one table of them.
var areas = [...]Area{
	{Server, "start, stop, and everything that has no area of its own"},
	{Net, "listeners, connections and refused connections"},
	{Chat, "logins and departures, with their reasons"},
	{Store, "the database and other files"},
	{Admin, "actions of moderators and administrators"},
	{Config, "settings, and changes made by a reload"},
}

// Areas returns all areas.
func Areas() []Area { return slices.Clone(areas[:]) }

// In returns the attribute that puts a logger into an area.
func In(area string) slog.Attr { return slog.String(Key, area) }

// index returns the place of an area in the table, that of Server for an unknown one.
func index(name string) int {
	return max(0, slices.IndexFunc(areas[:], func(a Area) bool { return a.Name == name }))
}

// Levels are the minimum levels that are logged, by area in the order of the
// table. The zero value logs from slog.LevelInfo on.
type Levels [len(areas)]slog.Level

// All is the same level for every area.
func All(level slog.Level) (l Levels) {
	for i := range l {
		l[i] = level
	}
	return l
}

// levels are the words for levels.
var levels = []struct {
	word  string
	level slog.Level
}{{"debug", slog.LevelDebug}, {"info", slog.LevelInfo}, {"warn", slog.LevelWarn}, {"error", slog.LevelError}}

// ParseLevels parses levels such as "warn", or "info,chat=debug,net=warn". A level
// without an area applies to all areas that are not named; the default is info. The
// error says what is wrong and how to fix it.
func ParseLevels(text string) (Levels, error) {
	var l Levels
	named := make(map[int]slog.Level)
	general := false
	for entry := range strings.SplitSeq(text, ",") {
		name, word, found := strings.Cut(strings.TrimSpace(entry), "=")
		if !found {
			name, word = "", name
		}
		level, err := parseLevel(strings.TrimSpace(word))
		if err != nil {
			return Levels{}, err
		}
		if !found {
			if general {
				return Levels{}, fmt.Errorf("%q has two levels for all areas (as in info,chat=debug)", text)
			}
			l, general = All(level), true
			continue
		}
		i, err := parseArea(strings.TrimSpace(name))
		if err != nil {
			return Levels{}, err
		}
		if _, twice := named[i]; twice {
			return Levels{}, fmt.Errorf("%q has two levels for %s", text, areas[i].Name)
		}
		named[i] = level
	}
	for i, level := range named {
		l[i] = level
	}
	return l, nil
}

func parseLevel(word string) (slog.Level, error) {
	words := make([]string, len(levels))
	for i, l := range levels {
		if l.word == word {
			return l.level, nil
		}
		words[i] = l.word
	}
	return 0, notOneOf("level", word, words)
}

func parseArea(name string) (int, error) {
	names := make([]string, len(areas))
	for i, a := range areas {
		if a.Name == name {
			return i, nil
		}
		names[i] = a.Name
	}
	return 0, notOneOf("area", name, names)
}

func notOneOf(what, word string, words []string) error {
	hint := ""
	if near, ok := nearest.Find(word, words); ok {
		hint = "; did you mean " + near + "?"
	}
	return fmt.Errorf("%q is no %s of the log (%s%s)", word, what, strings.Join(words, ", "), hint)
}
