// Package chatconfig reads the configuration file of command chat: defaults, and profiles of
// servers.
//
//	tls-only = true
//	[server.home]
//	target = "alice@chat.example.org/#tea"
package chatconfig

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/tomlvalue"
)

const (
	// MaxFile is the maximum size of a file, in bytes.
	MaxFile = 64 << 10
	// maxReported bounds the problems of one file that are reported.
	maxReported = 20
)

// serverTable is the table of the profiles.
const serverTable = "server"

// A Kind is what the value of a key is.
type Kind int

// The kinds.
const (
	Switch Kind = iota // true or false
	Text
	Number // an integer, or one in quotes
)

func (k Kind) String() string {
	switch k {
	case Switch:
		return "true or false"
	case Number:
		return "a number"
	case Text:
		return "a text in quotes"
	}
	return ""
}

// A Key is a key that a file may have.
type Key struct {
	Name string
	Kind Kind
	// Path is set for the path of a file, which is relative to the folder of this one.
	Path bool
	// ProfileOnly is set for a key that makes no sense for all servers.
	ProfileOnly bool
}

// A Value is the value of a key.
type Value struct {
	Text  string // as an argument would have it
	Place string // FILE:LINE
}

// Values are the values of a profile, or the defaults, by key.
type Values map[string]Value

// A Config is a file.
type Config struct {
	Defaults Values
	Profiles map[string]Values
}

// An Error is the list of the problems of a file, one per line.
type Error struct{ Problems []string }

// Error implements error.
func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// Read reads a file; os.DevNull has no keys. If it does not exist, the error is fs.ErrNotExist.
func Read(path string, keys []Key) (*Config, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	f := file{path: path, keys: keys}
	config := f.parse(text)
	if len(f.faults) == 0 {
		return config, nil
	}
	slices.SortStableFunc(f.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	failed := new(Error)
	for i, fault := range f.faults {
		if i == maxReported {
			failed.Problems = append(failed.Problems, path+": and more; these first")
			break
		}
		failed.Problems = append(failed.Problems, f.place(fault.line)+": "+fault.problem)
	}
	return nil, failed
}

// readText reads a file of at most MaxFile bytes. It refuses one that other users can change:
// they could choose which servers to trust.
func readText(path string) (string, error) {
	if path == os.DevNull {
		return "", nil
	}
	info, err := os.Stat(path) // a pipe would block Open
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		return "", fmt.Errorf("%s can be changed by other users, so it is not used (chmod 600 %s)", path, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > MaxFile:
		return "", fmt.Errorf("%s has more than %d bytes, the most that a configuration may have", path, MaxFile)
	}
	return string(text), nil
}

// A fault is a mistake in a line of the file.
type fault struct {
	line    int
	problem string
}

// A file is one that is being read.
type file struct {
	path   string
	keys   []Key
	meta   toml.MetaData
	faults []fault
}

func (f *file) place(line int) string {
	if line == 0 {
		return f.path
	}
	return f.path + ":" + strconv.Itoa(line)
}

func (f *file) fault(line int, problem string) {
	f.faults = append(f.faults, fault{line, problem})
}

func (f *file) parse(text string) *Config {
	var top map[string]toml.Primitive
	meta, err := toml.Decode(text, &top)
	if err != nil {
		parse, ok := errors.AsType[toml.ParseError](err)
		if !ok {
			f.fault(1, err.Error())
			return nil
		}
		f.fault(parse.Position.Line, "not TOML: "+strings.TrimSuffix(parse.Message, "."))
		return nil
	}
	f.meta = meta
	config := &Config{Defaults: make(Values), Profiles: make(map[string]Values)}
	for name, p := range top {
		v, line := f.locate(p)
		if name == serverTable {
			f.profiles(config, p, v, line)
			continue
		}
		f.key(config.Defaults, "", name, v, line)
	}
	return config
}

// profiles reads the table of the profiles.
func (f *file) profiles(config *Config, p toml.Primitive, v any, line int) {
	var tables map[string]toml.Primitive
	if _, ok := v.(map[string]any); !ok || f.meta.PrimitiveDecode(p, &tables) != nil {
		f.fault(line, "server is "+tomlvalue.KindOf(v)+": a profile begins with a line [server.NAME]")
		return
	}
	for name, p := range tables {
		var keys map[string]toml.Primitive
		v, line := f.locate(p)
		if _, ok := v.(map[string]any); !ok || f.meta.PrimitiveDecode(p, &keys) != nil {
			f.fault(line, "server."+name+" is "+tomlvalue.KindOf(v)+": a profile begins with a line [server.NAME]")
			continue
		}
		if !IsProfileName(name) {
			f.fault(line, strconv.Quote(name)+": the name of a profile has no dots, colons, slashes, @ or white space")
		}
		values := make(Values)
		for name, p := range keys {
			v, at := f.locate(p)
			f.key(values, serverTable, name, v, cmp.Or(at, line)) // a dotted key has no line
		}
		config.Profiles[name] = values
	}
}

// IsProfileName reports whether a profile can have this name: it can't be mistaken for most
// targets.
func IsProfileName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || strings.ContainsRune(".:/@[]\\\u007f", r) })
}

// key reads a key of a profile, or of the defaults, for which table is "".
func (f *file) key(values Values, table, name string, v any, line int) {
	i := slices.IndexFunc(f.keys, func(k Key) bool { return k.Name == name })
	if i < 0 || f.keys[i].ProfileOnly && table == "" {
		f.fault(line, f.unknown(table, name, v))
		return
	}
	k := f.keys[i]
	text, ok := k.Kind.textOf(v)
	switch {
	case !ok:
		f.fault(line, name+" is "+tomlvalue.KindOf(v)+", not "+k.Kind.String())
		return
	case text == "":
		f.fault(line, name+": the value is empty: leave the key out")
		return
	case k.Path && !filepath.IsAbs(text):
		text = filepath.Join(filepath.Dir(f.path), text)
	}
	values[name] = Value{Text: text, Place: f.place(line)}
}

// unknown says what is wrong with a key.
func (f *file) unknown(table, name string, v any) string {
	var known []string
	for _, k := range f.keys {
		if k.Name == name {
			return name + " belongs in a profile, below a line [server.NAME]"
		}
		if table != "" || !k.ProfileOnly {
			known = append(known, k.Name)
		}
	}
	if strings.Contains(strings.ToLower(name), "password") && name != "password_file" {
		return name + ": a password does not belong in this file: chat --save-password adds it to the system's keyring, and password-file names a file that has it"
	}
	if _, ok := v.(map[string]any); ok && table == "" {
		return "unknown table [" + name + "] (a profile begins with a line [server.NAME])"
	}
	if near, ok := nearest.Find(strings.ReplaceAll(name, "_", "-"), known); ok {
		return "unknown key " + name + " (did you mean " + near + "?)"
	}
	slices.Sort(known)
	return "unknown key " + name + " (known are " + strings.Join(known, ", ") + ")"
}

// textOf returns a value as an argument would have it.
func (k Kind) textOf(v any) (string, bool) {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v), k == Switch
	case string:
		return v, k != Switch
	case int64:
		return strconv.FormatInt(v, 10), k == Number
	}
	return "", false
}

func (f *file) locate(p toml.Primitive) (v any, line int) { return tomlvalue.Locate(&f.meta, p) }
