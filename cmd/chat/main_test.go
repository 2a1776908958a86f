package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/helptext"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/testcert"
)

func TestMain(m *testing.M) {
	keyring.MockInit() // no test uses that of the system
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// patience ends a test that hangs. No test waits for it to pass.
const patience = time.Minute

// plain hashes no passwords.
type plain struct{}

func (plain) Hash(password string) (string, error)            { return "=" + password, nil }
func (plain) Match(hash, password string) (match, again bool) { return hash == "="+password, false }
func (plain) Check(string, string) error                      { return nil }

// noPages is a site without pages, so that the server has WebSocket.
type noPages struct{}

// Answer implements server.Site.
func (noPages) Answer(*http.Request) *http1.Response {
	return &http1.Response{Status: http.StatusNotFound}
}

// serve runs a server, with TLS unless cert is nil, and returns its port.
func serve(t *testing.T, cert *tls.Certificate) (srv *server.Server, port int) {
	t.Helper()
	memory := memory.New()
	state, err := memory.Load(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	writer := store.NewWriter(memory, store.Options{})
	o := server.Options{
		Loop: eventloop.Options{Open: netloop.Backends()[0].Open}, Name: "test", SniffWindow: patience,
		Chat:   chat.Options{Nearest: nearest.Find, State: state, Passwords: plain{}, Journal: writer, Archive: store.UpToDate(memory, writer)},
		Limits: server.Limits{LoginTimeout: patience, MaxPending: 10_000, Grace: time.Second}, Site: noPages{},
	}
	if cert != nil {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
	}
	if srv, err = server.New(o); err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- srv.Run() }()
	t.Cleanup(func() {
		srv.Shutdown("test")
		err := <-ran
		writer.Write(nil, srv.End())
		if err := errors.Join(err, srv.Close(), writer.Close()); err != nil {
			t.Error(err)
		}
	})
	_, text, err := net.SplitHostPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(text, &port); err != nil {
		t.Fatal(err)
	}
	return srv, port
}

// chats runs chat with args and an input that ends, and returns its exit code and output.
func chats(t *testing.T, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return chatsIn(t, "", input, args...)
}

// chatsIn is chats with a folder for the configuration.
func chatsIn(t *testing.T, folder, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var writing sync.WaitGroup
	writing.Go(func() {
		_, _ = io.WriteString(w, input)
		_ = w.Close()
	})
	defer writing.Wait()
	var out, errs bytes.Buffer
	p := program{
		stdin: r, stdout: &out, stderr: &errs, signals: make(chan os.Signal), exit: func(int) { t.Error("exits") },
		user: func() (string, error) { return "ada", nil }, folder: folder,
	}
	code = p.run(args)
	return code, out.String(), errs.String()
}

// folder is t.TempDir without an error for what is not removed: on Wine 8, os.RemoveAll can't.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// files are a known_servers file and one with a certificate.
func files(t *testing.T, cert *tls.Certificate) (known, ca string) {
	t.Helper()
	dir := folder(t)
	ca = filepath.Join(dir, "ca.pem")
	if cert != nil {
		if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "known_servers"), ca
}

// addAda makes the account ada, with the password "secret words".
func addAda(t *testing.T, srv *server.Server) {
	t.Helper()
	answer, _ := srv.Operate("test", "useradd ada", func(string, bool) (string, bool) { return "secret words", true })
	if !strings.Contains(answer, "account") {
		t.Fatal(answer)
	}
}

// serveAda runs a server with TLS and the account ada.
func serveAda(t *testing.T) (port int, known, ca string) {
	t.Helper()
	cert := testcert.New("localhost")
	srv, port := serve(t, &cert)
	addAda(t, srv)
	known, ca = files(t, &cert)
	return port, known, ca
}

func TestWaysToConnect(t *testing.T) {
	cert := testcert.New("localhost")
	_, secure := serve(t, &cert)
	_, plain := serve(t, nil)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	print := certs.Fingerprint(cert.Leaf)
	for what, c := range map[string]struct {
		args   []string
		port   int
		code   int
		stderr string // a part of it; "" for none at all
	}{
		"TLS":                             {nil, secure, 0, print},
		"TLS alone":                       {[]string{"--tls-only"}, secure, 0, print},
		"an authority":                    {[]string{"--ca", "CA"}, secure, 0, ""},
		"another authority":               {[]string{"--ca", "OTHER"}, secure, 1, "is not accepted"},
		"plain text with a server of TLS": {[]string{"--plain-text"}, secure, 0, ""},
		"no TLS":                          {nil, plain, 0, "NOT ENCRYPTED"},
		"no TLS, asked for":               {[]string{"--plain-text"}, plain, 0, ""},
		"no TLS, refused":                 {[]string{"--tls-only"}, plain, 3, "has no TLS"},
		"no TLS, with an authority":       {[]string{"--ca", "CA", "--tls-only"}, plain, 3, "has no TLS"},
		"no TLS, and a password":          {[]string{"--login"}, plain, 1, "the password would be sent as plain text"},
		"IPv4":                            {[]string{"-4"}, secure, 0, print},
		"WebSocket with TLS":              {[]string{"--ca", "CA", "wss"}, secure, 0, ""},
		"WebSocket, trust on first use":   {[]string{"wss"}, secure, 0, print},
		"WebSocket":                       {[]string{"ws"}, plain, 0, ""},
		"WebSocket with TLS, none there":  {[]string{"wss"}, plain, 3, "ws:// connects without"},
		"WebSocket, another authority":    {[]string{"--ca", "OTHER", "wss"}, secure, 1, "is not accepted"},
		"nobody there":                    {nil, closed, 3, "connection refused"},
		"a broken authority":              {[]string{"--ca", "EMPTY"}, secure, 1, "no certificate in PEM form"},
		"no authority":                    {[]string{"--ca", "NONE"}, secure, 1, "read the authority"},
		"no password":                     {[]string{"--password-file", "EMPTY"}, secure, 1, "is empty (see --password-file)"},
	} {
		t.Run(what, func(t *testing.T) {
			other := testcert.New("localhost")
			known, ca := files(t, &cert)
			_, otherCA := files(t, &other)
			args, target := []string{"--known-servers", known, "-port", fmt.Sprint(c.port)}, "localhost"
			for _, a := range c.args {
				switch a {
				case "ws", "wss":
					target = a + "://localhost/ws"
					continue
				case "CA":
					a = ca
				case "OTHER":
					a = otherCA
				case "EMPTY":
					a = filepath.Join(folder(t), "empty")
					if err := os.WriteFile(a, nil, 0o600); err != nil {
						t.Fatal(err)
					}
				case "NONE":
					a = filepath.Join(folder(t), "none")
				}
				args = append(args, a)
			}
			code, stdout, stderr := chats(t, "secret words\n", append(args, target)...)
			if code != c.code || (c.stderr == "") != (stderr == "") || !strings.Contains(strings.ToLower(stderr), strings.ToLower(c.stderr)) { // Windows begins errors with a capital
				t.Errorf("exit code %d, want %d; %q does not have %q", code, c.code, stderr, c.stderr)
			}
			if (code == 0) != strings.Contains(stdout, "*** you are in #lobby as ada") {
				t.Errorf("%q", stdout)
			}
		})
	}
}

func TestAKnownServerIsCompared(t *testing.T) {
	cert := testcert.New("localhost")
	_, port := serve(t, &cert)
	known, _ := files(t, nil)
	args := []string{"--known-servers", known, fmt.Sprintf("tls://bob@localhost:%d", port)}
	if code, _, stderr := chats(t, "", args...); code != 0 || !strings.Contains(stderr, "is trusted from now on") {
		t.Fatal(code, stderr)
	}
	if code, _, stderr := chats(t, "", args...); code != 0 || stderr != "" {
		t.Fatal(code, stderr)
	}
	if err := os.WriteFile(known, fmt.Appendf(nil, "localhost:%d sha256 AA:BB key CC\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := chats(t, "", args...)
	if code != exitFailure || !strings.Contains(stderr, "HAS CHANGED") || !strings.Contains(stderr, "remove line 1 of "+known) {
		t.Error(code, stderr)
	}
}

func TestAccounts(t *testing.T) {
	port, known, ca := serveAda(t)
	file := filepath.Join(filepath.Dir(known), "password")
	if err := os.WriteFile(file, []byte("secret words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf("localhost:%d", port)
	code, stdout, stderr := chats(t, "/whoami\n", "--ca", ca, "--password-file", file, target)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "*** you are ada (registered, user)") {
		t.Error(code, stdout, stderr)
	}
	code, stdout, stderr = chats(t, "secret words\n/whoami\n", "--ca", ca, "--login", target)
	if code != 0 || !strings.Contains(stdout, "*** you are ada (registered, user)") {
		t.Error(code, stdout, stderr)
	}
	if code, _, stderr = chats(t, "wrong\n", "--ca", ca, "--login", target); code != exitFailure || !strings.Contains(stderr, "does not let ada in") {
		t.Error(code, stderr)
	}
	if code, _, stderr = chats(t, "", "--ca", ca, target); code != exitFailure || !strings.Contains(stderr, "--login") {
		t.Error(code, stderr)
	}
	if code, _, stderr = chats(t, "", "--ca", ca, "a:b@"+target); code != exitFailure {
		t.Error(code, stderr)
	}
}

func TestScripts(t *testing.T) {
	cert := testcert.New("localhost")
	_, port := serve(t, &cert)
	_, ca := files(t, &cert)
	run := func(input string, args ...string) (int, string, string) {
		return chats(t, input, append([]string{"--ca", ca, "-p", fmt.Sprint(port)}, args...)...)
	}
	if code, stdout, stderr := run("", "--send", "#lobby", "hello there", "localhost"); code != 0 || stdout+stderr != "" {
		t.Error(code, stdout, stderr)
	}
	if code, _, stderr := run("", "--send", "nobody", "hello", "localhost"); code != exitFailure || !strings.Contains(stderr, "nobody") {
		t.Error(code, stderr)
	}
	if code, _, stderr := run("", "--follow", "#", "localhost"); code != exitFailure || stderr == "" {
		t.Error(code, stderr)
	}
	code, stdout, stderr := run(`{"type":"history","room":"#lobby","cid":"7"}`+"\n", "--json", "localhost")
	if code != 0 || stderr != "" || !strings.Contains(stdout, `"hello there"`) {
		t.Error(code, stdout, stderr)
	}
	for line := range strings.Lines(stdout) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q", line)
		}
	}
	code, stdout, _ = run("hi\n", "localhost/#tea")
	if code != 0 || !strings.Contains(stdout, "*** you are in #tea as ada") {
		t.Error(code, stdout)
	}
}

// A signal ends a session that follows a room.
func TestASignalEndsASession(t *testing.T) {
	_, port := serve(t, nil)
	signals := make(chan os.Signal, 1)
	out, stdout := io.Pipe()
	p := program{stdin: os.Stdin, stdout: stdout, stderr: io.Discard, signals: signals, user: func() (string, error) { return "ada", nil }}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run([]string{"--follow", "lobby", fmt.Sprintf("tcp://localhost:%d", port)})
		_ = stdout.Close()
	}()
	if _, err := out.Read(make([]byte, 1)); err != nil { // it is connected
		t.Error(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	signals <- os.Interrupt
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		t.Error("does not end")
	}
}

func TestMistakesInTheArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"where to?":                    nil,
		"did you mean --follow?":       {"--folow", "#a", "localhost"},
		"see chat --help":              {"-x", "localhost"},
		"a value is missing":           {"localhost", "--ca"},
		"--send: a value is missing":   {"--send", "", "x", "localhost"},
		"--send needs a text":          {"--send", "#a", "localhost"},
		"the text is empty":            {"--send", "#a", " ", "localhost"},
		"unexpected argument":          {"localhost", "9034"},
		"for browsers; use wss://":     {"https://localhost"},
		"(or tcp://, ws://) and":       {"--plain-text", "wss://localhost"},
		"tcp:// and ws:// do not":      {"--ca", "x", "ws://localhost"},
		"--forget-password exclude":    {"--save-password", "--forget-password", "localhost"},
		"--config":                     {"--config", "", "localhost"},
		"none.toml":                    {"--config", "none.toml", "localhost"},
		"is not a port":                {"--port", "http", "localhost"},
		"contradicts the target":       {"-p", "1", "localhost:2"},
		"--ipv4 and --ipv6 exclude":    {"-46", "localhost"},
		"exclude each other":           {"--plain-text", "tls://localhost"},
		"--ca is for TLS":              {"--ca", "x", "tcp://localhost"},
		"can't be combined":            {"--send", "#a", "--json", "x", "localhost"},
		"--send has the room":          {"--send", "#a", "x", "localhost/#b"},
		"--follow has the room":        {"--follow", "#a", "localhost/#b"},
		"is not a host name or":        {"a b"},
		"there is no name before the":  {"@localhost"},
		"(as in chat alice@localhost)": {"localhost"},
	} {
		var stderr bytes.Buffer
		p := program{stdout: io.Discard, stderr: &stderr, user: func() (string, error) { return "", errors.New("unknown") }}
		if code := p.run(args); code != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit code %d, %q does not have %q", args, code, stderr.String(), want)
		}
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	code, stdout, stderr := chats(t, "", "-help")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "--password-file FILE") {
		t.Error(code, stdout, stderr)
	}
	for line := range strings.Lines(stdout) {
		if len(line) > helptext.Width+1 {
			t.Errorf("%q is too wide", line)
		}
	}
	if code, stdout, _ := chats(t, "", "--version"); code != 0 || !strings.HasPrefix(stdout, "chat ") {
		t.Error(code, stdout)
	}
}
