//go:build e2e && unix

package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeFile writes a file of settings.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// expect waits for a line in the log of the server.
func (s *server) expect(t *testing.T, want record) {
	t.Helper()
	if _, err := s.log.wait(s.ctx, want); err != nil {
		t.Fatal(err)
	}
}

func TestSIGHUPReloadsTheFileAndABadOneChangesNothing(t *testing.T) {
	path := filepath.Join(folder(t), "chatsrv.toml")
	const fixed = "bind = \"127.0.0.1\"\nsniff-window = \"0s\"\nmax-lag = \"1MiB\"\n"
	writeFile(t, path, fixed+"max-line = 200\n")
	s := start(t, "--config", path)
	c, err := s.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	long := strings.Repeat("x", 100) + "\n"
	says(t, c, "bob\n"+long+"/nosuch\n", "*** unknown command /nosuch")

	writeFile(t, path, fixed+"max-line = 64\nname = \"later\"\nlog-level = \"info,chat=debug\"\n")
	hangUp(t, s)
	s.expect(t, record{"msg": "setting_changed", "area": "config", "setting": "max-line", "from": "200", "to": "64", "origin": path + ":4"})
	s.expect(t, record{"msg": "setting_needs_restart", "setting": "name", "to": "later"})
	s.expect(t, record{"msg": "reloaded", "changed": "2", "need_restart": "1"})
	says(t, c, long, "*** that line was longer than 64 bytes and was dropped\r\n")

	writeFile(t, path, fixed+"max-lines = 128\ngrace = \"5\"\n")
	hangUp(t, s)
	s.expect(t, record{"level": "ERROR", "msg": "reload_problem", "cause": path + ":4: max-lines: unknown key (did you mean max-line?)"})
	s.expect(t, record{"level": "ERROR", "msg": "reload_failed"})
	says(t, c, strings.Repeat("y", 65)+"\n", "*** that line was longer than 64 bytes and was dropped\r\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	hangUp(t, s)
	s.expect(t, record{"level": "ERROR", "msg": "reload_problem", "cause": "--config: \"" + path + "\" does not exist"})
	says(t, c, "/quit\n", "*** goodbye\r\n")
	_ = c.Close()
	s.stops(t)
}

func hangUp(t *testing.T, s *server) {
	t.Helper()
	if err := s.signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// says sends lines and reads until want has come.
func says(t *testing.T, c net.Conn, lines, want string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, lines); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(got.String(), want); got.Write(b) {
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatalf("%v, waiting for %q after %q", err, want, got.String())
		}
	}
}

func TestSIGHUPWithoutAFileEndsTheServer(t *testing.T) {
	// Under nohup(1) a child would inherit that the signal is ignored. A caught signal
	// is reset to its default in a child.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	s := start(t, "--bind", "127.0.0.1")
	hangUp(t, s)
	s.expect(t, record{"msg": "shutdown", "reason": "hangup"})
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
}

func TestNohupKeepsAServerWithoutAFile(t *testing.T) {
	p := native()
	p.words = append([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh"}, p.words...)
	s := startProgram(t, p, "--bind", "127.0.0.1")
	hangUp(t, s)
	c, err := s.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	says(t, c, "bob\n/quit\n", "*** goodbye\r\n")
	_ = c.Close()
	s.stops(t)
}

func TestCheckAndConfigExplainAFile(t *testing.T) {
	loops := []string{"CHATSRV_LOOPS=2"}
	path := filepath.Join(folder(t), "chatsrv.toml")
	writeFile(t, path, "# mine\nprot = 9034\nbind = \"127.0.0.1\"\ngrace = \"5\"\n")
	stdout, stderr, code := command(t, loops, "check", "--config", path, "--max-line", "1")
	want := `chatsrv: --max-line: "1" is not a size from 64 to 32KiB (as in 4096, 64KiB, 1MiB)
chatsrv: ` + path + `:2: prot: unknown key (did you mean port?)
chatsrv: ` + path + `:4: grace: "5" is not a time from 0s to 1h, with its unit (as in 150ms, 30s, 10m, 90d)
`
	if code != 1 || stdout != "" || stderr != want {
		t.Errorf("check: code %d, stdout %q, stderr\n%s\nwant\n%s", code, stdout, stderr, want)
	}
	if _, stderr, code := command(t, loops, "--config", path); code != 2 || !strings.Contains(stderr, ":2: prot: ") {
		t.Errorf("serving: code %d, stderr %q", code, stderr)
	}
	writeFile(t, path, "port = 0\nbind = \"127.0.0.1\"\n")
	stdout, stderr, code = command(t, loops, "config", "--config", path, "--grace", "1s")
	for _, line := range []string{
		"port = 0                         # " + path + ":1\n", "grace = \"1s\"                     # --grace\n",
		"loops = 2                        # CHATSRV_LOOPS\n", "max-line = 4096                  # default\n",
	} {
		if code != 0 || stderr != "" || !strings.Contains(stdout, line) {
			t.Errorf("config: code %d, stderr %q, lacks %q:\n%s", code, stderr, line, stdout)
		}
	}
	writeFile(t, path, stdout)
	if stdout, stderr, code := command(t, loops, "check", "--config", path); code != 0 || stdout != "ok\n" {
		t.Errorf("check of what config printed: code %d, stderr %q", code, stderr)
	}
	if _, stderr, code := command(t, loops, "chekc"); code != 2 || stderr != "chatsrv: unknown command \"chekc\" (did you mean check?)\n" {
		t.Errorf("an unknown command: code %d, stderr %q", code, stderr)
	}
}

func TestMetricsAndHealthAreServed(t *testing.T) {
	s := start(t, "--bind", "127.0.0.1", "--metrics", "0", "--debug", "--grace", "1m")
	r, err := s.log.wait(s.ctx, record{"msg": "metrics"})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (code int, body string) {
		t.Helper()
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		answer, err := client.Get("http://" + r["address"] + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	c, err := s.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	says(t, c, "bob\nhello\n/list\n", "bob")
	code, body := get("/metrics")
	numbers := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(body)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			numbers[name] = value
		}
	}
	for name, want := range map[string]string{
		"chatsrv_connections": "1", "chatsrv_users": "1", "chatsrv_logins_total": "1", "chatsrv_connections_accepted_total": "1",
		`chatsrv_connections_refused_total{reason="max_clients"}`: "0", "chatsrv_log_lines_lost_total": "0",
	} {
		if code != http.StatusOK || numbers[name] != want {
			t.Errorf("code %d: %s is %q, want %s", code, name, numbers[name], want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/debug/pprof/goroutine?debug=1"} {
		if code, body := get(path); code != http.StatusOK {
			t.Errorf("%s: %d %.100q", path, code, body)
		}
	}
	if err := s.signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.expect(t, record{"msg": "shutdown"})
	if code, body := get("/readyz"); code != http.StatusServiceUnavailable || body != "shutting down\n" {
		t.Errorf("/readyz while it ends: %d %q", code, body)
	}
	_ = c.Close()
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", r["address"]); err == nil {
		t.Error("metrics are served after the end")
	}
}
