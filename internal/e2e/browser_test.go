//go:build e2e && linux

package e2e

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// browserPackages are those of npm that the test of the page needs.
var browserPackages = []string{"playwright-core@1.65.1", "axe-core@4.14.1", "@guidepup/virtual-screen-reader@0.33.0", "html-validate@11.21.1", "puppeteer-core@25.16.0"}

// browserTools returns node and the folder with the packages, or skips the test.
func browserTools(t *testing.T) (node, packages string) {
	t.Helper()
	node = find(t, "node")
	cache, err := os.UserCacheDir()
	if err != nil { // without a home, they are installed each time
		cache = t.TempDir()
	}
	packages = filepath.Join(cache, "netloop", "browser", strings.ReplaceAll(strings.Join(browserPackages, "_"), "/", "-"))
	if _, err := os.Stat(filepath.Join(packages, "done")); err == nil {
		return node, packages
	}
	if err := os.MkdirAll(packages, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	words := append([]string{"install", "--prefix", packages, "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"}, browserPackages...)
	if out, err := exec.CommandContext(ctx, find(t, "npm"), words...).CombinedOutput(); err != nil {
		switch {
		case ctx.Err() != nil: // without an answer, npm tries for minutes
			t.Skipf("%v are not in the cache, and npm could not get them within %v", browserPackages, patience)
		case !noRegistry(string(out)):
			t.Fatalf("npm can't install %v: %v\n%s", browserPackages, err, out)
		}
		t.Skipf("%v are not in the cache, and npm's registry can't be reached: %s", browserPackages, out)
	}
	if err := os.WriteFile(filepath.Join(packages, "done"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return node, packages
}

// find returns the path of a program, or skips the test.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s, which the tests of the page need, is not installed (make e2e installs it on Debian, but not firefox-esr)", name)
	}
	return path
}

// The page loses and doubles nothing when the server is killed, and when it is loaded again;
// it keeps its Content-Security-Policy, and asks no other host for anything.
func TestThePageInABrowser(t *testing.T) {
	browse(t, "page.mjs")
}

// The same in Firefox, which Debian calls firefox-esr: a user talks, reconnects and resumes.
func TestThePageInFirefox(t *testing.T) {
	browseWith(t, "firefox-esr", []string{"firefox.mjs"}, nil)
}

// A screen reader says each message once, with its author, its text and its time, and says in
// words what else the page shows by colour.
func TestThePageWithAScreenReader(t *testing.T) {
	browse(t, "reader.mjs")
}

// Everything can be done with the keyboard alone, and shows where the focus is.
func TestThePageWithTheKeyboard(t *testing.T) {
	browse(t, "keyboard.mjs")
}

// The messages stay where they are while older ones are loaded, and a room may be full.
func TestThePageWithALongHistoryAndACrowd(t *testing.T) {
	browse(t, "crowd.mjs", "--max-per-ip", "0", "--new-per-ip", "0")
}

// What people write is never more than text.
func TestThePageWithHostileTexts(t *testing.T) {
	browse(t, "hostile.mjs", "--max-per-ip", "0", "--new-per-ip", "0")
}

// E2E_PICTURES names a folder for pictures of the page, as in
//
//	E2E_PICTURES=/tmp/pictures go test -count=1 -tags e2e -run Pictures ./internal/e2e
//
// Two of them are in docs/images, with a palette of 64 colours (pngquant).
func TestThePageInPictures(t *testing.T) {
	to := os.Getenv("E2E_PICTURES")
	if to == "" {
		t.Skip("E2E_PICTURES does not name a folder for the pictures")
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	browseWith(t, "chromium", []string{"pictures.mjs", to}, nil)
}

// browse runs a script with Chromium.
func browse(t *testing.T, name string, flags ...string) {
	t.Helper()
	browseWith(t, "chromium", []string{name}, nil, flags...)
}

// browseWith runs a script, which is followed by its arguments, with a browser, and carries out
// what it asks for. other does what is not about the server, which is on a port; nil: nothing is.
func browseWith(t *testing.T, browser string, words []string, other func(port, line string), flags ...string) {
	t.Helper()
	browser = find(t, browser)
	node, packages := browserTools(t)
	dir, port, listed := folder(t), freePort(t), filepath.Join(t.TempDir(), "words")
	writeFile(t, listed, "flag: heldword\n")
	again := func() *server {
		return start(t, slices.Concat([]string{"--bind", "127.0.0.1", "--data", dir, "--port", port, "--words", listed}, flags)...)
	}
	s := again()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	words = slices.Concat([]string{filepath.Join("testdata", "browser", words[0]), port, packages, browser}, words[1:])
	script := exec.CommandContext(ctx, node, words...)
	script.SysProcAttr = mortal()
	script.WaitDelay = 5 * time.Second
	var said strings.Builder
	script.Stderr = &said
	in, err := script.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); line {
		case "kill":
			s.dies(t)
			s = again()
		case "stop":
			s.dies(t)
		case "start":
			s = again()
		default:
			if other == nil {
				t.Errorf("the script says %q", line)
				break
			}
			other(port, line)
		}
		if _, err := io.WriteString(in, "done\n"); err != nil {
			t.Error(err)
		}
	}
	if err := script.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &said)
	}
	s.stops(t)
}

// freePort returns a port that nothing listens on, for a server that is started again.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only to find a free port
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// noRegistry reports whether npm has failed for want of a network or of the packages there.
func noRegistry(out string) bool {
	return slices.ContainsFunc([]string{"ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "E403", "E404", "E503"}, func(code string) bool {
		return strings.Contains(out, code)
	})
}
