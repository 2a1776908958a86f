package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const passphrase = "correct horse"

func TestMain(m *testing.M) {
	rounds = 1000
	os.Exit(m.Run())
}

// found makes an authority in a folder, and the certificate of a server with hosts.
func found(t *testing.T, dir string, now time.Time, hosts []string, permit ...string) (*Authority, *x509.Certificate) {
	t.Helper()
	scope, err := ParseScope(permit)
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewAuthority("Hill School", scope, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Save(dir, passphrase); err != nil {
		t.Fatal(err)
	}
	leaf, err := a.Issue(dir, hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	return a, leaf
}

// verify returns the error of a client that trusts the authority.
func verify(a *Authority, leaf *x509.Certificate, host string, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AddCert(a.Cert)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now})
	return err
}

func TestClientsThatTrustTheAuthorityAcceptItsScopeAlone(t *testing.T) {
	now := newClock().now
	unscoped, err := NewAuthority("x", Scope{}, now)
	if err != nil || ScopeOf(unscoped.Cert).String() != "localhost, 127.0.0.0/8, ::1" {
		t.Errorf("without a scope: %v, %v", ScopeOf(unscoped.Cert), err)
	}
	a, leaf := found(t, folder(t), now, []string{"10.1.2.3", "www.chat.example", "10.2.0.1", "other.example"}, "Chat.Example.", "10.1.0.0/16", "192.0.2.1")
	for _, host := range []string{"chat.example", "www.chat.example", "localhost", "10.1.2.3", "192.0.2.1"} {
		if err := verify(a, leaf, host, now); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"10.2.0.1", "other.example"} {
		if leaf.VerifyHostname(host) == nil {
			t.Errorf("signed for %s, which is not in the scope", host)
		}
	}
	// A thief who has the key signs these.
	for _, host := range []string{"other.example", "notchat.example", "example", "10.2.0.1", "8.8.8.8", "2001:db8::1"} {
		stolen, err := sign(nil, a, []string{host}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(a, stolen.Leaf, host, now); !isConstraint(err) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if got, want := ScopeOf(a.Cert).String(), "localhost, chat.example, 127.0.0.0/8, ::1, 10.1.0.0/16, 192.0.2.1"; got != want {
		t.Errorf("scope %q, want %q", got, want)
	}
}

func isConstraint(err error) bool {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && invalid.Reason == x509.CANotAuthorizedForThisName
}

func TestAnAuthorityCannotMakeOthersNorSignMail(t *testing.T) {
	now := newClock().now
	a, _ := found(t, folder(t), now, nil)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := newSerial()
	if err != nil {
		t.Fatal(err)
	}
	issue := func(parent *x509.Certificate, signer *ecdsa.PrivateKey, c x509.Certificate) *x509.Certificate {
		c.SerialNumber, c.NotBefore, c.NotAfter, c.BasicConstraintsValid = serial, now, now.Add(day), true
		der, err := x509.CreateCertificate(rand.Reader, &c, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	roots, below := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(a.Cert)
	other := issue(a.Cert, a.key, x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	below.AddCert(other)
	o := x509.VerifyOptions{Roots: roots, Intermediates: below, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if _, err := issue(other, key, x509.Certificate{DNSNames: []string{"localhost"}}).Verify(o); err == nil {
		t.Error("another authority below it is accepted")
	}
	mail := issue(a.Cert, a.key, x509.Certificate{EmailAddresses: []string{"head@chat.example"}})
	if _, err := mail.Verify(o); !isConstraint(err) {
		t.Errorf("mail: %v", err)
	}
	client := issue(a.Cert, a.key, x509.Certificate{DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := client.Verify(o); err == nil {
		t.Error("a client's certificate is accepted")
	}
}

func TestWhatCannotBePermittedIsAnError(t *testing.T) {
	for _, word := range []string{"", ".", "*.example", "a b", "0.0.0.0/0", "::/0", "10.0.0.0/33", "10.1.2/24", "fe80::1%eth0", "x/y", "-a.example", strings.Repeat("a", 64), "a..b"} {
		if s, err := ParseScope([]string{word}); err == nil || !strings.Contains(err.Error(), "can't be permitted") {
			t.Errorf("%q: %v, %v", word, s, err)
		}
	}
	s, err := ParseScope([]string{"Bücher.example", "localhost", "127.0.0.1", "10.9.8.7/8", "::ffff:192.0.2.1", "bücher.example"})
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	if err != nil || !slices.Equal(s.Names, []string{"xn--bcher-kva.example"}) || !slices.Equal(s.Networks, want) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestAnAuthorityIsOpenedWithItsPassphraseAlone(t *testing.T) {
	dir, now := folder(t), newClock().now
	if _, err := OpenAuthority(dir, passphrase); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no authority: %v", err)
	}
	a, first := found(t, dir, now, nil)
	if err := a.Save(dir, passphrase); !errors.Is(err, ErrAuthorityExists) {
		t.Errorf("a second one: %v", err)
	}
	if other, err := NewAuthority("x", Scope{}, now); err != nil || os.Remove(filepath.Join(dir, AuthorityKey)) != nil || !errors.Is(other.Save(dir, passphrase), ErrAuthorityExists) {
		t.Errorf("a second one whose key is missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, AuthorityKey)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key without its certificate is left: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, AuthorityFile)); err != nil {
		t.Fatal(err)
	}
	if err := a.Save(dir, passphrase); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "Correct horse", passphrase + "\n"} {
		if _, err := OpenAuthority(dir, wrong); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	again, err := OpenAuthority(dir, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.Issue(dir, nil, now.Add(day))
	if err != nil || verify(a, second, "localhost", now.Add(day)) != nil || !second.NotAfter.After(first.NotAfter) {
		t.Errorf("the second certificate: %v", err)
	}
	if key, ok := second.PublicKey.(*ecdsa.PublicKey); !ok || !key.Equal(first.PublicKey) {
		t.Error("another key")
	}
	for _, name := range []string{AuthorityFile, AuthorityKey, SiteFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, AuthorityKey)); err != nil || !strings.Contains(string(text), "ENCRYPTED PRIVATE KEY") {
		t.Errorf("the key's file: %v, %q", err, text)
	}
}

func TestDamagedFilesOfAnAuthorityAreAnError(t *testing.T) {
	now := newClock().now
	other := folder(t)
	found(t, other, now, nil)
	otherKey, err := os.ReadFile(filepath.Join(other, AuthorityKey))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		file, text, want string
	}{
		{AuthorityFile, "nonsense", "is not PEM"},
		{AuthorityFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", AuthorityFile},
		{AuthorityKey, "nonsense", "is not PEM"},
		{AuthorityKey, string(otherKey), "does not belong"},
	} {
		dir := folder(t)
		found(t, dir, now, nil)
		if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenAuthority(dir, passphrase); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v", test.file, test.text, err)
		}
	}
}

func TestAServerTakesTheCertificateOfItsAuthority(t *testing.T) {
	c, dir := newClock(), folder(t)
	o := Options{Folder: dir, Hosts: []string{"localhost"}, Now: c.at}
	k := open(t, o)
	own := k.Leaf()
	if k.Authority() != nil || k.Check().Reloaded {
		t.Error("there is an authority before it was made")
	}
	a, leaf := found(t, dir, c.now, o.Hosts, "chat.example")
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !key.Equal(own.PublicKey) {
		t.Error("it has another key than the self-signed one")
	}
	if r := k.Check(); !r.Reloaded || !k.Leaf().Equal(leaf) || k.Authority() == nil || !k.Authority().Equal(a.Cert) || k.Trusted() {
		t.Errorf("while it runs: %+v", r)
	}
	if at, which := k.Expires(); !at.Equal(leaf.NotAfter) || filepath.Base(which) != SiteFile {
		t.Errorf("it expires %v, %s", at, which)
	}
	state, err := dial(t, k, &tls.Config{ServerName: "chat.example"})
	if err != nil || verify(a, state.PeerCertificates[0], "chat.example", c.now) != nil {
		t.Errorf("a client: %v", err)
	}
	if k = open(t, o); !k.Leaf().Equal(leaf) {
		t.Error("after a restart")
	}
	// Without it the self-signed one is back, as it was.
	if err := os.Remove(filepath.Join(dir, SiteFile)); err != nil {
		t.Fatal(err)
	}
	if r := k.Check(); !r.Reloaded || !k.Leaf().Equal(own) || k.Authority() != nil {
		t.Errorf("removed: %+v", r)
	}
	// The certificate of an authority that is not there any more is used, but there is nothing to trust.
	if _, err := a.Issue(dir, nil, c.now); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, AuthorityFile)); err != nil {
		t.Fatal(err)
	}
	if k.Check(); k.Authority() != nil || k.Leaf().Equal(own) {
		t.Error("without the authority's certificate")
	}
	if err := os.WriteFile(filepath.Join(dir, SiteFile), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := k.Leaf()
	if r := k.Check(); r.Err == nil || !strings.Contains(r.Err.Error(), "chatsrv ca issue") || !k.Leaf().Equal(before) {
		t.Errorf("damaged: %+v", r)
	}
}

func TestAServerRenewsWhatItsAuthorityHasSignedIfItKnowsThePassphrase(t *testing.T) {
	c, dir := newClock(), folder(t)
	a, leaf := found(t, dir, c.now, []string{"localhost"}, "chat.example", "10.0.0.0/8")
	o := Options{Folder: dir, Hosts: []string{"localhost", "192.0.2.1"}, Now: c.at}
	k := open(t, o)
	k.Check()
	c.now = c.now.Add(61 * day)
	if r := k.Check(); r.Err != nil || !r.Warn || filepath.Base(r.Which) != SiteFile || !k.Leaf().Equal(leaf) {
		t.Errorf("without the passphrase: %+v", r)
	}
	o.Passphrase = func() (string, error) { return "wrong", nil }
	k = open(t, o)
	if r := k.Check(); !errors.Is(r.Err, ErrPassphrase) || !k.Leaf().Equal(leaf) {
		t.Errorf("with a wrong one: %+v", r)
	}
	missing := errors.New("no such file")
	o.Passphrase = func() (string, error) { return "", missing }
	k = open(t, o)
	if r := k.Check(); !errors.Is(r.Err, missing) {
		t.Errorf("without its file: %+v", r)
	}
	asked := 0
	o.Passphrase = func() (string, error) { asked++; return passphrase, nil }
	k = open(t, o)
	if r := k.Check(); r.Err != nil || !r.Reloaded || verify(a, k.Leaf(), "chat.example", c.now.Add(89*day)) != nil || asked != 1 {
		t.Errorf("with it: %+v, asked %d times", r, asked)
	}
	renewed := k.Leaf()
	c.now = c.now.Add(2 * time.Hour)
	if k.Check(); asked != 1 || !k.Leaf().Equal(renewed) {
		t.Errorf("it is renewed too soon: asked %d times", asked)
	}
	// The machine has got an address of the scope.
	k.o.Hosts = append(k.o.Hosts, "10.1.2.3", "bücher.example")
	c.now = c.now.Add(2 * time.Hour)
	if k.Check(); asked != 2 || k.Leaf().VerifyHostname("10.1.2.3") != nil {
		t.Errorf("a new address: asked %d times, %v", asked, k.Leaf().IPAddresses)
	}
	c.now = c.now.Add(2 * time.Hour)
	if k.Check(); asked != 2 {
		t.Error("renewed for a name that can't be in a certificate")
	}
}

func TestNothingOutlivesTheAuthority(t *testing.T) {
	c, dir := newClock(), folder(t)
	a, _ := found(t, dir, c.now, nil)
	asked := 0
	o := Options{Folder: dir, Now: c.at, Passphrase: func() (string, error) { asked++; return passphrase, nil }}
	c.now = a.Cert.NotAfter.Add(-20 * day)
	k := open(t, o)
	if k.Check(); asked != 1 || !k.Leaf().NotAfter.Equal(a.Cert.NotAfter) {
		t.Errorf("asked %d times, valid until %v", asked, k.Leaf().NotAfter)
	}
	c.now = c.now.Add(2 * time.Hour)
	if r := k.Check(); asked != 1 || r.Err != nil {
		t.Errorf("renewed without need: asked %d times, %+v", asked, r)
	}
	if _, err := a.Issue(dir, nil, a.Cert.NotAfter); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("after its end: %v", err)
	}
}

func TestCertificatesThatThisMachineDoesNotTrustAreNotTrusted(t *testing.T) {
	dir := folder(t)
	_, leaf := found(t, dir, time.Now(), nil)
	path := filepath.Join(dir, SiteFile)
	if k := open(t, Options{Pairs: []Pair{{path, path}}}); k.Trusted() || !k.Leaf().Equal(leaf) || k.Authority() != nil {
		t.Error("given as a pair, it is trusted")
	}
}
