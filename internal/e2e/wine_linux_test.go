//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A pass under Wine is evidence that the code for Windows works, as far as Wine
// is like Windows. It is not a pass on Windows.

// wineFolder is the Wine prefix, which is created at its first use.
var wineFolder = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "wine")
	prepare, err := winePreparer().path()
	if err != nil {
		return "", err
	}
	if out, err := inWine(dir, prepare, dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w (make e2e installs Wine on Debian)\n%s", err, out)
	}
	// Otherwise the first program starts the services, which keep its output
	// open: their output would be mixed with the program's, and never end.
	for _, words := range [][]string{{"wineserver", "--persistent"}, {"wine", "cmd", "/c", "exit"}} {
		if err := inWine(dir, words...).Run(); err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		}
	}
	return dir, nil
})

// belowRoot returns the words before those of a program of Wine: none, or those that
// run it in a root folder with a newer Wine than this system has (scripts/wine10.sh).
var belowRoot = sync.OnceValues(func() ([]string, error) {
	root := os.Getenv("E2E_WINE_ROOT")
	if root == "" {
		return nil, nil
	}
	script, err := filepath.Abs("../../scripts/in-root.sh")
	return []string{"sh", script, root}, err
})

// inWine returns a command of Wine itself.
func inWine(dir string, words ...string) *exec.Cmd {
	before, err := belowRoot()
	words = slices.Concat(before, words)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Err = errors.Join(cmd.Err, err)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+dir, "WINEDEBUG=-all")
	return cmd
}

// wineVersion returns the major version of Wine.
func wineVersion(t *testing.T) (major int) {
	t.Helper()
	dir, err := wineFolder()
	if err != nil {
		t.Fatal(err)
	}
	out, err := inWine(dir, "wine", "--version").Output()
	if err == nil {
		_, err = fmt.Sscanf(string(out), "wine-%d", &major)
	}
	if err != nil {
		t.Fatalf("wine --version: %q, %v", out, err)
	}
	return major
}

// wine returns the words before those of a program for Windows. The process that
// they start is that of the program.
func wine(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no Go here to build for Windows with")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("Wine runs programs for the processor that it was built for, and the tests build for amd64")
	}
	dir, err := wineFolder()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"env", "WINEPREFIX=" + dir, "WINEDEBUG=-all"}
	// One start in 4,000 fails because the kernel has mapped something at the one
	// address that Wine needs ("failed to map the shared user data: c0000018"), so
	// address randomization is turned off. Some containers forbid that.
	if exec.Command("setarch", "--addr-no-randomize", "true").Run() == nil {
		words = append(words, "setarch", "--addr-no-randomize")
	}
	before, err := belowRoot()
	if err != nil {
		t.Fatal(err)
	}
	return append(append(words, before...), "wine")
}

// stopWine ends the services of Wine, if any test has started them.
func stopWine() error {
	dir := filepath.Join(scratch, "wine")
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	return inWine(dir, "wineserver", "--kill").Run()
}

// windows returns the server for Windows.
func windows(t *testing.T) program {
	t.Helper()
	words := wine(t)
	exe := serverFor("windows", "amd64").at(t)
	p := program{words: append(words, exe), wine: true, skip: map[string]string{
		"A client whose connection is reset has left, too.": "Wine reads the end of the stream after a reset, not WSAECONNRESET",
	}}
	if wineVersion(t) < 10 {
		p.noDisk = "Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs"
	}
	return p
}

func TestTheSuitesPassUnderWine(t *testing.T) {
	words := wine(t)
	dir := suitesFor("windows", "amd64").at(t)
	runSuites(t, words, dir, "")
}

func TestTheServerForWindowsHoldsConversations(t *testing.T) {
	holdConversations(t, windows(t), transports()[:2]) // Wine has no Unix sockets
}

// A typical use of a downloaded server: chatsrv -6 -port N, and telnet ::1 N.
func TestTheServerForWindowsServesTelnet(t *testing.T) {
	requireClients(t)
	p := windows(t)
	for _, backend := range p.backends(t) {
		for family, host := range map[string]string{"-4": "127.0.0.1", "-6": "::1"} {
			t.Run(backend+"/"+family, func(t *testing.T) {
				t.Parallel()
				chatOverTelnet(t, startProgram(t, p, family, "--backend", backend).at(t, host))
			})
		}
	}
}

func TestNoReaderMissesALineFromWindows(t *testing.T) {
	p := windows(t)
	for _, backend := range p.backends(t) {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			t.Run("one of four never reads", func(t *testing.T) {
				oneNeverReads(t, startProgram(t, p, "--bind", "127.0.0.1", "--stall-timeout", "1h", "--max-lag", "256KiB", "--backend", backend))
			})
			t.Run("two hundred and one that never reads", func(t *testing.T) {
				s := startProgram(t, p, "--bind", "127.0.0.1", "--bind", "::1", "--stall-timeout", "1h", "--backend", backend)
				crowd(t, s, 200, 1000)
				s.stops(t)
			})
		})
	}
}
