package web

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// The forms of imports and exports that [join] knows. They stand on one line of their own.
var (
	importLine = regexp.MustCompile(`(?m)^import \{ ([^{}]+) \} from '([^']+)';\n`)
	exportWord = regexp.MustCompile(`(?m)^export ((?:async function|function|class|const) (\w+))`)
	otherForm  = regexp.MustCompile(`(?m)^(?:import|export)[ {*'].*$`)
	topAwait   = regexp.MustCompile(`(?m)^\S.*\bawait `) // or one in a function of one line, which does no harm
)

// A joiner joins modules.
type joiner struct {
	files map[string][]byte
	names map[string]string // of the variable with the exports of a module; "" while it is being written
	done  int
	out   bytes.Buffer
}

// join replaces a module and all that it imports by one module, so that a browser needs one
// request for them. Each becomes a function, which returns its exports. Modules that are imported
// by a call are not joined.
func join(files map[string][]byte, first string) error {
	j := joiner{files: files, names: make(map[string]string)}
	if err := j.add(first); err != nil {
		return fmt.Errorf("web: %w", err)
	}
	for name := range j.names {
		delete(files, name)
	}
	files[first] = j.out.Bytes()
	return nil
}

// add writes a module, after those that it imports.
func (j *joiner) add(name string) error {
	body, ok := j.files[name]
	if !ok {
		return fmt.Errorf("no %s", name)
	}
	j.names[name] = ""
	var head strings.Builder
	for _, m := range importLine.FindAllSubmatch(body, -1) {
		from := path.Join(path.Dir(name), string(m[2]))
		if _, ok := j.names[from]; !ok {
			if err := j.add(from); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if j.names[from] == "" {
			return fmt.Errorf("%s imports %s, which imports it", name, from)
		}
		fmt.Fprintf(&head, "const { %s } = %s;\n", strings.ReplaceAll(string(m[1]), " as ", ": "), j.names[from])
	}
	body = importLine.ReplaceAll(body, nil)
	var exports []string
	for _, m := range exportWord.FindAllSubmatch(body, -1) {
		exports = append(exports, string(m[2]))
	}
	body = exportWord.ReplaceAll(body, []byte("$1"))
	if other := otherForm.Find(body); other != nil {
		return fmt.Errorf("%s: unknown form: %s", name, other)
	}
	function, call := "(() => {", "})();"
	if topAwait.Match(body) {
		function = "await (async () => {"
	}
	j.done++
	j.names[name] = fmt.Sprintf("m%d", j.done)
	fmt.Fprintf(&j.out, "// %s\nconst %s = %s\n%s%sreturn { %s };\n%s\n", name, j.names[name], function, head.String(), body, strings.Join(exports, ", "), call)
	return nil
}
