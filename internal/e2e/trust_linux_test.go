//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the authority of a site signs is trusted in a browser for the site, and for nothing else.
func TestABrowserTrustsTheAuthorityForItsSiteAlone(t *testing.T) {
	browser := find(t, "chromium")
	node, packages := browserTools(t)
	for tool, where := range map[string]string{"certutil": "libnss3-tools", "openssl": "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (make e2e installs it on Debian: %s)", tool, where)
		}
	}
	dir, home := folder(t), folder(t)
	passphrase := filepath.Join(home, "passphrase")
	writeFile(t, passphrase, "correct horse\n")
	runs(t, chatsrv, "ca", "init", "--data", dir, "--permit", "chat.test", "--ca-passphrase", passphrase)
	root := filepath.Join(dir, "ca.pem")

	nss := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(nss, 0o700); err != nil {
		t.Fatal(err)
	}
	runs(t, "certutil", "-d", "sql:"+nss, "-N", "--empty-password")
	runs(t, "certutil", "-d", "sql:"+nss, "-A", "-t", "C,,", "-n", "authority", "-i", root)

	// A thief who has the key signs for another name.
	at := func(name string) string { return filepath.Join(home, name) }
	writeFile(t, at("ext"), "subjectAltName=DNS:other.test\nextendedKeyUsage=serverAuth\n")
	runs(t, "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other", "-keyout", at("other.key"), "-out", at("other.csr"))
	runs(t, "openssl", "x509", "-req", "-in", at("other.csr"), "-CA", root, "-CAkey", filepath.Join(dir, "ca-key.pem"), "-passin", "file:"+passphrase,
		"-days", "30", "-extfile", at("ext"), "-out", at("other.pem"))
	runs(t, "openssl", "verify", "-CAfile", root, "-verify_hostname", "chat.test", filepath.Join(dir, "tls-site.pem"))
	if out, err := exec.CommandContext(t.Context(), "openssl", "verify", "-CAfile", root, at("other.pem")).CombinedOutput(); err == nil || !strings.Contains(string(out), "permitted subtree violation") {
		t.Errorf("openssl: %v, %s", err, out)
	}

	port := func(s *server) string {
		_, port := hostPort(s.places[0])
		return port
	}
	site := start(t, "--bind", "127.0.0.1", "--data", dir)
	other := start(t, "--bind", "127.0.0.1", "--data", "none", "--tls-cert", at("other.pem"), "--tls-key", at("other.key"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	script := exec.CommandContext(ctx, node, "testdata/browser/trust.mjs", port(site), port(other), packages, browser, home)
	script.SysProcAttr = mortal()
	script.WaitDelay = 5 * time.Second
	if out, err := script.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// runs runs a program, which has to succeed.
func runs(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%s %q: %w\n%s", program, args, err, out))
	}
}
