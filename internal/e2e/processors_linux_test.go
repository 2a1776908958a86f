//go:build e2e

package e2e

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// A processor is an architecture other than amd64. Its programs run here
// natively or under an emulator (qemu-user in scripts/e2e-deps.sh).
type processor struct {
	arch     string // a value of GOARCH
	emulator []string
	suites   []string
}

func processors() []processor {
	system := []string{"internal/epoll", "internal/pollfd", "internal/sock", "internal/osutil", "internal/admin"}
	// The packages in which word size and byte order matter.
	all := slices.Concat(system, []string{"eventloop", "eventloop/sim", "filter/telnet"})
	return []processor{
		{"arm64", []string{"qemu-aarch64"}, system},
		{"arm", []string{"qemu-arm"}, system}, // 32 bits, aligned
		{"riscv64", []string{"qemu-riscv64"}, system},
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
			p.needKernel(t)
			f(t, p)
		})
	}
}

// needKernel skips the test if the kernel can't run programs of the processor
// without an emulator: many support 64-bit programs only.
func (p processor) needKernel(t *testing.T) {
	t.Helper()
	if p.emulator != nil {
		return
	}
	if err := exec.Command(p.server().at(t), "--version").Run(); errors.Is(err, syscall.ENOEXEC) {
		t.Skipf("this kernel runs no programs for %s: %v", p.arch, err)
	} else if err != nil {
		t.Fatal(err)
	}
}

func TestTheSuitesPassOnOtherProcessors(t *testing.T) {
	onProcessors(t, func(t *testing.T, p processor) {
		dir := p.tests().at(t)
		for _, s := range p.suites {
			t.Run(s, func(t *testing.T) {
				runSuites(t, p.emulator, dir, "-test.short", s)
			})
		}
	})
}

// suiteTimeout is how long a suite may take. With a load of 18 on two processors the
// longest one for other processors took 72 seconds, and store/sqlite under Wine 187.
const suiteTimeout = "10m"

// runSuites runs suites of a folder with an emulator, all of them if none is named, and
// logs which were skipped.
func runSuites(t *testing.T, emulator []string, dir, flags string, suites ...string) {
	t.Helper()
	env := []string{
		looptest.ExecVariable + "=" + strings.Join(emulator, " "),
		"SUITES_FLAGS=-test.timeout " + suiteTimeout + " " + flags, "SIM_SEEDS=10",
	}
	t.Log(tool(t, env, append([]string{"sh", filepath.Join(dir, "run.sh")}, suites...)...))
}

// A typical use of a downloaded server: chatsrv -6 -port N, and telnet ::1 N.
func TestAServerForAnotherProcessorServesTelnet(t *testing.T) {
	requireClients(t)
	onProcessors(t, func(t *testing.T, p processor) {
		server := program{words: slices.Concat(p.emulator, []string{p.server().at(t)})}
		for _, backend := range server.backends(t) {
			s := startProgram(t, server, "-6", "-port", "0", "--backend", backend)
			chatOverTelnet(t, s.at(t, "::1"))
		}
	})
}

// chatOverTelnet makes a user of Debian's telnet chat with another user until
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

// at sets the host at which clients reach the first address of the server, if it
// listens everywhere.
func (s *server) at(t *testing.T, host string) *server {
	t.Helper()
	_, port, err := net.SplitHostPort(s.places[0].address)
	if err != nil {
		t.Fatal(err)
	}
	s.places[0].address = net.JoinHostPort(host, port)
	return s
}
