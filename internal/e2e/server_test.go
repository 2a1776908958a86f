//go:build e2e && unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// patientSniffing gives a busy machine time to send a ClientHello. A client that sends
// something at once does not wait for it.
const patientSniffing = "--sniff-window=10s"

// A place is an address that a server listens on.
type place struct{ network, address string }

// A server is a running chatsrv.
type server struct {
	ctx     context.Context // ends after patience
	cmd     *exec.Cmd
	wine    bool // see program
	log     *serverLog
	backend string
	places  []place
	done    chan struct{} // closed when it has exited
	again   func() *server
	secure  func(net.Conn) (Conn, error) // see transport.dial
}

// environment returns the test's environment without settings of a server, and with
// defaults: no data folder and no flood limits, unless flags say otherwise.
func environment() []string {
	env := []string{"CHATSRV_DATA=none", "CHATSRV_FLOOD_CONTROL=false"}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CHATSRV_") {
			env = append(env, e)
		}
	}
	return env
}

// A program is the command of the server, which differs for other systems.
type program struct {
	words   []string
	signals bool              // it supports the signals of POSIX
	skip    map[string]string // conversations to skip, each with the reason
	noDisk  string            // why it can't have a data folder; "" if it can
	// wine is set if it runs under Wine, which may write to the log after the server:
	// it kills a process that takes more than half a second to end, which happens on
	// a busy machine, and reports it if a thread has made a request in that moment.
	wine bool
	// terminal is its input and its output, except for the log; nil for none.
	terminal *os.File
}

// native returns the server for this system.
func native() program { return program{words: []string{chatsrv}, signals: true} }

// backends asks the program for its backends.
func (p program) backends(t *testing.T) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(tool(t, nil, append(slices.Clone(p.words), "--backend", "list")...)) {
		names = append(names, strings.Fields(line)[0])
	}
	if len(names) == 0 {
		t.Fatal("the server names no backend")
	}
	return names
}

// start runs a server until the test ends, and returns when it listens. Unless
// the flags say otherwise, it takes any free port.
func start(t *testing.T, flags ...string) *server {
	t.Helper()
	return startProgram(t, native(), flags...)
}

// startProgram is start for any program.
func startProgram(t *testing.T, p program, flags ...string) *server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	s := &server{ctx: ctx, wine: p.wine, log: newServerLog(), done: make(chan struct{})}
	s.again = func() *server { return startProgram(t, p, flags...) }
	words := slices.Concat(p.words, []string{"--port", "0"}, flags)
	s.cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	s.cmd.Env, s.cmd.SysProcAttr = environment(), mortal()
	s.cmd.Stderr = s.log
	if p.terminal != nil {
		s.cmd.Stdin, s.cmd.Stdout = p.terminal, p.terminal
	}
	if err := s.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		_ = s.cmd.Wait() // ProcessState has more details
		close(s.done)
		cancel() // waits for output of the server end
	}()
	t.Cleanup(func() {
		cancel()
		<-waited
		if t.Failed() {
			t.Logf("log of the server:\n%s", s.log)
		}
	})
	r, err := s.log.wait(ctx, record{"msg": "start"})
	if err != nil {
		cancel()
		<-waited
		t.Fatalf("%v; the server: %v", err, s.cmd.ProcessState)
	}
	s.backend = r["backend"]
	for _, where := range strings.Split(r["addresses"], ", ") {
		network, address, _ := strings.Cut(where, " ")
		s.places = append(s.places, place{network, address})
	}
	return s
}

// signal sends the server a signal.
func (s *server) signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// exits waits for the end of the server and checks its exit code and its log.
func (s *server) exits(code int) error {
	<-s.done // when ctx ends at the latest, because that kills it
	var all []error
	if got := s.cmd.ProcessState.ExitCode(); got != code && (code != 0 || !s.hurried()) {
		all = append(all, fmt.Errorf("the server: %v, want exit code %d", s.cmd.ProcessState, code))
	}
	ending := ""
	if s.wine {
		ending = wineEnding
	}
	for _, problem := range s.log.problems(ending) {
		all = append(all, fmt.Errorf("log: %s", problem))
	}
	return errors.Join(all...)
}

// hurried reports whether the server was killed, but not by the test, after it
// had logged that it has stopped.
func (s *server) hurried() bool {
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !s.wine || !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return false
	}
	stopped, _ := s.log.find(record{"msg": "stopped"})
	return stopped != nil
}

// stops stops the server gracefully; it must exit with 0.
func (s *server) stops(t *testing.T) {
	t.Helper()
	if err := s.signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
}

// dial connects to the i-th address of the server.
func (s *server) dial(i int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(s.ctx, s.places[i].network, s.places[i].address)
}

// tool runs a program to its end and returns what it wrote.
func tool(t *testing.T, env []string, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(environment(), env...)
	cmd.SysProcAttr = mortal()
	cmd.WaitDelay = patience // for processes that it has started
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}
