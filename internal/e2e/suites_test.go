//go:build e2e && unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Suites: the text after the imports of a test file.
const (
	passingSuite  = "func TestA(t *testing.T) { t.Run(`b`, func(t *testing.T) {}) }\nfunc TestC(t *testing.T) { t.Skip(`no c`) }"
	skippedSuite  = "func TestA(t *testing.T) { t.Skip(`no a`) }"
	subtestsSuite = "func TestA(t *testing.T) { t.Run(`b/c`, func(t *testing.T) { t.Skip(`no b`) }) }"
	emptySuite    = "func helper(*testing.T) {}"
	mainSuite     = "func TestMain(*testing.M) { println(`skipped`) }\nfunc TestA(t *testing.T) {}"
	failingSuite  = "func TestA(t *testing.T) { t.Error(`wrong`) }"
)

func TestASuiteThatRanNoTestsIsNotOK(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no Go here to build suites with")
	}
	dir := folder(t)
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile("../../scripts/run-suites.sh")
	if err != nil {
		t.Fatal(err)
	}
	write("run.sh", string(script))
	write("go.mod", "module suites\n\ngo 1.26\n")
	suites := []struct{ name, source, want string }{
		{"passing", passingSuite, "ok    passing\nskip  TestC    x_test.go:4: no c\n"},
		{"skipped", skippedSuite, "skip  skipped all of it:    x_test.go:3: no a\nskip  TestA    x_test.go:3: no a\n"},
		{"subtests", subtestsSuite, "skip  subtests all of it:    x_test.go:3: no b\nskip  TestA/b/c    x_test.go:3: no b\n"},
		{"empty", emptySuite, "skip  empty runs no test: testing: warning: no tests to run\n"},
		{"main", mainSuite, "skip  main runs no test: skipped\n"},
		{"failing", failingSuite, "FAIL  failing (exit code 1)\n"},
	}
	for _, suite := range suites {
		write(suite.name+"/x_test.go", "package x\nimport \"testing\"\n"+suite.source+"\n")
	}
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", dir+"/", "./...")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, suite := range suites {
		program := filepath.Join(dir, suite.name)
		if err := os.Rename(program+".test", filepath.Join(program, "x.test")); err != nil {
			t.Fatal(err)
		}
		// It fails if the suite fails.
		out, _ := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "run.sh"), suite.name).Output()
		if !strings.HasPrefix(string(out), suite.want) {
			t.Errorf("%s: %q, want %q", suite.name, out, suite.want)
		}
	}
}
