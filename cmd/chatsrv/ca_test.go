package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/certs"
)

// authority runs chatsrv ca with what is typed, which is a passphrase.
func authority(t *testing.T, typed string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	in, err := os.CreateTemp(folder(t), "")
	if err == nil {
		_, err = in.WriteString(typed)
	}
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var out, errs bytes.Buffer
	p := program{stdin: in, stdout: &out, stderr: &errs, env: ephemeral, signals: make(chan os.Signal), exit: func(int) {}}
	code = p.run(append([]string{"ca"}, args...))
	return code, out.String(), errs.String()
}

func TestAnAuthorityIsMadeShownAndUsed(t *testing.T) {
	dir := filepath.Join(folder(t), "new")
	code, out, errs := authority(t, "correct horse\n", "init", "--data", dir, "--name", "Hill School", "--permit", "chat.example", "--permit=10.1.0.0/16")
	if code != 0 || errs != "" {
		t.Fatalf("init: %d, %q", code, errs)
	}
	root, err := certs.ReadAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Hill School", "localhost, chat.example, 127.0.0.0/8, ::1, 10.1.0.0/16", certs.Fingerprint(root), "/trust", certs.SiteFile, "within a minute"} {
		if !strings.Contains(out, want) {
			t.Errorf("init: no %q in %q", want, out)
		}
	}
	_, shown, _ := authority(t, "", "show", "--data", dir)
	if !strings.HasPrefix(out, shown) {
		t.Errorf("show: %q, init: %q", shown, out)
	}
	file := filepath.Join(folder(t), "passphrase")
	if err := os.WriteFile(file, []byte("correct horse\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = authority(t, "", "issue", "--data", dir, "--ca-passphrase", file, "--tls-cert", "a", "--tls-key", "b")
	if code != 0 || !strings.Contains(out, "by itself") || !strings.Contains(out, "it has --tls-cert") {
		t.Errorf("issue: %d, %q, %q", code, out, errs)
	}
	if _, out, _ := once(t, "fingerprint", "--data", dir); !strings.Contains(out, certs.SiteFile) {
		t.Errorf("fingerprint: %q", out)
	}

	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
	}
	r := start(t, "--port", "0", "--bind", "127.0.0.1", "--data", dir)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	a, err := client.Get("https://" + r.address + "/trust/check")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(a.Body)
	if _ = a.Body.Close(); err != nil || !strings.Contains(string(page), "It works") || a.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("the page: %v, %v, %.200q", err, a.Header, page)
	}
}

func TestMistakesWithAnAuthority(t *testing.T) {
	made, none := folder(t), folder(t)
	if code, _, errs := authority(t, "correct horse", "init", "--data", made); code != 0 {
		t.Fatalf("init: %q", errs)
	}
	for _, test := range []struct {
		args, typed, data string
		code              int
		want              string
	}{
		{"", "", none, exitUsage, "usage: chatsrv ca init"},
		{"init twice", "", none, exitUsage, "usage: chatsrv ca init"},
		{"shwo", "", none, exitUsage, "did you mean show?"},
		{"init --permit", "", none, exitUsage, "--permit needs a name"},
		{"init --permit *.example", "", none, exitUsage, `"*.example" can't be permitted`},
		{"init --permit=", "", none, exitUsage, `"" can't be permitted`},
		{"show --permit x", "", none, exitUsage, "can't be changed"},
		{"show", "", none, exitFailure, "there is no authority in " + none},
		{"issue", "correct horse", none, exitFailure, "chatsrv ca init makes one"},
		{"issue", "wrong", made, exitFailure, "the passphrase is wrong"},
		{"issue", "", made, exitFailure, "no passphrase was given"},
		{"issue --ca-passphrase /nonesuch", "", made, exitFailure, "see --ca-passphrase"},
		{"init", "correct horse", made, exitFailure, "move ca.pem and ca-key.pem away first"},
		{"init", "seven77", none, exitFailure, "shorter than 8 bytes"},
		{"init", "", none, exitFailure, "no passphrase was given"},
		{"init", "correct horse", "none", exitFailure, "store nothing on disk"},
		{"init --tls off", "correct horse", none, exitFailure, "there is no TLS"},
	} {
		args := append(strings.Fields(test.args), "--data", test.data)
		if code, _, errs := authority(t, test.typed, args...); code != test.code || !strings.Contains(errs, test.want) {
			t.Errorf("%q: %d, %q; want %d, %q", args, code, errs, test.code, test.want)
		}
	}
	if left, err := os.ReadDir(none); err != nil || len(left) > 0 {
		t.Errorf("mistakes have left %v, %v", left, err)
	}
	if code, out, _ := authority(t, "", "--help"); code != 0 || !strings.Contains(out, "init") || !strings.Contains(out, "--permit") {
		t.Errorf("help: %d, %q", code, out)
	}
}
