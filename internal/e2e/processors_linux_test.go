//go:build e2e

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// A processor is another one than that of most desks. Its programs run here by
// themselves or under an emulator (qemu-user in scripts/e2e-deps.sh).
type processor struct {
	arch     string // as GOARCH has it
	emulator []string
	suites   []string
}

func processors() []processor {
	system := []string{"internal/epoll", "internal/pollfd", "internal/sock", "internal/osutil"}
	// Where the width and the order of bytes matter.
	all := append(system, "eventloop", "eventloop/sim", "filter/telnet")
	return []processor{
		{"arm64", []string{"qemu-aarch64"}, system},
		{"s390x", []string{"qemu-s390x"}, all}, // big-endian
		{"386", nil, all},                      // 32 bits
	}
}

// onProcessors runs f for each of the processors, at the same time.
func onProcessors(t *testing.T, f func(t *testing.T, p processor)) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no Go here to build for other processors with")
	}
	for _, p := range processors() {
		t.Run(p.arch, func(t *testing.T) {
			t.Parallel()
			switch {
			case p.arch == runtime.GOARCH:
				p.emulator = nil
			case p.emulator == nil && runtime.GOARCH != "amd64":
				t.Skip("only amd64 runs programs for 386, and qemu-i386 crashes those of Go")
			case p.emulator != nil:
				if _, err := exec.LookPath(p.emulator[0]); err != nil {
					t.Fatalf("%v (make e2e installs it on Debian)", err)
				}
			}
			f(t, p)
		})
	}
}

// The suites are built and run as they are for machines without Go.
func TestTheSuitesPassOnOtherProcessors(t *testing.T) {
	onProcessors(t, func(t *testing.T, p processor) {
		dir := folder(t)
		var packages []string
		for _, s := range p.suites {
			packages = append(packages, "./"+s)
		}
		tool(t, nil, append([]string{"sh", "../../scripts/suites.sh", "linux/" + p.arch, dir}, packages...)...)
		for _, s := range p.suites {
			t.Run(s, func(t *testing.T) {
				env := []string{looptest.ExecVariable + "=" + strings.Join(p.emulator, " "), "SUITES_FLAGS=-test.short", "SIM_SEEDS=10"}
				t.Log(tool(t, env, "sh", filepath.Join(dir, "run.sh"), s))
			})
		}
	})
}

// What people do with a downloaded server: chatsrv -6 -port N, and telnet ::1 N.
func TestAServerForAnotherProcessorServesTelnet(t *testing.T) {
	requireClients(t)
	onProcessors(t, func(t *testing.T, p processor) {
		exe := filepath.Join(folder(t), "chatsrv")
		tool(t, []string{"GOARCH=" + p.arch, "CGO_ENABLED=0"}, "go", "build", "-o", exe, "github.com/sudoXpg/netloop/cmd/chatsrv")
		server := program{words: append(p.emulator, exe)}
		for _, backend := range server.backends(t) {
			s := startProgram(t, server, "-6", "-port", "0", "--backend", backend)
			chatOverTelnet(t, s.at(t, "::1"))
		}
	})
}

// chatOverTelnet lets somebody at Debian's telnet chat with somebody else until
// the server is told to stop.
func chatOverTelnet(t *testing.T, s *server) {
	t.Helper()
	alice := gather(t, s, "alice")[0]
	bob := clientKinds()[0].run(t, s, "bob", s.places[0])
	for _, step := range []func() error{
		func() error { return bob.shows(s.ctx, strings.TrimRight(prompt, " ")) },
		func() error { return bob.types("bob") },
		func() error { return bob.shows(s.ctx, "*** you are in #lobby as bob, with 1 other") },
		func() error { return alice.sees("*** bob joined\r\n") },
		func() error { return bob.types("grüße") },
		func() error { return alice.sees("bob: grüße\r\n") },
		func() error { return alice.send("hello, bob\r\n") },
		func() error { return bob.shows(s.ctx, "alice: hello, bob") },
		func() error { return s.signal(os.Interrupt) },
		func() error { return alice.seesTheEnd("*** the server is shutting down: interrupt\r\n") },
		func() error { return s.exits(0) },
		func() error { return bob.shows(t.Context(), "*** the server is shutting down: interrupt") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// at says that people reach the first place of the server at host, if it listens
// everywhere.
func (s *server) at(t *testing.T, host string) *server {
	t.Helper()
	_, port, err := net.SplitHostPort(s.places[0].address)
	if err != nil {
		t.Fatal(err)
	}
	s.places[0].address = net.JoinHostPort(host, port)
	return s
}
