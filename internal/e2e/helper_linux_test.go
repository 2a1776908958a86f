//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A helper is a program, or a folder of suites, that tests run besides the
// server for this system. Building one takes minutes on a busy machine.
type helper struct {
	name string   // its file, or its folder
	env  []string // to build for another system
	// words are the command that builds it, to be followed by its path and the packages.
	words, packages []string
}

// server returns the helper that is a server for another processor.
func (p processor) server() helper { return serverFor("linux", p.arch) }

func serverFor(system, arch string) helper {
	name := strings.Join([]string{"chatsrv", system, arch}, "_")
	if system == "windows" {
		name += ".exe"
	}
	return helper{
		name:     name,
		env:      []string{"GOOS=" + system, "GOARCH=" + arch, "CGO_ENABLED=0"},
		words:    []string{"go", "build", "-o"},
		packages: []string{"github.com/sudoXpg/netloop/cmd/chatsrv"},
	}
}

// tests returns the helper that is a folder of suites, which are built and run as
// for machines without Go.
func (p processor) tests() helper {
	h := suitesFor("linux", p.arch)
	for _, s := range p.suites {
		h.packages = append(h.packages, "./"+s)
	}
	return h
}

func suitesFor(system, arch string) helper {
	return helper{
		name:  strings.Join([]string{"suites", system, arch}, "_"),
		words: []string{"sh", "../../scripts/suites.sh", system + "/" + arch},
	}
}

// winePreparer returns the program that prepares a folder for Wine.
func winePreparer() helper {
	return helper{name: "wine", words: []string{"go", "build", "-o"}, packages: []string{"github.com/sudoXpg/netloop/internal/wine"}}
}

// chatClient returns the terminal client for this system.
func chatClient() helper {
	return helper{name: "chat", words: []string{"go", "build", "-o"}, packages: []string{"github.com/sudoXpg/netloop/cmd/chat"}}
}

// helpers returns all of them.
func helpers() []helper {
	all := []helper{chatClient(), serverFor("windows", "amd64"), suitesFor("windows", "amd64"), winePreparer()}
	for _, p := range processors() {
		all = append(all, p.server(), p.tests())
	}
	return all
}

// helpersVariable names a folder that may already contain helpers.
const helpersVariable = "E2E_HELPERS"

// building keeps two tests from building the same helper.
var building sync.Mutex

// path returns where the helper is. A missing one is built, however long that takes:
// the time does not matter to the test.
func (h helper) path() (string, error) {
	building.Lock()
	defer building.Unlock()
	dir := os.Getenv(helpersVariable)
	if dir == "" {
		dir = filepath.Join(scratch, "helpers")
	}
	path := filepath.Join(dir, h.name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unfinished := path + ".unfinished"
	words := slices.Concat(h.words, []string{unfinished}, h.packages)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env, cmd.SysProcAttr = append(environment(), h.env...), mortal()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", h.name, err, out)
	}
	return path, os.Rename(unfinished, path)
}

// at is path for a test.
func (h helper) at(t *testing.T) string {
	t.Helper()
	path, err := h.path()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// scripts/e2e.sh runs this first, without a limit on its time, and keeps the helpers
// for the run of all tests.
func TestTheHelpersAreBuilt(t *testing.T) {
	if os.Getenv(helpersVariable) == "" {
		t.Skip("each test builds what it needs: " + helpersVariable + " names no folder")
	}
	for _, h := range helpers() {
		h.at(t)
	}
}
