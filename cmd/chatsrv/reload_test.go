package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lines is the log of a running chatsrv.
type lines struct {
	mu      sync.Mutex // guards what follows
	all     []string
	changed chan struct{} // closed at the next change
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait returns the n-th line, from 1, that has these attributes.
func (l *lines) wait(t *testing.T, n int, want map[string]any) map[string]any {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		all, changed := l.all, l.changed
		l.mu.Unlock()
		found := 0
		for _, line := range all {
			var got map[string]any
			matches := json.Unmarshal([]byte(line), &got) == nil
			for key, value := range want {
				matches = matches && got[key] == value
			}
			if matches {
				found++
			}
			if matches && found == n {
				return got
			}
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("no line with %v in the log:\n%s", want, strings.Join(all, "\n"))
		}
	}
}

// settings writes a configuration file.
func settings(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(folder(t), "chatsrv.toml")
	rewrite(t, path, text)
	return path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAHangupReloadsTheFile(t *testing.T) {
	const fixed = "bind = \"127.0.0.1\"\nport = 0\nsniff-window = \"0s\"\n"
	path := settings(t, fixed+"max-line = 100\n")
	r := start(t, "--config", path, "--loops", "2")
	bob := r.dial()
	bob.sends("bob\n")
	bob.sees("commands\r\n")
	long := strings.Repeat("x", 90) + "\n"
	bob.sends(long + "/nosuch\n")
	bob.sees("*** unknown command /nosuch")

	rewrite(t, path, fixed+"max-line = 64\nname = \"other\"\nlog-level = \"debug\"\n")
	r.hangups <- syscall.SIGHUP
	r.log.wait(t, 1, map[string]any{"msg": "reloaded", "area": "config", "changed": 2.0, "need_restart": 1.0})
	r.log.wait(t, 1, map[string]any{"msg": "setting_changed", "setting": "max-line", "from": "100", "to": "64", "origin": path + ":4"})
	r.log.wait(t, 1, map[string]any{"msg": "setting_needs_restart", "level": "WARN", "setting": "name", "to": "other"})
	bob.sends(long)
	bob.sees("*** that line was longer than 64 bytes and was dropped\r\n")

	rewrite(t, path, fixed+"max-lien = 4096\nport = \"x\"\n")
	r.hangups <- syscall.SIGHUP
	r.log.wait(t, 1, map[string]any{"msg": "reload_failed", "level": "ERROR"})
	r.log.wait(t, 1, map[string]any{"msg": "reload_problem", "cause": path + ":5: not TOML: Key 'port' has already been defined (what follows was not looked at)"})
	rewrite(t, path, fixed+"max-lien = 4096\ngrace = \"x\"\n")
	r.hangups <- syscall.SIGHUP
	r.log.wait(t, 2, map[string]any{"msg": "reload_failed"})
	r.log.wait(t, 1, map[string]any{"msg": "reload_problem", "cause": path + ":4: max-lien: unknown key (did you mean max-line?)"})
	bob.sends(long)
	bob.sees("*** that line was longer than 64 bytes and was dropped\r\n")

	rewrite(t, path, fixed)
	r.hangups <- syscall.SIGHUP
	r.log.wait(t, 1, map[string]any{"msg": "setting_changed", "setting": "max-line", "to": "4096", "origin": "default"})
	bob.sends(long + "/quit\n")
	bob.sees("*** goodbye\r\n")
}

func TestAHangupReadsTheWordsAgainWithoutASettingsFile(t *testing.T) {
	words := settings(t, "mask: rumpelstiltskin\n")
	r := start(t, "-port", "0", "-bind", "127.0.0.1", "--words", words)
	bob, eve := r.dial(), r.dial()
	bob.sends("bob\n")
	bob.sees("commands\r\n")
	eve.sends("eve\n")
	eve.sees("commands\r\n")
	rewrite(t, words, "mask: thumbelina\n")
	r.hangups <- syscall.SIGHUP
	r.log.wait(t, 1, map[string]any{"msg": "reloaded", "words": 1.0})
	bob.sends("rumpelstiltskin and thumbelina\n")
	eve.sees("bob: rumpelstiltskin and **********\r\n")
	bob.sends("/quit\n")
	bob.sees("*** goodbye\r\n")
}

func TestAHangupNeverEndsAServerWithFiles(t *testing.T) {
	dir := folder(t)
	for _, flags := range [][]string{
		{"--chatlog", filepath.Join(dir, "chatlog")},
		{"--config", settings(t, "")},
		{"--words", settings(t, "mask: rumpelstiltskin\n")},
	} {
		r := start(t, append([]string{"-port", "0", "-bind", "127.0.0.1"}, flags...)...)
		r.hangups <- syscall.SIGHUP
		r.log.wait(t, 1, map[string]any{"msg": "reloaded"})
		c := r.dial()
		c.sends("bob\n/quit\n")
		c.sees("*** goodbye\r\n")
		_ = c.Close()
	}
}

func TestAHangupWithoutAFileEnds(t *testing.T) {
	r := start(t, "-port", "0", "-bind", "127.0.0.1")
	r.hangups <- syscall.SIGHUP
	if code := r.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r.log.wait(t, 1, map[string]any{"msg": "shutdown", "reason": "hangup"})
}

func TestCheckNamesEveryMistake(t *testing.T) {
	code, stdout, stderr := once(t, "check", "--config", settings(t, "prot = 1\ngrace = \"5\"\n"), "--loops", "0")
	if code != exitFailure || stdout != "" || strings.Count(stderr, "\n") != 3 {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	for _, want := range []string{"chatsrv: --loops: ", "chatsrv.toml:1: prot: unknown key (did you mean port?)\n", "chatsrv.toml:2: grace: "} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q lacks %q", stderr, want)
		}
	}
	code, _, stderr = once(t, "check", "--bind", "nonesuch%", "--backend", "none", "--log-file", "/nonesuch/log")
	if code != exitFailure || strings.Count(stderr, "\n") != 3 {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	dir := folder(t)
	if code, stdout, stderr := once(t, "check", "--config", settings(t, "port = 0\n"), "--log-file", filepath.Join(dir, "log")); code != 0 || stdout != "ok\n" || stderr != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("check leaves %v, %v", left, err)
	}
}

func TestTheFileTakesTrueAndFalse(t *testing.T) {
	for _, text := range []string{"guests = false\nflood-control = false\n", "guests = \"false\"\nflood-control = \"false\"\n"} {
		code, stdout, stderr := once(t, "config", "--config", settings(t, text))
		if code != 0 || !strings.Contains(stdout, "guests = false ") || stderr != "" {
			t.Errorf("%s: code %d, stdout\n%s\nstderr %q", text, code, stdout, stderr)
		}
	}
	if _, _, stderr := once(t, "check", "--config", settings(t, "guests = 1.5\n")); !strings.Contains(stderr, ":1: guests: is a number with a point, not true or false") {
		t.Errorf("%q", stderr)
	}
}

func TestConfigPrintsAFileThatCheckAccepts(t *testing.T) {
	path := settings(t, "port = 0\nbind = [\"127.0.0.1\"]\n")
	code, stdout, stderr := once(t, "config", "--config", path, "--name", "x")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "# "+path+":1\n") || !strings.Contains(stdout, `name = "x"                       # --name`) {
		t.Errorf("code %d, stdout\n%s\nstderr %q", code, stdout, stderr)
	}
	if code, _, stderr := once(t, "check", "--config", settings(t, stdout)); code != 0 {
		t.Errorf("check: %s", stderr)
	}
	if code, _, stderr := once(t, "config", "--config", settings(t, "prot = 0\n")); code != exitUsage || stderr == "" {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
}

// get asks for a page and returns its code and body.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	r, err := (&http.Client{Transport: transport, Timeout: patience}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func TestMetricsCountWhatHappens(t *testing.T) {
	r := start(t, "-port", "0", "-bind", "127.0.0.1", "--metrics", "0", "--grace", "1h")
	at, _ := r.log.wait(t, 1, map[string]any{"msg": "metrics", "profiles": false})["address"].(string)
	if !strings.HasPrefix(at, "127.0.0.1:") {
		t.Fatalf("served at %q", at)
	}
	_, port, _ := strings.Cut(r.address, ":")
	r.log.wait(t, 1, map[string]any{"msg": "start", "data": "none", "try": "telnet 127.0.0.1 " + port})
	bob := r.dial()
	bob.sends("bob\nhello\n/quit\n")
	bob.sees("*** goodbye\r\n")
	_ = bob.Close()
	eve := r.dial()
	eve.sends("eve\n")
	eve.sees("commands\r\n")
	code, body := get(t, "http://"+at+"/metrics")
	for _, want := range []string{
		"chatsrv_users 1\n", "chatsrv_logins_total 2\n", "chatsrv_messages_total 4\n", "chatsrv_connections_accepted_total 2\n",
		"chatsrv_connections_refused_total{reason=\"max_per_ip\"} 0\n", "chatsrv_log_lines_lost_total 0\n", "chatsrv_loop_turns_total ", "chatsrv_info{backend=\"",
		"chatsrv_logins_failed_total 0\n", "chatsrv_password_hashes_total 0\n", "chatsrv_password_hashes_waiting 0\n", "chatsrv_store_commit_seconds_bucket{le=\"0.001\"} ", "chatsrv_store_commit_seconds_count ",
		"chatsrv_store_size_bytes 0\n", "chatsrv_store_waiting_records ", "chatsrv_store_records_failed_total 0\n",
	} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("code %d, lacks %q", code, want)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/debug/pprof/": 404} {
		if code, body := get(t, "http://"+at+path); code != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	r.signals <- syscall.SIGTERM
	r.log.wait(t, 1, map[string]any{"msg": "shutdown"})
	if code, body := get(t, "http://"+at+"/readyz"); code != http.StatusServiceUnavailable || body != "shutting down\n" {
		t.Errorf("readyz: %d %q", code, body)
	}
	_ = eve.Close()
	if code := r.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestEveryMetricHasAUniqueNameAndAHelpText(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range measured() {
		values := 0
		for _, has := range []bool{m.Value != nil, m.ByLabel != nil, m.Histogram != nil} {
			if has {
				values++
			}
		}
		if seen[m.Name] || !strings.HasSuffix(m.Help, ".") || strings.HasSuffix(m.Name, "_total") != m.Counter || values != 1 {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
	}
}
