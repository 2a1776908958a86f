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

// A place is where a server listens.
type place struct{ network, address string }

// A server is a running chatsrv.
type server struct {
	ctx     context.Context // ends when patience does
	cmd     *exec.Cmd
	hasty   bool // see program
	log     *serverLog
	backend string
	places  []place
	done    chan struct{} // closed when it has exited
	again   func() *server
}

// environment is that of the test without what would configure a server, which
// keeps nothing and lets everybody write as fast as he can, unless flags say otherwise.
func environment() []string {
	env := []string{"CHATSRV_DATA=none", "CHATSRV_FLOOD_CONTROL=false"}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CHATSRV_") {
			env = append(env, e)
		}
	}
	return env
}

// A program is the server as it is run: in other words for another system.
type program struct {
	words   []string
	signals bool              // the signals of POSIX mean something to it
	skip    map[string]string // conversations that can't be held, each with the reason
	noDisk  string            // why it can keep nothing on disk; "" if it can
	// What it runs in kills a process that takes half a second from its last word
	// to its end, as it may on a busy machine: Wine does.
	hasty bool
	// Its input and its output, but for the log; nil for none.
	terminal *os.File
}

// native is the server for this system.
func native() program { return program{words: []string{chatsrv}, signals: true} }

// backends asks the program for those of its platform.
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
	s := &server{ctx: ctx, hasty: p.hasty, log: newServerLog(), done: make(chan struct{})}
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
		_ = s.cmd.Wait() // the state of the process says it better
		close(s.done)
		cancel() // nobody has to wait for what a dead server does not write
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
	<-s.done // at last when ctx ends, because that kills it
	var all []error
	if got := s.cmd.ProcessState.ExitCode(); got != code && (code != 0 || !s.hurried()) {
		all = append(all, fmt.Errorf("the server: %v, want exit code %d", s.cmd.ProcessState, code))
	}
	for _, problem := range s.log.problems() {
		all = append(all, fmt.Errorf("log: %s", problem))
	}
	return errors.Join(all...)
}

// hurried tells whether the server was killed, not by the test, when it had said
// that it has stopped.
func (s *server) hurried() bool {
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !s.hasty || !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return false
	}
	stopped, _ := s.log.find(record{"msg": "stopped"})
	return stopped != nil
}

// stops ends the server the polite way; it has to exit with 0.
func (s *server) stops(t *testing.T) {
	t.Helper()
	if err := s.signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := s.exits(0); err != nil {
		t.Error(err)
	}
}

// dial connects to the i-th place where the server listens.
func (s *server) dial(i int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(s.ctx, s.places[i].network, s.places[i].address)
}

// tool runs a program to its end and returns what it wrote.
func tool(t *testing.T, env []string, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 9*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(environment(), env...)
	cmd.SysProcAttr = mortal()
	cmd.WaitDelay = patience // for what it has started itself
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}
