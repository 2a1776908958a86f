package certs

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/testcert"
)

// A clock is the time of a test.
type clock struct{ now time.Time }

func (c *clock) at() time.Time { return c.now }

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Second)} }

func open(t *testing.T, o Options) *Keeper {
	t.Helper()
	k, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// dial does a handshake with k and returns what the client sees.
func dial(t *testing.T, k *Keeper, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	client.InsecureSkipVerify, client.Time = true, k.o.Now //nolint:gosec // self-signed
	ln, err := net.Listen("tcp", "127.0.0.1:0")            // not a net.Pipe, on which two alerts block each other
	if err != nil {
		t.Fatal(err)
	}
	b, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ln.Accept()
	if err := errors.Join(err, ln.Close()); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		s := tls.Server(a, k.Config())
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte("x"))
		}
		served <- errors.Join(err, a.Close())
	}()
	c := tls.Client(b, client)
	err = c.Handshake()
	if err == nil {
		_, err = c.Read(make([]byte, 1)) // the session ticket comes with it
	}
	state := c.ConnectionState()
	return state, errors.Join(err, b.Close(), <-served)
}

func TestASelfSignedCertificateIsMadeOnce(t *testing.T) {
	c := newClock()
	o := Options{Folder: folder(t), Hosts: []string{"chat.example", "192.0.2.1", "::1"}, Now: c.at}
	first := open(t, o).Leaf()
	if err := first.VerifyHostname("chat.example"); err != nil {
		t.Error(err)
	}
	for _, ip := range o.Hosts[1:] {
		if err := first.VerifyHostname(ip); err != nil {
			t.Error(err)
		}
	}
	if left := first.NotAfter.Sub(c.now); left < 365*day-time.Minute || left > 366*day {
		t.Errorf("valid for %v", left)
	}
	if info, err := os.Stat(filepath.Join(o.Folder, SelfSigned)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	c.now = c.now.Add(334 * day)
	if again := open(t, o).Leaf(); !again.Equal(first) {
		t.Error("another certificate after a restart")
	}
	c.now = c.now.Add(2 * day)
	k := open(t, o)
	renewed := k.Leaf()
	if renewed.Equal(first) || !renewed.NotAfter.After(first.NotAfter) || fmt.Sprint(renewed.PublicKey) != fmt.Sprint(first.PublicKey) {
		t.Error("30 days before its end the certificate is not renewed with the same key")
	}
	c.now = c.now.Add(360 * day)
	if err := k.Reload(); err != nil || k.Leaf().Equal(renewed) {
		t.Errorf("Reload does not renew it: %v", err)
	}
}

func TestWithoutAFolderACertificateIsKeptInMemory(t *testing.T) {
	c := newClock()
	k := open(t, Options{Hosts: []string{"localhost"}, Now: c.at})
	first := k.Leaf()
	if err := errors.Join(k.Reload(), k.RotateTickets()); err != nil || !k.Leaf().Equal(first) {
		t.Errorf("Reload makes another one: %v", err)
	}
	c.now = c.now.Add(350 * day)
	if err := k.Reload(); err != nil || k.Leaf().Equal(first) || fmt.Sprint(k.Leaf().PublicKey) != fmt.Sprint(first.PublicKey) {
		t.Errorf("Reload does not renew it with the same key: %v", err)
	}
}

func TestADamagedSelfSignedCertificateIsAnError(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, SelfSigned)
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Folder: dir}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
}

// folder is t.TempDir without an error for what is not removed: on Wine 8, os.RemoveAll
// fails ("Invalid function").
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "certs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// write writes a certificate and its key to files of a folder.
func write(t *testing.T, dir, name string, cert tls.Certificate) Pair {
	t.Helper()
	text, err := encode(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, key := pem.Decode(text)
	p := Pair{filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")}
	if err := errors.Join(os.WriteFile(p.Cert, pem.EncodeToMemory(block), 0o600), os.WriteFile(p.Key, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAClientGetsTheCertificateOfTheNameItAsksFor(t *testing.T) {
	dir := folder(t)
	k := open(t, Options{Pairs: []Pair{
		write(t, dir, "a", testcert.New("a.test")), write(t, dir, "b", testcert.New("b.test", "*.b.test")),
	}})
	for name, want := range map[string]string{"a.test": "a.test", "b.test": "b.test", "x.b.test": "b.test", "unknown.test": "a.test", "": "a.test"} {
		state, err := dial(t, k, &tls.Config{ServerName: name})
		if err != nil || state.PeerCertificates[0].DNSNames[0] != want {
			t.Errorf("%q gets %v, %v", name, state.PeerCertificates, err)
		}
	}
}

func TestABadPairIsRefusedAndTheOldOneStays(t *testing.T) {
	dir := folder(t)
	p := write(t, dir, "a", testcert.New("a.test"))
	other := write(t, dir, "b", testcert.New("b.test"))
	k := open(t, Options{Pairs: []Pair{p}})
	first := k.Leaf()
	good, err := os.ReadFile(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(other.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"the key of another certificate": func() error { return os.WriteFile(p.Key, foreign, 0o600) },
		"nonsense":                       func() error { return os.WriteFile(p.Key, []byte("x"), 0o600) },
		"no key":                         func() error { return os.Remove(p.Key) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		err := k.Reload()
		if err == nil || !strings.Contains(err.Error(), p.Cert) || !strings.Contains(err.Error(), p.Key) || strings.Contains(err.Error(), "tls:") {
			t.Errorf("%s: %v", name, err)
		}
		if _, openErr := Open(k.o); openErr == nil || openErr.Error() != err.Error() {
			t.Errorf("%s: Open says %v", name, openErr)
		}
		if state, err := dial(t, k, &tls.Config{}); err != nil || !state.PeerCertificates[0].Equal(first) {
			t.Errorf("%s: the old certificate is not in use: %v", name, err)
		}
		if err := os.WriteFile(p.Key, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "a", testcert.New("new.test"))
	if err := k.Reload(); err != nil || k.Leaf().DNSNames[0] != "new.test" {
		t.Errorf("a good pair is not taken over: %v", err)
	}
}

func TestExpiresIsTheFirstEnd(t *testing.T) {
	dir, now := folder(t), time.Now()
	early := write(t, dir, "b", testcert.Valid(now.Add(-day), now.Add(3*day), "b.test"))
	k := open(t, Options{Pairs: []Pair{write(t, dir, "a", testcert.Valid(now, now.Add(9*day), "a.test")), early}})
	if at, which := k.Expires(); which != early.Cert || at.Sub(now).Round(time.Hour) != 3*day {
		t.Errorf("%s expires at %v", which, at)
	}
}

// TLS 1.2 with a suite that is not authenticated encryption, TLS 1.1 and HTTP/2 are refused.
func TestOldTLSVersionsAndSuitesAreRefused(t *testing.T) {
	k := open(t, Options{Hosts: []string{"localhost"}})
	for name, c := range map[string]struct {
		client *tls.Config
		ok     bool
	}{
		"1.3":         {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"1.2":         {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"1.1":         {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false}, //nolint:gosec // it is to fail
		"CBC":         {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		"ALPN chat":   {&tls.Config{NextProtos: []string{"chat"}}, true},
		"ALPN http":   {&tls.Config{NextProtos: []string{"h2", "http/1.1"}}, true},
		"ALPN h2":     {&tls.Config{NextProtos: []string{"h2"}}, false},
		"without any": {&tls.Config{}, true},
	} {
		state, err := dial(t, k, c.client)
		if (err == nil) != c.ok || state.NegotiatedProtocol == "h2" {
			t.Errorf("%s: %v, %v", name, state.NegotiatedProtocol, err)
		}
	}
}

// A ticket of TLS 1.2 would give up forward secrecy for as long as its key is on disk.
func TestSessionsOfTLS12AreNotResumed(t *testing.T) {
	k := open(t, Options{Folder: folder(t), Hosts: []string{"localhost"}})
	for version, resumes := range map[uint16]bool{tls.VersionTLS12: false, tls.VersionTLS13: true} {
		client := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1), ServerName: "localhost", MaxVersion: version}
		for i := range 2 {
			state, err := dial(t, k, client)
			if err != nil || state.Version != version || state.DidResume != (resumes && i > 0) {
				t.Errorf("%x, handshake %d: version %x, resumed %v, %v", version, i, state.Version, state.DidResume, err)
			}
		}
	}
}

// A session is resumed after a restart, with keys that are up to a week old.
func TestTicketKeysOutliveARestart(t *testing.T) {
	c := newClock()
	o := Options{Folder: folder(t), Hosts: []string{"localhost"}, Now: c.at}
	client := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1), ServerName: "localhost"}
	k := open(t, o)
	if state, err := dial(t, k, client); err != nil || state.DidResume {
		t.Fatalf("the first handshake: resumed %v, %v", state.DidResume, err)
	}
	for _, age := range []time.Duration{0, 23 * time.Hour, 2 * time.Hour} {
		c.now = c.now.Add(age)
		k = open(t, o)
		if state, err := dial(t, k, client); err != nil || !state.DidResume {
			t.Errorf("after another %v and a restart: resumed %v, %v", age, state.DidResume, err)
		}
	}
	if len(k.tickets) != 2 {
		t.Errorf("%d keys after a day", len(k.tickets))
	}
	if info, err := os.Stat(filepath.Join(o.Folder, TicketsFile)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	for range 20 {
		c.now = c.now.Add(day)
		if err := k.RotateTickets(); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.tickets) != 7 {
		t.Errorf("%d keys after three weeks", len(k.tickets))
	}
	// Others need a new handshake, and nothing else.
	if err := os.WriteFile(filepath.Join(o.Folder, TicketsFile), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	k = open(t, o)
	if state, err := dial(t, k, client); err != nil || state.DidResume || len(k.tickets) != 1 {
		t.Errorf("with damaged keys: resumed %v, %v, %d keys", state.DidResume, err, len(k.tickets))
	}
}

func TestAFingerprintIsWrittenAsOpenSSLDoes(t *testing.T) {
	text := Fingerprint(open(t, Options{}).Leaf())
	if parts := strings.Split(text, ":"); len(parts) != 32 || text != strings.ToUpper(text) || len(text) != 95 {
		t.Errorf("%q", text)
	}
}

func TestFilesThatCannotBeWrittenAreAnError(t *testing.T) {
	dir := filepath.Join(folder(t), "missing")
	if _, err := Open(Options{Folder: dir}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open: %v", err)
	}
}

// touch gives files another time than before, even on systems with a coarse file clock.
func touch(t *testing.T, p Pair, at time.Time) {
	t.Helper()
	if err := errors.Join(os.Chtimes(p.Cert, at, at), os.Chtimes(p.Key, at, at)); err != nil {
		t.Fatal(err)
	}
}

func TestCheckReadsChangedFilesAgain(t *testing.T) {
	dir := folder(t)
	p := write(t, dir, "a", testcert.New("a.test"))
	k := open(t, Options{Pairs: []Pair{p}})
	if r := k.Check(); r.Reloaded || r.Err != nil {
		t.Errorf("without a change: %+v", r)
	}
	write(t, dir, "a", testcert.New("b.test"))
	touch(t, p, time.Now().Add(time.Minute))
	if r := k.Check(); !r.Reloaded || r.Err != nil || k.Leaf().DNSNames[0] != "b.test" {
		t.Errorf("after a change: %+v, %v", r, k.Leaf().DNSNames)
	}
	if err := os.WriteFile(p.Key, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := k.Check(); r.Reloaded || r.Err == nil || k.Leaf().DNSNames[0] != "b.test" {
		t.Errorf("after a bad change: %+v, %v", r, k.Leaf().DNSNames)
	}
	if r := k.Check(); r.Reloaded || r.Err != nil {
		t.Errorf("a bad file is reported again: %+v", r)
	}
	write(t, dir, "a", testcert.New("c.test"))
	touch(t, p, time.Now().Add(2*time.Minute))
	if r := k.Check(); !r.Reloaded || k.Leaf().DNSNames[0] != "c.test" {
		t.Errorf("after the cure: %+v", r)
	}
}

func TestCheckWarnsOncePerThresholdAndRenews(t *testing.T) {
	c, dir := newClock(), folder(t)
	start := c.now
	p := write(t, dir, "a", testcert.Valid(start, start.Add(40*day), "a.test"))
	k := open(t, Options{Pairs: []Pair{p}, Now: c.at})
	var warned []int
	for range 50 * 24 {
		if r := k.Check(); r.Err != nil {
			t.Fatal(r.Err)
		} else if r.Warn {
			warned = append(warned, int(r.Expires.Sub(c.now)/day))
			if r.Which != p.Cert {
				t.Errorf("warned of %s", r.Which)
			}
		}
		c.now = c.now.Add(time.Hour)
	}
	if fmt.Sprint(warned) != "[30 7 1]" {
		t.Errorf("warned %v days before the end", warned)
	}
	own := open(t, Options{Folder: folder(t), Hosts: []string{"localhost"}, Now: c.at})
	renewed := 0
	for range 400 {
		r := own.Check()
		if r.Err != nil || r.Warn {
			t.Fatalf("%+v", r)
		}
		if r.Reloaded {
			renewed++
		}
		c.now = c.now.Add(day)
	}
	if renewed != 1 || len(own.tickets) != 7 {
		t.Errorf("renewed %d times in 400 days, %d ticket keys", renewed, len(own.tickets))
	}
}

// Sessions are resumed until a restart even if the keys cannot be written, which is reported
// until they are.
func TestTicketKeysThatCannotBeWrittenAreReportedAndWrittenLater(t *testing.T) {
	c := newClock()
	o := Options{Folder: folder(t), Pairs: []Pair{write(t, folder(t), "a", testcert.New("a.test"))}, Now: c.at}
	path := filepath.Join(o.Folder, TicketsFile)
	inTheWay := filepath.Join(path, "folder")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	k := open(t, o)
	client := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1), ServerName: "a.test"}
	for _, resumed := range []bool{false, true} {
		if state, err := dial(t, k, client); err != nil || state.DidResume != resumed {
			t.Errorf("resumed %v, %v", state.DidResume, err)
		}
	}
	if r := k.Check(); r.Err != nil || r.Unsaved == nil || !strings.Contains(r.Unsaved.Error(), path) {
		t.Errorf("Check reports %+v", r)
	}
	if err := errors.Join(os.Remove(inTheWay), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Hour)
	if r := k.Check(); r.Err != nil || r.Unsaved != nil {
		t.Errorf("Check reports %+v when the keys can be written", r)
	}
	if state, err := dial(t, open(t, o), client); err != nil || !state.DidResume {
		t.Errorf("after a restart: resumed %v, %v", state.DidResume, err)
	}
}

// The file of a certificate in use is written again if it is deleted.
func TestADeletedSelfSignedCertificateIsWrittenAgain(t *testing.T) {
	o := Options{Folder: folder(t), Hosts: []string{"localhost"}}
	k := open(t, o)
	before := k.Leaf()
	if err := os.Remove(filepath.Join(o.Folder, SelfSigned)); err != nil {
		t.Fatal(err)
	}
	if err := k.Reload(); err != nil || !k.Leaf().Equal(before) {
		t.Errorf("another certificate is in use: %v", err)
	}
	if again := open(t, o).Leaf(); !again.Equal(before) {
		t.Error("another certificate after a restart")
	}
}

// A machine may have a name that no certificate can hold.
func TestANameThatIsNotASCIIIsLeftOut(t *testing.T) {
	leaf := open(t, Options{Hosts: []string{"localhost", "küche"}}).Leaf()
	if len(leaf.DNSNames) != 1 || leaf.VerifyHostname("localhost") != nil {
		t.Errorf("the certificate is for %v", leaf.DNSNames)
	}
}
