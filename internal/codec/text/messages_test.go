package text

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

var update = flag.Bool("update", false, "write the table of messages into docs/messages.md")

// speakers are the packages that make Notes.
var speakers = []string{"../../chat", "../../server", "../../store", "../../names", "../../flood", "../../account", "../json", "../../../cmd/chatsrv", "."}

// A use is a place in the source where a Note is made.
type use struct {
	code string
	args []string
	open bool // there may be further arguments
	at   string
}

// noters are the functions that make a Note, with the index of the code among their
// parameters and the arguments that they add.
var noters = map[string]struct {
	code  int
	adds  []string
	pairs bool
}{
	"note": {0, nil, true}, "NewNote": {0, nil, true}, "refusal": {0, nil, true}, "NewRefused": {0, nil, true},
	"notice":        {1, nil, true},
	"Sanction.note": {0, []string{"room", "left", "reason"}, false}, "noteIn": {1, []string{"room", "left", "reason"}, false},
	"noteAbout": {1, []string{"name", "room", "left", "reason"}, false},
	"imposed":   {0, []string{"name", "room", "lasts"}, false},
}

// named are the types whose constants are codes, with the arguments of their Notes.
var named = map[string][]string{"Reason": {"wait"}, "PasswordError": {"least", "most"}}

func typeName(name *ast.Ident, ok bool) string {
	if !ok {
		return ""
	}
	return name.Name
}

// NeedsSource is for the tests of package text_test.
var NeedsSource = needsSource

// needsSource skips a test of the source if there is none: test binaries also run
// elsewhere.
func needsSource(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("there is no Go source in this folder: the test runs as a binary elsewhere (scripts/suites.sh)")
	}
}

// uses returns all uses in the source.
func uses(t *testing.T) (all []use) {
	needsSource(t)
	files := token.NewFileSet()
	for _, dir := range speakers {
		paths, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %d files", dir, err, len(paths))
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if u, ok := saying(t, n); ok {
					u.at = files.Position(n.Pos()).String()
					all = append(all, u)
				}
				return true
			})
		}
	}
	return all
}

// saying reports whether a part of the source makes a Note.
func saying(t *testing.T, n ast.Node) (use, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		return saidBy(t, n)
	case *ast.CompositeLit: // of package names
		if name, ok := n.Type.(*ast.Ident); ok && name.Name == "Error" && len(n.Elts) > 0 {
			first := n.Elts[0]
			if kv, ok := first.(*ast.KeyValueExpr); ok {
				first = kv.Value
			}
			if code, ok := literal(first); ok {
				return use{code: code}, true
			}
		}
	case *ast.ValueSpec:
		name, ok := n.Type.(*ast.Ident)
		args := named[typeName(name, ok)]
		if args == nil || len(n.Values) != 1 {
			return use{}, false
		}
		if code, ok := literal(n.Values[0]); ok {
			return use{code: code, args: args}, true
		}
	}
	return use{}, false
}

func saidBy(t *testing.T, call *ast.CallExpr) (use, bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if name = f.Sel.Name; name == "note" {
			name = "Sanction.note"
		}
	}
	by, ok := noters[name]
	if !ok || len(call.Args) <= by.code {
		return use{}, false
	}
	code, ok := literal(call.Args[by.code])
	if !ok { // passed on, or from a package whose codes are read from its own source
		return use{}, false
	}
	u := use{code: code, args: by.adds, open: call.Ellipsis.IsValid()}
	if !by.pairs || u.open {
		return u, true
	}
	for i, arg := range call.Args[by.code+1:] {
		if name, ok := literal(arg); i%2 == 0 && ok {
			u.args = append(u.args, name)
		} else if i%2 == 0 {
			t.Errorf("%s: the name of an argument is no literal", code)
		}
	}
	return u, true
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

var argument = regexp.MustCompile(`\{\??([a-z]+)[^}]*\}`)

// arguments returns the arguments that a template requires, and those that are optional.
func arguments(template string) (must, may []string) {
	plain := strings.ReplaceAll(template, "[[", "(")
	optional := regexp.MustCompile(`\[[^]]*\]`)
	for _, part := range optional.FindAllString(plain, -1) {
		for _, m := range argument.FindAllStringSubmatch(part, -1) {
			may = append(may, m[1])
		}
	}
	for _, m := range argument.FindAllStringSubmatch(optional.ReplaceAllString(plain, ""), -1) {
		must = append(must, m[1])
	}
	return must, may
}

func TestEveryNoteHasWords(t *testing.T) {
	said := make(map[string]map[string]bool) // code: arguments
	all := uses(t)
	for _, u := range all {
		template, ok := messages[chat.Code(u.code)]
		if !ok {
			t.Errorf("%s: %q has no words", u.at, u.code)
			continue
		}
		if said[u.code] == nil {
			said[u.code] = make(map[string]bool)
		}
		must, may := arguments(template)
		for _, name := range u.args {
			said[u.code][name] = true
		}
		for _, name := range must {
			if !u.open && !slices.Contains(u.args, name) {
				t.Errorf("%s: %q is said without %q", u.at, u.code, name)
			}
		}
		if u.open {
			for _, name := range append(must, may...) {
				said[u.code][name] = true
			}
		}
	}
	for code, template := range messages {
		if said[string(code)] == nil {
			t.Errorf("nobody says %q", code)
			continue
		}
		_, may := arguments(template)
		for _, name := range may {
			if !said[string(code)][name] {
				t.Errorf("nobody says %q with %q", code, name)
			}
		}
	}
	if len(all) < len(messages) {
		t.Errorf("only %d places were found", len(all))
	}
}

func TestTemplatesAreWellFormed(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	field := regexp.MustCompile(`^\{(\?[a-z]+|[a-z]+(\|[a-z]+ ?[a-z]*){0,2})\}$`)
	for code, template := range messages {
		if !kebab.MatchString(string(code)) || strings.TrimSpace(template) == "" {
			t.Errorf("%q: %q", code, template)
		}
		plain := strings.ReplaceAll(template, "[[", "(")
		for _, f := range regexp.MustCompile(`\{[^}]*\}?`).FindAllString(plain, -1) {
			if !field.MatchString(f) {
				t.Errorf("%q has %q", code, f)
			}
		}
		depth := 0
		for _, r := range plain {
			switch r {
			case '[':
				depth++
			case ']':
				depth--
			}
			if depth > 1 { // the writer does not support nested ones
				t.Errorf("%q: brackets in brackets", code)
			}
		}
		if strings.Count(plain, "{") != strings.Count(plain, "}") {
			t.Errorf("%q: %q", code, template)
		}
	}
}

// Only this package has words for commands: package chat has other readers, too.
func TestTheChatCoreWritesNoCommands(t *testing.T) {
	needsSource(t)
	paths, err := filepath.Glob("../../chat/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, len(paths))
	}
	command := regexp.MustCompile(`(^| )/[a-z]+ `)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text, ok := literal(e); ok && command.MatchString(text+" ") && text != "/cancel" {
					t.Errorf("%s: %q", path, text)
				}
			}
			return true
		})
	}
}

func TestThePageListsTheMessages(t *testing.T) {
	const page, begin, end = "../../../docs/messages.md", "<!-- messages: written by go test ./internal/codec/text -update -->\n", "<!-- end of messages -->\n"
	var b strings.Builder
	b.WriteString("| code | words |\n|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(messages)) {
		b.WriteString("| `" + string(code) + "` | " + strings.ReplaceAll(messages[code], "|", "\\|") + " |\n")
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	listed, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has lost the lines around its table", page)
	case listed == b.String():
	case !*update:
		t.Fatalf("%s lists other messages than the table; run: go test ./internal/codec/text -update", page)
	default:
		if err := os.WriteFile(page, []byte(before+begin+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
