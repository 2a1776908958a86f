package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// processVariable makes the test's program chatsrv itself, see TestMain.
const processVariable = "CHATSRV_TEST_PROCESS"

// The pollers of cloudwego/netpoll belong to the process and stay once a server
// has used that backend.
func TestMain(m *testing.M) {
	if os.Getenv(processVariable) != "" {
		main()
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/cloudwego/netpoll.(*defaultPoll).Wait"))
}

// patience ends a test that hangs. No test waits for it to pass.
const patience = time.Minute

// ephemeral is the environment of a server that stores nothing and has no flood
// limits.
func ephemeral(name string) (string, bool) {
	v, ok := map[string]string{"CHATSRV_DATA": "none", "CHATSRV_FLOOD_CONTROL": "false"}[name]
	return v, ok
}

// running is a chatsrv inside the test.
type running struct {
	t       *testing.T
	signals chan os.Signal
	hangups chan os.Signal
	log     *lines
	exits   chan int // codes given to exit
	ended   chan int // what run returned
	address string   // of the first listener
}

// start runs chatsrv with args and waits until it listens.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{
		t: t, signals: make(chan os.Signal, 2), hangups: make(chan os.Signal, 1), exits: make(chan int, 1), ended: make(chan int, 1),
		log: &lines{changed: make(chan struct{})},
	}
	log, stderr := io.Pipe()
	p := program{
		stdout: io.Discard, stderr: stderr, env: ephemeral,
		signals: r.signals, hangups: r.hangups, exit: func(code int) { r.exits <- code },
	}
	go func() {
		r.ended <- p.run(append([]string{"--log-format", "json"}, args...))
		_ = stderr.Close()
	}()
	addresses := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			r.log.add(lines.Text())
			var line struct{ Msg, Addresses string }
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				addresses <- "no JSON: " + lines.Text()
			} else if line.Msg == "start" {
				addresses <- line.Addresses
			}
		}
		close(addresses)
	}()
	select {
	case got := <-addresses:
		first, _, _ := strings.Cut(got, ",")
		_, address, ok := strings.Cut(first, " ")
		if !ok {
			t.Fatalf("started with addresses %q", got)
		}
		r.address = address
	case <-time.After(patience):
		t.Fatal("does not start")
	}
	t.Cleanup(func() {
		r.signals <- syscall.SIGTERM
		if code := r.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		close(r.signals) // ends obeySignals
	})
	return r
}

func (r *running) wait() int {
	r.t.Helper()
	select {
	case code := <-r.ended:
		r.ended <- code
		return code
	case <-time.After(patience):
		r.t.Error("does not end")
		return -1
	}
}

// dial connects as a client that ends its lines with LF.
func (r *running) dial() *client {
	r.t.Helper()
	c, err := net.DialTimeout("tcp", r.address, patience)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	return &client{r.t, c, bufio.NewReader(c)}
}

type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (c *client) sends(lines string) {
	c.t.Helper()
	if _, err := io.WriteString(c, lines); err != nil {
		c.t.Fatal(err)
	}
}

// sees reads until want has come.
func (c *client) sees(want string) {
	c.t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), want) {
		b, err := c.r.ReadByte()
		if err != nil {
			c.t.Fatalf("%v, waiting for %q after %q", err, want, got.String())
		}
		got.WriteByte(b)
	}
}

func TestEveryBackendServesAChat(t *testing.T) {
	for _, b := range netloop.Backends() {
		for _, loops := range []string{"1", "3"} {
			t.Run(b.Name+" with loops "+loops, func(t *testing.T) {
				r := start(t, "--backend", b.Name, "-loops", loops, "-port", "0", "-bind", "127.0.0.1")
				bob, eve := r.dial(), r.dial()
				bob.sends("bob\n")
				bob.sees("as bob, with nobody else; /help lists the commands\r\n")
				eve.sends("eve\r\n")
				eve.sees("as eve, with 1 other; /help lists the commands\r\n")
				bob.sees("*** eve joined\r\n")
				var all sync.WaitGroup
				for _, c := range []*client{bob, eve} {
					all.Go(func() {
						var lines strings.Builder
						for i := range 100 {
							fmt.Fprintf(&lines, "line %d\n", i)
						}
						if _, err := io.WriteString(c, lines.String()); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				for i := range 100 {
					bob.sees(fmt.Sprintf("eve: line %d\r\n", i))
					eve.sees(fmt.Sprintf("bob: line %d\r\n", i))
				}
				pipe := r.dial()
				pipe.sends("pipe\nhello\n")
				if err := pipe.Conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, pipe.r); err != nil {
					t.Errorf("after half-closing: %v", err)
				}
				bob.sees("*** pipe joined\r\npipe: hello\r\n*** pipe left (connection closed)\r\n")
			})
		}
	}
}

func TestASignalTellsEveryClientAndEndsGracefully(t *testing.T) {
	r := start(t, "-port", "0", "-bind", "127.0.0.1", "-sniff-window", "0")
	bob := r.dial()
	bob.sends("bob\n")
	bob.sees("commands\r\n")
	r.signals <- syscall.SIGINT
	bob.sees("*** the server is shutting down: interrupt\r\n")
	if _, err := bob.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the farewell: %v", err)
	}
	_ = bob.Close()
	if code := r.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestASecondSignalExitsAtOnce(t *testing.T) {
	r := start(t, "-port", "0", "-bind", "127.0.0.1", "--grace", "1h")
	c := r.dial() // stays, and holds the shutdown up
	c.sees("Enter username : ")
	r.signals <- syscall.SIGTERM
	if _, err := io.Copy(io.Discard, c.r); err != nil {
		t.Error(err)
	}
	r.signals <- syscall.SIGTERM
	select {
	case code := <-r.exits:
		if code != exitFailure {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		t.Error("did not exit")
	}
	_ = c.Close()
}

func TestIPv6OnlyRefusesIPv4(t *testing.T) {
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 on this machine: %v", err)
	}
	_ = probe.Close()
	r := start(t, "-6", "-port", "0")
	_, port, err := net.SplitHostPort(r.address)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		_ = c.Close()
		t.Error("127.0.0.1 is served")
	}
	r.address = "[::1]:" + port
	r.dial().sees("Enter username : ")
}

// folder returns a new folder for one test. That of t.TempDir would fail the
// test under Wine, which can't remove it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chatsrv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// once runs chatsrv to its end.
func once(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{stdout: &out, stderr: &errs, env: ephemeral, signals: make(chan os.Signal), exit: func(int) {}}
	code = p.run(args)
	return code, out.String(), errs.String()
}

func TestExitCodesAndMessages(t *testing.T) {
	nobody := "chatsrv: no chatsrv is running with this data folder: dial "
	if runtime.GOOS != "windows" { // where the name of a pipe has a hash of the folder
		nobody += "/nonesuch/"
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"admin kick bob --nosuch", exitUsage, "", "chatsrv: unknown flag --nosuch"},
		{"admin --data=/nonesuch shutdown 600", exitFailure, "", nobody},
		{"admin shutdown 600 --data /nonesuch", exitFailure, "", nobody},
		{"admin shutdown -data /nonesuch 600", exitFailure, "", nobody},
		{"admin --data /nonesuch -- announce --data here", exitFailure, "", nobody},
		{"admin kick bob --help", 0, "Usage: chatsrv admin [flags] COMMAND\n", ""},
		{"admin --data /nonesuch", exitUsage, "", "chatsrv: usage: chatsrv admin [flags] COMMAND"},
		{"backup --data /nonesuch x", exitFailure, "", "chatsrv: there is no database in /nonesuch (see --data)\n"},
		{"backup x y --data /nonesuch", exitUsage, "", "chatsrv: usage: chatsrv backup FILE [flags]\n"},
		{"verify x --data /nonesuch", exitUsage, "", "chatsrv: usage: chatsrv verify [flags]\n"},
		{"restore --data /nonesuch replace x", exitUsage, "", "chatsrv: usage: chatsrv restore FILE [replace] [flags]\n"},
		{"service", exitUsage, "", "chatsrv: usage: chatsrv service install|remove|start|stop [flags]\n"},
		{"service instal --log-file /x", exitUsage, "", "chatsrv: unknown service action \"instal\" (did you mean install?)\n"},
		{"service reinstall", exitUsage, "", "chatsrv: unknown service action \"reinstall\" (did you mean install?)\n"},
		{"service restart", exitUsage, "", "chatsrv: unknown service action \"restart\" ("},
		{"service start now", exitUsage, "", "chatsrv: usage: chatsrv service install|remove|start|stop [flags]\n"},
		{"service start --bogus", exitUsage, "", "chatsrv: unknown flag --bogus"},
		{"install service", exitUsage, "", "chatsrv: unknown command \"install\""},
		{"service install --log-file x --port 0", exitFailure, "", "chatsrv: --log-file: a service starts in another folder: give the whole path of \"x\"\n"},
		{"service install --port 0", exitFailure, "", "chatsrv: a service has no standard error: name a --log-file\n"},
		{"--help", 0, "--port", ""},
		{"--version", 0, "chatsrv ", ""},
		{"--backend list", 0, netloop.Backends()[0].Name + " ", ""},
		{"help", 0, "check  ", ""},
		{"help check", 0, "Usage: chatsrv check [flags]\n", ""},
		{"check --help", 0, "Usage: chatsrv check [flags]\n", ""},
		{"config --help", 0, "Usage: chatsrv config [flags]\n", ""},
		{"help admin", 0, "role NAME ROLE ", ""},
		{"admin --help", 0, "Usage: chatsrv admin [flags] COMMAND\n", ""},
		{"admin --data /nonesuch useradd admin", exitFailure, "", "chatsrv: that name is reserved: choose another\nchatsrv: no chatsrv is running"},
		{"verify --data /nonesuch", exitFailure, "", "chatsrv: there is no database in /nonesuch (see --data)\n"},
		{"backup x --data none", exitFailure, "", "chatsrv: these settings store nothing on disk (see --data)\n"},
		{"chekc", exitUsage, "", `chatsrv: unknown command "chekc" (did you mean check?)`},
		{"9034", exitUsage, "", `chatsrv: unknown command "9034" (see chatsrv --help)`},
		{"help 9034", exitUsage, "", `chatsrv: unknown command "9034"`},
		{"--port 0 check", exitUsage, "", `chatsrv: "check" is not a flag (a command comes first, as in chatsrv check;`},
		{"--prot 1 --port x", exitUsage, "", "(did you mean --port?)\nchatsrv: --port: "},
		{"--config /nonesuch", exitUsage, "", `chatsrv: --config: "/nonesuch" does not exist`},
		{"--log-file /nonesuch/log", exitFailure, "", `chatsrv: log file "/nonesuch/log": `},
		{"--bind 127.0.0.1 --port 0 --metrics " + port, exitFailure, "", "see --metrics"},
		{"--prot 1", exitUsage, "", "chatsrv: unknown flag --prot (did you mean --port?)"},
		{"--backend nonesuch", exitUsage, "", `chatsrv: --backend: "nonesuch" is not a backend on `},
		{
			"--bind 127.0.0.1 --port " + port, exitFailure, "",
			"listen tcp4 127.0.0.1:" + port + ": address already in use (another chatsrv? try --port)",
		},
		{
			"--bind 203.0.113.1 --port 0", exitFailure, "",
			"(no interface of this machine has that address; see --bind)",
		},
	} {
		code, stdout, stderr := once(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("chatsrv %s: code %d, want %d; stdout %q; stderr %q", c.args, code, c.code, stdout, stderr)
		}
	}
}

func TestAnInterfaceThatDoesNotExistIsNamed(t *testing.T) {
	if _, err := net.Interfaces(); err != nil && socktest.Wine() {
		t.Skipf("this version of Wine lists no interfaces: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := once(t, "--bind", "nonesuch%")
	if code != exitUsage || !strings.Contains(stderr, `chatsrv: --bind: "nonesuch%" is neither`) {
		t.Errorf("code %d, %q", code, stderr)
	}
}

func TestCheckReportsTheErrorsOfAStart(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 120))
	for _, c := range []struct{ flags, says string }{
		{"--words " + filepath.Join(dir, "none"), "word list: "},
		{"--words " + dir, "word list"},
		{"--chatlog " + filepath.Join(file, "chat"), "chat log: "},
		{"--data " + filepath.Join(file, "data"), "data folder: "},
		{"--metrics 203.0.113.1:9100", "metrics at 203.0.113.1:9100: "},
		{"--bind 203.0.113.1", "listen tcp4 203.0.113.1:9034: "},
		{"--bind unix:" + long, "the path of a Unix socket has at most "},
		{"--bind unix:" + filepath.Join(dir, "none", "s"), "(the folder does not exist)"},
		{"--bind unix:" + file, "(another chatsrv? if not, remove the file)"},
		{"--log-file " + dir, "log file "},
		{"--backend none --log-file " + dir, "log file "},
	} {
		args := strings.Fields(c.flags)
		code, stdout, checked := once(t, append([]string{"check"}, args...)...)
		if code != exitFailure || stdout != "" || !strings.Contains(checked, c.says) {
			t.Errorf("check %s: code %d, stdout %q, stderr %q; want %q", c.flags, code, stdout, checked, c.says)
		}
		if code, _, started := once(t, args...); code == 0 || started != checked {
			t.Errorf("a start with %s: code %d, %q; check says %q", c.flags, code, started, checked)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// Files that a start creates are not reported as missing.
	fresh := filepath.Join(dir, "a", "b")
	if code, stdout, stderr := once(t, "check", "--chatlog", fresh, "--data", fresh, "--bind", "unix:"+filepath.Join(dir, "s")); code != 0 || stdout != "ok\n" {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}

func TestAKubernetesServiceLinkIsNotASetting(t *testing.T) {
	linked := func(name string) (string, bool) {
		if name == "CHATSRV_PORT" {
			return "tcp://10.43.7.1:9034", true
		}
		return ephemeral(name)
	}
	var out, errs bytes.Buffer
	p := program{stdout: &out, stderr: &errs, env: linked, signals: make(chan os.Signal), exit: func(int) {}}
	if code := p.run([]string{"check", "--bind", "127.0.0.1"}); code != 0 || out.String() != "ok\n" || !strings.Contains(errs.String(), `warning: CHATSRV_PORT: "tcp://10.43.7.1:9034" is ignored`) {
		t.Errorf("code %d, %q, %q", code, out.String(), errs.String())
	}
	out.Reset()
	if code := p.run([]string{"config"}); code != 0 || !strings.Contains(out.String(), "port = 9034                      # default") {
		t.Errorf("code %d, %q", code, out.String())
	}
}

func TestServiceCommandsNeedWindows(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there the service of this machine would be changed")
	}
	for _, action := range []string{"start", "stop", "remove", "install"} {
		log := filepath.Join(folder(t), "log")
		code, _, stderr := once(t, "service", action, "--log-file", log, "--bind", "127.0.0.1")
		if code != exitFailure || !strings.HasPrefix(stderr, "chatsrv: only Windows has services") {
			t.Errorf("%s: code %d, %q", action, code, stderr)
		}
	}
}

func TestTheBackendListHasOneLineEachBestFirst(t *testing.T) {
	_, stdout, _ := once(t, "--backend=list")
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	for i, b := range netloop.Backends() {
		if i >= len(lines) || strings.Fields(lines[i])[0] != b.Name || !strings.HasSuffix(lines[i], b.Note) {
			t.Errorf("line %d is not about %s: %q", i, b.Name, lines)
		}
	}
}

func TestTheVersionNamesTagAndCommit(t *testing.T) {
	for want, info := range map[string]*debug.BuildInfo{
		release:                        {},
		"1.2.3":                        {Main: debug.Module{Version: "v1.2.3"}},
		release + "+0123456789ab":      {Main: debug.Module{Version: "v0.0.0-2030-0123456789ab"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}},
		release + "+01234567.modified": {Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "01234567"}}},
	} {
		if number, commit := fromBuild(info); number+commit != want {
			t.Errorf("%q, want %q", number+commit, want)
		}
	}
}
