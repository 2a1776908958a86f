package config

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/tomlvalue"
)

const (
	// MaxFile is the maximum size of a configuration file, in bytes.
	MaxFile = 64 << 10
	// maxReported bounds the problems of one file that are reported.
	maxReported = 50
)

// A fault is a mistake in a line of the file.
type fault struct {
	line    int
	problem string
}

// readFile returns the file's value for each row that it mentions, and all
// mistakes in it. Without a file both are nil.
func (s *Settings) readFile() (map[string]value, Problems) {
	path, origin := s.filePath()
	if path == "" {
		return nil, nil
	}
	text, problem := readText(path)
	if problem != "" {
		return nil, Problems{&UsageError{Where: origin, Problem: quote(path) + " " + problem}}
	}
	values, faults := parseFile(s.rows, text)
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	var p Problems
	for i, f := range faults {
		if i == maxReported {
			p.add(printable(path), "and more; these first")
			break
		}
		p.add(lineOf(path, f.line), f.problem)
	}
	placed := make(map[string]value, len(values))
	for name, v := range values {
		placed[name] = value{v.texts, lineOf(path, v.line), true}
	}
	return placed, p
}

// filePath returns the path of the file and its origin.
func (s *Settings) filePath() (path, origin string) {
	for i, r := range s.rows {
		if v := s.values[i]; r.name == fileRow && len(v.texts) > 0 {
			return v.texts[0], v.origin
		}
	}
	return "", ""
}

// lineOf returns a place in a file, in the form that editors understand.
func lineOf(path string, line int) string { return printable(path) + ":" + strconv.Itoa(line) }

// printable returns a path for a message or a comment, in quotes if need be.
func printable(path string) string {
	if utf8.ValidString(path) && strings.IndexFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return path
	}
	return quote(path)
}

// readText reads a file of at most MaxFile bytes, or says why it can't.
func readText(path string) (text, problem string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "does not exist"
	case err != nil:
		return "", "can't be read: " + cause(err)
	case info.IsDir():
		return "", "is a folder: name a file in it"
	case !info.Mode().IsRegular():
		return "", "is not a regular file, so a reload could not read it again"
	}
	f, err := os.Open(path)
	if err != nil {
		return "", "can't be read: " + cause(err)
	}
	defer func() { _ = f.Close() }() // opened for reading only
	bytes, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return "", "can't be read: " + cause(err)
	case len(bytes) > MaxFile:
		return "", "has more than " + inBytes(MaxFile) + ", the most that a configuration may have"
	}
	return string(bytes), ""
}

// cause returns an error of package os without the path.
func cause(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied (check its permissions and those of its folder)"
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return err.Error()
}

// A lineValue is the value in a line of the file.
type lineValue struct {
	texts []string
	line  int
}

// parseFile returns the values of a file by the name of their row, and all
// faults. Values are tried whether they will be used or not.
func parseFile(rows []row, text string) (map[string]lineValue, []fault) {
	var keys map[string]toml.Primitive
	meta, err := toml.Decode(text, &keys)
	if err != nil {
		return nil, []fault{syntaxFault(rows, text, err)}
	}
	values := make(map[string]lineValue)
	var faults []fault
	for _, key := range meta.Keys() {
		primitive, top := keys[key[0]]
		if len(key) > 1 || !top {
			continue // in a table, which is refused as a whole
		}
		if len(faults) > 10*maxReported {
			break // finding a line takes time
		}
		v, line := tomlvalue.Locate(&meta, primitive)
		r, problem := rowOfKey(rows, key[0], v)
		var texts []string
		if problem == "" {
			texts, problem = r.textsOf(v)
		}
		if problem != "" {
			faults = append(faults, fault{line, key[0] + ": " + problem})
			continue
		}
		values[r.name] = lineValue{texts, line}
		for _, text := range texts {
			if problem := r.try(new(Config), text); problem != "" {
				faults = append(faults, fault{line, r.name + ": " + problem})
			}
		}
	}
	return values, faults
}

// syntaxFault rewords an error of package toml.
func syntaxFault(rows []row, text string, err error) fault {
	parse, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return fault{1, err.Error()}
	}
	message := "not TOML: " + strings.TrimSuffix(parse.Message, ".")
	if mayBeSecret(rows, text, parse.Position.Line) {
		message = "not TOML: is the value in quotes?" // the original may quote the value
	}
	return fault{parse.Position.Line, message + " (what follows was not looked at)"}
}

// mayBeSecret reports whether a line, which may be malformed, may contain a part of a
// secret.
func mayBeSecret(rows []row, text string, number int) bool {
	secrets := false
	lines := strings.Split(text, "\n")
	if number < 1 || number > len(lines) {
		return true
	}
	key, _, found := strings.Cut(lines[number-1], "=")
	for _, r := range rows {
		if found && strings.TrimSpace(key) == r.name {
			return r.secret
		}
		secrets = secrets || r.secret
	}
	return secrets
}

// rowOfKey finds the row of a key, or suggests one.
func rowOfKey(rows []row, key string, v any) (r row, problem string) {
	var known []string
	for _, r := range rows {
		switch {
		case r.name == key && r.noFile:
			return row{}, "is for the command line only"
		case r.name == key:
			return r, ""
		case !r.noFile:
			known = append(known, r.name)
		}
	}
	switch v.(type) {
	case map[string]any, []map[string]any:
		return row{}, "there are no tables here: write the keys without the line [" + key + "]"
	}
	dashes := strings.ToLower(strings.ReplaceAll(key, "_", "-"))
	if near, ok := nearest.Find(dashes, known); ok {
		return row{}, "unknown key (did you mean " + near + "?)"
	}
	return row{}, "unknown key (keys are the long flags of chatsrv --help)"
}

// textsOf converts a value of the file to the arguments that a flag would get.
func (r row) textsOf(v any) (texts []string, problem string) {
	list, isList := v.([]any)
	switch {
	case isList && !r.repeat:
		return nil, "takes one value, not a list"
	case !isList:
		list = []any{v}
	}
	for _, each := range list {
		text, ok := r.textOf(each)
		if !ok {
			return nil, "is " + tomlvalue.KindOf(each) + ", not " + r.kind()
		}
		texts = append(texts, text)
	}
	if isList && len(list) == 0 {
		return nil, "the list is empty: leave the key out"
	}
	return texts, ""
}

func (r row) textOf(v any) (string, bool) {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v), r.isBool()
	case string:
		return v, !r.isSwitch()
	case int64:
		return strconv.FormatInt(v, 10), !r.isBool()
	}
	return "", false
}

// kind describes the row's value in the file.
func (r row) kind() string {
	switch {
	case r.isBool():
		return "true or false"
	case r.repeat:
		return "a text in quotes or a list of them"
	case r.isNumber():
		return "a number (as in " + r.name + " = " + r.tomlExample() + ")"
	}
	return "a text in quotes (as in " + r.name + " = " + r.tomlExample() + ")"
}

// isNumber reports whether a value needs no quotes.
func (r row) isNumber() bool { return r.value == "N" || r.value == "SIZE" }
