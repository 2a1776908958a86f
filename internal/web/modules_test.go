package web

import (
	"strings"
	"testing"
)

func TestModulesAreJoinedInTheOrderOfTheirImports(t *testing.T) {
	all := map[string][]byte{
		"main.js":   []byte("import { a } from './a.js';\nimport { b, c } from './view/b.js';\na(b);\n"),
		"a.js":      []byte("// A.\nexport function a() {}\n"),
		"view/b.js": []byte("import { a } from '../a.js';\nexport const b = a;\nexport class c {}\nexport async function d() {}\n"),
		"other.js":  []byte("export const b = 1;\n"),
	}
	got, err := join(all, "main.js")
	want := "// a.js\n// A.\nfunction a() {}\n// view/b.js\nconst b = a;\nclass c {}\nasync function d() {}\n// main.js\na(b);\n"
	if err != nil || string(got) != want {
		t.Errorf("%v, %q", err, got)
	}
}

func TestModulesThatCannotBeJoinedAreAnError(t *testing.T) {
	for want, text := range map[string]string{
		"there is no module b.js (imported by main.js)":       "import { b } from './b.js';\n",
		`main.js: "import './a.js';" is not understood`:       "import './a.js';\n",
		`main.js: "export default 1;" is not understood`:      "export default 1;\n",
		`main.js: "export let x = 1;" is not understood`:      "export let x = 1;\n",
		"a.js and main.js both declare a":                     "import { a } from './a.js';\nlet a = 1;\n",
		"main.js imports itself, by others (imported by c.js": "import { c } from './c.js';\n",
	} {
		all := map[string][]byte{
			"main.js": []byte(text), "a.js": []byte("export const a = 1;\n"),
			"c.js": []byte("import { x } from './main.js';\nexport const c = x;\n"),
		}
		if got, err := join(all, "main.js"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %q; want %q", text, err, got, want)
		}
	}
}
