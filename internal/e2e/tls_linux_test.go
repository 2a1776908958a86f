//go:build e2e

package e2e

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tlsKinds are clients that speak TLS.
func tlsKinds() []clientKind {
	return []clientKind{
		{name: "openssl s_client", args: func(p place) []string { return []string{"openssl", "s_client", "-quiet", "-connect", p.address} }},
		{name: "openssl s_client, TLS 1.2", args: func(p place) []string {
			return []string{"openssl", "s_client", "-quiet", "-tls1_2", "-connect", p.address}
		}},
		{name: "ncat --ssl", args: func(p place) []string {
			host, port := hostPort(p)
			return []string{"ncat", "--ssl", host, port}
		}},
		{name: "socat OPENSSL", args: func(p place) []string { return []string{"socat", "-", "OPENSSL:" + p.address + ",verify=0"} }},
		{name: "nc", args: func(p place) []string {
			host, port := hostPort(p)
			return []string{"nc", host, port}
		}},
	}
}

// Real clients with and without TLS, over IPv4 and IPv6, talk in one room, on one port.
func TestOnePortServesTLSAndTelnet(t *testing.T) {
	requireClients(t)
	for _, backend := range native().backends(t) {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--bind", "127.0.0.1", "--bind", "::1", "--backend", backend, patientSniffing)
			var all []*client
			for i, kind := range tlsKinds() {
				c := kind.run(t, s, "c"+string(rune('a'+i)), s.places[i%2])
				succeed(t, c.types(c.name), c.shows(s.ctx, "*** you are in #lobby as "+c.name+", with "))
				all = append(all, c)
			}
			for _, c := range all {
				succeed(t, c.types("hello from "+c.kind.name))
				for _, other := range all {
					if other != c {
						succeed(t, other.shows(s.ctx, c.name+": hello from "+c.kind.name))
					}
				}
			}
			for _, c := range all {
				succeed(t, c.types("/quit"), c.shows(s.ctx, "*** goodbye"))
			}
			s.stops(t)
		})
	}
}

// openssl runs openssl with an empty input and returns what it prints.
func openssl(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(ctx, "openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The certificate and the ticket keys outlive a restart, and the certificate is the one whose
// fingerprint chatsrv prints.
func TestTLSSessionsAreResumedAfterARestart(t *testing.T) {
	requireClients(t)
	dir := folder(t)
	s := start(t, "--bind", "127.0.0.1", "--data", dir, patientSniffing)
	session := filepath.Join(folder(t), "session")
	connect := func(s *server, args ...string) string {
		return openssl(s.ctx, t, append([]string{"s_client", "-connect", s.places[0].address}, args...)...)
	}
	if text := connect(s, "-sess_out", session); !strings.Contains(text, "New, TLSv1.3") {
		t.Errorf("the first handshake:\n%s", text)
	}
	printed := tool(t, nil, chatsrv, "fingerprint", "--data", dir)
	file := filepath.Join(dir, "tls.pem")
	own := openssl(s.ctx, t, "x509", "-in", file, "-noout", "-fingerprint", "-sha256")
	_, sum, ok := strings.Cut(strings.TrimSpace(own), "=")
	if want := "sha256 " + sum + " " + file + "\n"; !ok || printed != want {
		t.Errorf("chatsrv fingerprint prints %q, want %q", printed, want)
	}
	s.stops(t)
	s = s.again()
	if text := connect(s, "-sess_in", session); !strings.Contains(text, "Reused, TLSv1.3") {
		t.Errorf("after a restart:\n%s", text)
	}
	s.stops(t)
}

// The suites and versions on offer, as a client sees them.
func TestOldTLSIsRefused(t *testing.T) {
	requireClients(t)
	s := start(t, "--bind", "127.0.0.1", patientSniffing)
	for _, args := range [][]string{
		{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"},
		{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384"},
		{"-alpn", "h2"},
	} {
		words := append([]string{"s_client", "-connect", s.places[0].address}, args...)
		out, err := exec.CommandContext(s.ctx, "openssl", words...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "alert") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	s.stops(t)
}
