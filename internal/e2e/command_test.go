//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// command runs chatsrv, which is expected to end by itself.
func command(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runAs(t, nil, env, args...)
}

// runAs is command as another user; nil means this one.
func runAs(t *testing.T, user *syscall.Credential, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, chatsrv, args...)
	cmd.Env, cmd.SysProcAttr = append(environment(), env...), mortal()
	cmd.SysProcAttr.Credential = user
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// occupied returns a port of 127.0.0.1 that is in use.
func occupied(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestHelpAndVersionArePrinted(t *testing.T) {
	for flag, want := range map[string]string{
		"--help":         `(?s)^chatsrv is .*--port N.*--style NAME.*Exit codes: 0 .*\n$`,
		"-h":             `(?s)^chatsrv is .*\n$`,
		"-help":          `(?s)^chatsrv is .*\n$`,
		"--version":      `^chatsrv \d+\.\d+\.\d+\S* \(go[^\n]+\)\n$`,
		"--backend=list": `^(\w+ +[^\n]+\n)+$`,
	} {
		out, errs, code := command(t, nil, flag)
		if code != 0 || errs != "" || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s: %d, %q, %q", flag, code, out, errs)
		}
	}
}

// Mistyped arguments are named, with the way out, and the exit code is 2.
func TestWrongUsageSaysWhatAndHow(t *testing.T) {
	for _, c := range []struct {
		args, env []string
		want      string
	}{
		{args: []string{"--prot", "1"}, want: "unknown flag --prot (did you mean --port?)"},
		{args: []string{"-x"}, want: "unknown flag -x (see chatsrv --help)"},
		{args: []string{"9034"}, want: `unknown command "9034" (see chatsrv --help)`},
		{args: []string{"--port"}, want: "--port: a value is missing (as in --port 9034)"},
		{args: []string{"--port", "x"}, want: `--port: "x" is not a port: a number from 1 to 65535, or 0 for any free one`},
		{args: []string{"-port=70000"}, want: `--port: "70000" is not a port: a number from 1 to 65535, or 0 for any free one`},
		{args: []string{"--bind", "nowhere.example"}, want: `--bind: "nowhere.example" is neither an IP address nor an interface of this machine (host names are not looked up`},
		{args: []string{"--bind", "256.0.0.1"}, want: `--bind: "256.0.0.1" is neither an IP address nor an interface`},
		{args: []string{"-4", "--bind", "::1"}, want: `--bind: "::1" is an IPv6 address, which --ipv4 excludes`},
		{args: []string{"-6", "--bind", "127.0.0.1"}, want: `--bind: "127.0.0.1" is an IPv4 address, which --ipv6 excludes`},
		{args: []string{"--bind", "unix:"}, want: `--bind: "unix:" has no path (as in unix:/run/chatsrv.sock)`},
		{args: []string{"--backend", "epol"}, want: `--backend: "epol" is not a backend on `},
		{args: []string{"--style", "classik"}, want: `--style: "classik" is not one of default, classic (did you mean classic?)`},
		{args: []string{"--login-timeout", "5"}, want: `--login-timeout: "5" is not a time from 1s to 24h, with its unit (as in 150ms, 30s, 10m, 90d)`},
		{args: []string{"--log-format", "xml"}, want: `--log-format: "xml" is not one of text, json`},
		{env: []string{"CHATSRV_PORT=x"}, want: `CHATSRV_PORT: "x" is not a port`},
		{env: []string{"CHATSRV_MAX_LINE=1"}, want: `CHATSRV_MAX_LINE: "1" is not a size from 64 to 32KiB (as in 4096, 64KiB, 1MiB)`},
	} {
		out, errs, code := command(t, c.env, c.args...)
		if code != 2 || out != "" || !strings.HasPrefix(errs, "chatsrv: "+c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q %q: %d, %q, %q", c.env, c.args, code, out, errs)
		}
	}
}

// The error for a port in use shows which port was asked for.
func TestThePortCanBeGivenInManyWays(t *testing.T) {
	port := occupied(t)
	want := "chatsrv: listen tcp4 127.0.0.1:" + port + ": address already in use (another chatsrv? try --port)\n"
	for _, c := range []struct{ args, env []string }{
		{args: []string{"--port", port}},
		{args: []string{"--port=" + port}},
		{args: []string{"-port", port}},
		{args: []string{"-port=" + port}},
		{args: []string{"-p", port}},
		{args: []string{"-p" + port}},
		{env: []string{"CHATSRV_PORT=" + port}},
		{env: []string{"CHATSRV_PORT=1"}, args: []string{"-port", port}},
	} {
		_, errs, code := command(t, c.env, append([]string{"--bind", "127.0.0.1"}, c.args...)...)
		if code != 1 || errs != want {
			t.Errorf("%q %q: %d, %q, want %q", c.env, c.args, code, errs, want)
		}
	}
	for _, c := range []struct{ args, env []string }{
		{args: []string{"-port", port, "-bind", "127.0.0.1:" + port}},
		{args: []string{"-p", port}, env: []string{"CHATSRV_BIND=127.0.0.1"}},
		{args: []string{"-4p", port, "--bind", "*", "-b", "127.0.0.1"}},
	} {
		_, errs, code := command(t, c.env, c.args...)
		if code != 1 || !strings.Contains(errs, ":"+port+": address already in use (another chatsrv? try --port)\n") {
			t.Errorf("%q %q: %d, %q", c.env, c.args, code, errs)
		}
	}
}

func TestAnUnavailableAddressExitsWithOneAndSaysWhy(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for bind, want := range map[string]string{
		"192.0.2.1":                 "listen tcp4 192.0.2.1:0: cannot assign requested address (no interface of this machine has that address; see --bind)",
		"2001:db8::1":               "listen tcp6 [2001:db8::1]:0: cannot assign requested address (no interface of this machine has that address; see --bind)",
		"unix:" + file:              "listen unix " + file + ": address already in use (another chatsrv? if not, remove the file)",
		"unix:" + dir + "/none/sub": "listen unix " + dir + "/none/sub: no such file or directory (the folder does not exist)",
	} {
		_, errs, code := command(t, nil, "--port", "0", "--bind", bind)
		if code != 1 || errs != "chatsrv: "+want+"\n" {
			t.Errorf("%s: %d, %q", bind, code, errs)
		}
	}
}

// A Unix socket of a running server is in use; one that a killed server has
// left is replaced.
func TestAUnixSocketIsTakenOnlyWhileItsServerRuns(t *testing.T) {
	path := folder(t) + "/chat"
	first := start(t, "--bind", "unix:"+path)
	_, errs, code := command(t, nil, "--bind", "unix:"+path)
	want := "chatsrv: listen unix " + path + ": address already in use (another chatsrv? if not, remove the file)\n"
	if code != 1 || errs != want {
		t.Errorf("%d, %q, want %q", code, errs, want)
	}
	p := meet(t, first, "alice", 0)
	if err := p.joins(); err != nil {
		t.Errorf("the first server no longer serves: %v", err)
	}
	if err := first.signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	<-first.done
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("nothing was left behind: %v", err)
	}
	second := start(t, "--bind", "unix:"+path)
	p = meet(t, second, "alice", 0)
	if err := errors.Join(p.joins(), p.leaves()); err != nil {
		t.Error(err)
	}
	second.stops(t)
}

func TestAForbiddenAddressExitsWithOneAndSaysWhy(t *testing.T) {
	var nobody *syscall.Credential
	if os.Getuid() == 0 {
		nobody = &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}
	}
	dir := folder(t)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	_, errs, code := runAs(t, nobody, nil, "--bind", "unix:"+dir+"/chat")
	if want := "chatsrv: listen unix " + dir + "/chat: permission denied (may this user write to the folder?)\n"; code != 1 || errs != want {
		t.Errorf("%d, %q, want %q", code, errs, want)
	}
	if !privileged(1) {
		t.Skip("on this system everybody may listen on port 1")
	}
	_, errs, code = runAs(t, nobody, nil, "--bind", "127.0.0.1", "--port", "1")
	const want = "chatsrv: listen tcp4 127.0.0.1:1: permission denied (ports below 1024 are often for the administrator only; try --port)\n"
	if code != 1 || errs != want {
		t.Errorf("%d, %q, want %q", code, errs, want)
	}
}

// privileged reports whether only the administrator may listen on port.
func privileged(port int) bool {
	first := 1024
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
		if _, err := fmt.Sscan(string(text), &first); err != nil {
			return false
		}
	}
	return port < first
}

// A family is served, or its connections are refused.
func TestOnlyTheRequestedFamiliesAreServed(t *testing.T) {
	for _, c := range []struct {
		flags  []string
		v4, v6 bool
	}{
		{[]string{"-port", "0"}, true, true},
		{[]string{"-6", "-port", "0"}, false, true},
		{[]string{"--ipv6", "--bind", "*"}, false, true},
		{[]string{"-4", "-port=0"}, true, false},
		{[]string{"-4", "-6"}, true, true},
		{[]string{"--bind", "::"}, false, true},
		{[]string{"--bind", "0.0.0.0"}, true, false},
	} {
		t.Run(strings.Join(c.flags, " "), func(t *testing.T) {
			s := start(t, c.flags...)
			_, port, err := net.SplitHostPort(s.places[0].address)
			if err != nil {
				t.Fatal(err)
			}
			for host, served := range map[string]bool{"127.0.0.1": c.v4, "::1": c.v6} {
				s.places = []place{{"tcp", net.JoinHostPort(host, port)}}
				p, err := dial(s, "alice", 0)
				if !served {
					if !errors.Is(err, syscall.ECONNREFUSED) {
						t.Errorf("%s: %v, want it refused", host, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(p.joins(), p.seesNothing(), p.leaves()); err != nil {
					t.Error(err)
				}
			}
			s.stops(t)
		})
	}
}

// All addresses, including the name of a loopback interface, are one chat.
func TestAllAddressesServeTheSameChat(t *testing.T) {
	nics, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	loopback := slices.IndexFunc(nics, func(n net.Interface) bool { return n.Flags&net.FlagLoopback != 0 })
	if loopback < 0 {
		t.Skip("there is no loopback interface")
	}
	path := folder(t) + "/chat"
	s := start(t, "--bind", nics[loopback].Name, "--bind", "unix:"+path)
	if len(s.places) < 2 || s.places[len(s.places)-1] != (place{"unix", path}) {
		t.Fatalf("listens on %v", s.places)
	}
	var all []*person
	for i := range s.places {
		p := meet(t, s, fmt.Sprintf("p%d", i), i)
		if err := p.joins(); err != nil {
			t.Fatal(err)
		}
		for _, other := range all {
			if err := other.sees("*** " + p.name + " joined\r\n"); err != nil {
				t.Error(err)
			}
		}
		all = append(all, p)
	}
	for _, speaker := range all {
		if err := speaker.send("hello\r\n"); err != nil {
			t.Error(err)
		}
		for _, other := range all {
			if other == speaker {
				continue
			}
			if err := other.sees(speaker.name + ": hello\r\n"); err != nil {
				t.Error(err)
			}
		}
	}
	for _, p := range all {
		if err := p.leaves(); err != nil {
			t.Error(err)
		}
	}
	s.stops(t)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is still there: %v", err)
	}
}
