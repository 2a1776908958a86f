package web

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The only forms of imports and exports that modules may have (ECMA-262, section 16.2).
var (
	importLine = regexp.MustCompile(`(?m)^import \{ [\w$, ]+ \} from '(\.{1,2}/[\w./]+\.js)';\n`)
	exportWord = regexp.MustCompile(`(?m)^export ((?:async )?(?:function|class|const) )`)
	otherWord  = regexp.MustCompile(`(?m)^(?:import|export)\b.*`)
	declared   = regexp.MustCompile(`(?m)^(?:async )?(?:function\*?|class|const|let) ([\w$]+)`)
)

// join returns a module and all that it imports as one, each after those that it imports, as
// they would be run: a browser then needs one request instead of forty. The modules share one
// scope, so they must not declare a name twice.
func join(all map[string][]byte, entry string) ([]byte, error) {
	j := joiner{all: all, of: make(map[string]string)}
	if err := j.add(entry); err != nil {
		return nil, err
	}
	return []byte(j.text.String()), nil
}

// A joiner has the modules that are joined.
type joiner struct {
	all   map[string][]byte
	begun []string          // their names
	ended []string          // those of them that are in the text
	of    map[string]string // the module of each name that is declared
	text  strings.Builder
}

func (j *joiner) add(name string) error {
	switch {
	case slices.Contains(j.ended, name):
		return nil
	case slices.Contains(j.begun, name):
		return fmt.Errorf("%s imports itself, by others", name)
	}
	text, ok := j.all[name]
	if !ok {
		return fmt.Errorf("there is no module %s", name)
	}
	j.begun = append(j.begun, name)
	for _, found := range importLine.FindAllSubmatch(text, -1) {
		if err := j.add(path.Join(path.Dir(name), string(found[1]))); err != nil {
			return fmt.Errorf("%w (imported by %s)", err, name)
		}
	}
	text = exportWord.ReplaceAll(importLine.ReplaceAll(text, nil), []byte("$1"))
	if line := otherWord.Find(text); line != nil {
		return fmt.Errorf("%s: %q is not understood", name, line)
	}
	for _, found := range declared.FindAllSubmatch(text, -1) {
		word := string(found[1])
		if other, ok := j.of[word]; ok {
			return fmt.Errorf("%s and %s both declare %s", other, name, word)
		}
		j.of[word] = name
	}
	_, _ = fmt.Fprintf(&j.text, "// %s\n%s", name, text)
	j.ended = append(j.ended, name)
	return nil
}
