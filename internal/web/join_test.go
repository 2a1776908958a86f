package web

import (
	"maps"
	"slices"
	"testing"
)

// sources returns modules by their names.
func sources(pairs ...string) map[string][]byte {
	files := make(map[string][]byte)
	for pair := range slices.Chunk(pairs, 2) {
		files[pair[0]] = []byte(pair[1])
	}
	return files
}

func TestModulesAreJoinedInTheirOrder(t *testing.T) {
	files := sources(
		"main.js", "import { a } from './view/a.js';\nimport { b as c } from './b.js';\na(c);\n",
		"view/a.js", "import { b } from '../b.js';\nexport function a() {}\nconst own = 1;\nexport const d = b;\n",
		"b.js", "export class b {}\nconst x = [await import('./late.js')];\n",
		"late.js", "export const late = 1;\n",
	)
	if err := join(files, "main.js"); err != nil {
		t.Fatal(err)
	}
	want := `// b.js
const m1 = await (async () => {
class b {}
const x = [await import('./late.js')];
return { b };
})();
// view/a.js
const m2 = (() => {
const { b } = m1;
function a() {}
const own = 1;
const d = b;
return { a, d };
})();
// main.js
const m3 = (() => {
const { a } = m2;
const { b: c } = m1;
a(c);
return {  };
})();
`
	if got := string(files["main.js"]); got != want {
		t.Errorf("%s", got)
	}
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"late.js", "main.js"}) {
		t.Errorf("the files are %v", names)
	}
}

func TestModulesThatCannotBeJoinedAreErrors(t *testing.T) {
	for _, files := range []map[string][]byte{
		sources("a.js", ""),
		sources("main.js", "import { x } from './none.js';\n"),
		sources("main.js", "import { x } from './a.js';\n", "a.js", "import { y } from './main.js';\n"),
		sources("main.js", "import x from './a.js';\n", "a.js", ""),
		sources("main.js", "export { x };\n"),
		sources("main.js", "export const { x } = y;\n"),
	} {
		if err := join(files, "main.js"); err == nil {
			t.Errorf("joined: %s", files["main.js"])
		}
	}
}
