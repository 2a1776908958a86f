package texts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// speakers are the packages that show texts.
var speakers = []string{"../chatclient", "../tui", "../../cmd/chat"}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// calls calls visit with each call of a method T or t in the source whose key is a literal, and
// mention with all literals.
func calls(t *testing.T, visit func(at, key string, args []ast.Expr), mention func(text string)) {
	if own, err := filepath.Glob("*.go"); err != nil || len(own) == 0 {
		t.Skip("the Go source is not here: this binary runs without it (scripts/suites.sh)")
	}
	files := token.NewFileSet()
	for _, dir := range speakers {
		paths, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok {
					text, _ := literal(l)
					mention(text)
				}
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				if name, ok := call.Fun.(*ast.SelectorExpr); !ok || name.Sel.Name != "T" && name.Sel.Name != "t" {
					return true
				}
				if key, ok := literal(call.Args[0]); ok {
					visit(files.Position(call.Pos()).String(), key, call.Args[1:])
				}
				return true
			})
		}
	}
}

func TestEveryTextInTheSourceIsThere(t *testing.T) {
	said := make(map[string]bool)
	calls(t, func(at, key string, args []ast.Expr) {
		text, ok := english().find(key)
		if !ok {
			t.Errorf("%s: there is no text %q", at, key)
			return
		}
		var given []string
		for i, arg := range args {
			if name, ok := literal(arg); i%2 == 0 && ok {
				given = append(given, name)
			} else if i%2 == 0 {
				t.Errorf("%s: %s: the name of an argument is no literal", at, key)
			}
		}
		if slices.Sort(given); !slices.Equal(given, used(text)) || len(args)%2 != 0 {
			t.Errorf("%s: %q has the arguments %q, not %q", at, key, used(text), given)
		}
	}, func(text string) { said[text] = true })
	for key := range terminal {
		if question := strings.HasPrefix(key, "q."); !said[key] && !question {
			t.Errorf("no package shows %q", key)
		}
	}
}
