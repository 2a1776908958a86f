//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// A pass under Wine is evidence that the code for Windows does what it was
// meant to do, as far as Wine is like Windows. It is not a pass on Windows.

// wineFolder is where Wine keeps its Windows: made when it is first asked for.
var wineFolder = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "wine")
	out, err := exec.Command("go", "run", "github.com/sudoXpg/netloop/internal/wine", dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w (make e2e installs Wine on Debian)\n%s", err, out)
	}
	// Otherwise the first program starts the services, and they hold on to its
	// output: what they write is taken for the program's, and has no end.
	for _, words := range [][]string{{"wineserver", "--persistent"}, {"wine", "cmd", "/c", "exit"}} {
		if err := inWine(dir, words...).Run(); err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		}
	}
	return dir, nil
})

// inWine returns a command of Wine's own.
func inWine(dir string, words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+dir, "WINEDEBUG=-all")
	return cmd
}

// wine returns the words before those of a program for Windows. The process they
// start is that program's.
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
	// One start in 4,000 fails where the kernel has put something at the one
	// address that Wine needs ("failed to map the shared user data: c0000018"), so
	// it is kept from choosing addresses at random. Some containers forbid that.
	if exec.Command("setarch", "--addr-no-randomize", "true").Run() == nil {
		words = append(words, "setarch", "--addr-no-randomize")
	}
	return append(words, "wine")
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
	exe := filepath.Join(folder(t), "chatsrv.exe")
	tool(t, []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"}, "go", "build", "-o", exe, "github.com/sudoXpg/netloop/cmd/chatsrv")
	return program{words: append(words, exe), hasty: true, noDisk: "Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs", skip: map[string]string{
		"A connection that is reset has left, too.": "Wine 8 reads the end of the stream after a reset, not WSAECONNRESET",
	}}
}

func TestTheSuitesPassUnderWine(t *testing.T) {
	words := wine(t)
	dir := folder(t)
	tool(t, nil, "sh", "../../scripts/suites.sh", "windows/amd64", dir)
	t.Log(tool(t, []string{looptest.ExecVariable + "=" + strings.Join(words, " "), "SIM_SEEDS=10"}, "sh", filepath.Join(dir, "run.sh")))
}

func TestTheServerForWindowsHoldsConversations(t *testing.T) {
	holdConversations(t, windows(t), transports()[:2]) // Wine 8 has no Unix sockets
}

// What people do with a downloaded server: chatsrv -6 -port N, and telnet ::1 N.
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

func TestNobodyMissesALineFromWindows(t *testing.T) {
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
