//go:build e2e

package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/osutil/disktest"
)

// smallDisk mounts a file system of 1 MiB with a ballast file to remove.
func smallDisk(t *testing.T) (dir, ballast string) {
	t.Helper()
	dir = folder(t)
	disktest.Mount(t, dir, "1m")
	ballast = filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 300<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, ballast
}

// get makes a request to the server's metrics listener.
func (s *server) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r, err := s.log.wait(s.ctx, record{"msg": "metrics"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r["address"]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// A talker sends lines and records which of them are saved.
type talker struct {
	*person
	said  int
	saved map[uint64]string // shared by all talkers
}

// says makes p send a line, and reports whether it was saved.
func (p *talker) says(t *testing.T, size int) bool {
	t.Helper()
	p.said++
	line := p.name + " " + strconv.Itoa(p.said) + " " + strings.Repeat("x", size)
	if err := p.send(line + "\r\n"); err != nil {
		t.Fatal(err)
	}
	for {
		answer, err := p.until("\r\n")
		if err != nil {
			t.Fatal(err)
		}
		m := receipt.FindStringSubmatch(answer)
		switch {
		case m != nil:
			id, err := strconv.ParseUint(m[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			p.saved[id] = line
			return true
		case strings.Contains(answer, "not saved"):
			if !strings.Contains(answer, "space") && !strings.Contains(answer, "full") {
				t.Errorf("not saved, and why? %q", answer)
			}
			return false
		case strings.HasPrefix(answer, "*** "):
			t.Fatalf("%s sees %q", p.name, answer)
		}
	}
}

func TestAFullDiskIsReportedAndRecoveredFrom(t *testing.T) {
	t.Parallel()
	dir, ballast := smallDisk(t)
	keepIn(t, dir, []Account{{Name: "judge", Role: "admin"}})
	s := startKeeping(t, dir, "--metrics", "127.0.0.1:0")
	judge := registered(t, s, "judge")
	saved := make(map[uint64]string)
	var talkers []*talker
	for _, name := range []string{"alice", "bob"} {
		p := &talker{guest(t, s, name), 0, saved}
		p.answer(t, "/set receipts on")
		talkers = append(talkers, p)
	}
	talkers[0].answer(t, "")
	if status, body := s.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("before: %d, %q", status, body)
	}
	for i := 0; talkers[i%2].says(t, 3000); i++ {
		if i == 1000 {
			t.Fatal("the disk does not get full")
		}
	}
	if _, err := judge.until("messages are not being saved"); err != nil {
		t.Fatal(err)
	}
	s.expect(t, record{"level": "ERROR", "msg": "not_saved"})
	if status, body := s.get(t, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("while nothing is saved: %d, %q", status, body)
	}
	unsaved := 0
	for i := range 20 {
		if !talkers[i%2].says(t, 3000) {
			unsaved++
		}
	}
	// The chat continues.
	if _, err := judge.until("bob " + strconv.Itoa(talkers[1].said) + " xxx"); err != nil {
		t.Error(err)
	}
	// A moderator is told that an act was not saved.
	if said := judge.answer(t, "/ban mallory 1h"); !strings.Contains(said, "mallory") || !strings.Contains(said, "not saved") {
		t.Errorf("a ban that can't be kept: %q", said)
	}
	t.Logf("%d lines fit, %d of 20 did not; %d times not_saved", len(saved), unsaved, strings.Count(s.log.String(), "msg=not_saved"))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.expect(t, record{"msg": "saved_again"})
	if _, err := judge.until("saved again"); err != nil {
		t.Fatal(err)
	}
	t.Logf("saved again after %v", time.Since(began))
	if status, body := s.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("after: %d, %q", status, body)
	}
	for _, p := range talkers {
		if !p.says(t, 3000) {
			t.Errorf("what %s said after that was not saved", p.name)
		}
	}
	have := posts(t, dir)
	for id, line := range saved {
		if have[id] != line {
			t.Errorf("#%d was promised, and is %.40q", id, have[id])
		}
	}
	if len(have) != len(saved) {
		t.Errorf("%d messages are kept, %d were promised", len(have), len(saved))
	}
	if out := on(t, dir, "verify"); out != "ok\n" {
		t.Errorf("verify: %q", out)
	}
	leave(t, []*person{judge, talkers[0].person, talkers[1].person})
	s.stops(t)
}

func TestAFullDiskIsReportedAtTheStart(t *testing.T) {
	t.Parallel()
	dir, ballast := smallDisk(t)
	keepIn(t, dir, nil)
	f, err := os.OpenFile(ballast, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
	_, stderr, code := command(t, nil, "--port", "0", "--bind", "127.0.0.1", "--data", dir)
	if code != 1 || !strings.HasPrefix(stderr, "chatsrv: ") || !strings.Contains(stderr, dir) || !strings.Contains(stderr, "--data") {
		t.Errorf("code %d, %q", code, stderr)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	startKeeping(t, dir).stops(t)
}
