//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil/ptytest"
)

// A clientKind is a program that people use to talk to a server.
type clientKind struct {
	name     string
	terminal bool // it is used at a terminal; otherwise through pipes
	echo     bool // the terminal shows what is typed, as usual
	leader   bool // leads a session with that terminal, so that keys send signals; its last output may then be lost
	unix     bool // can also use Unix sockets
	args     func(p place) []string
}

// hostPort cuts the address of a TCP place.
func hostPort(p place) (host, port string) {
	host, port, _ = net.SplitHostPort(p.address)
	return host, port
}

// clientKinds returns the list of clients; scripts/e2e-deps.sh installs them.
func clientKinds() []clientKind {
	tcp := func(words ...string) func(place) []string {
		return func(p place) []string {
			host, port := hostPort(p)
			return append(words[:len(words):len(words)], host, port)
		}
	}
	orUnix := func(words ...string) func(place) []string {
		return func(p place) []string {
			if p.network == "unix" {
				return append(words[:len(words):len(words)], "-U", p.address)
			}
			return tcp(words...)(p)
		}
	}
	plink := func(protocol string) func(place) []string {
		return func(p place) []string {
			host, port := hostPort(p)
			return []string{"plink", protocol, "-P", port, host}
		}
	}
	return []clientKind{
		{name: "inetutils-telnet", terminal: true, args: tcp("inetutils-telnet")},
		{name: "busybox telnet", terminal: true, args: tcp("busybox", "telnet")},
		{name: "plink -telnet", terminal: true, args: plink("-telnet")},
		{name: "nc", unix: true, args: orUnix("nc")},
		{name: "ncat", unix: true, args: orUnix("ncat")},
		{name: "socat", unix: true, args: func(p place) []string {
			if p.network == "unix" {
				return []string{"socat", "-", "UNIX-CONNECT:" + p.address}
			}
			return []string{"socat", "-", "TCP:" + p.address}
		}},
		{name: "plink -raw", args: plink("-raw")},
	}
}

// A client is a running client program.
type client struct {
	name  string // in the chat
	kind  clientKind
	enter string // what ends a line that is typed
	in    io.WriteCloser
	out   *screen
	cmd   *exec.Cmd
	done  <-chan struct{} // closed when it has exited, and shown all
}

// run starts a client, which is killed when the test ends.
func (k clientKind) run(t *testing.T, s *server, name string, p place) *client {
	t.Helper()
	// Longer than the server runs, to show the server's last output.
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	args := k.args(p)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(environment(), "HOME="+folder(t), "TERM=vt100", "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = mortal()
	c := &client{name: name, kind: k, enter: "\n", out: newScreen(), cmd: cmd}
	read := make(chan struct{})
	if k.terminal {
		c.enter = "\r"
		person, program := ptytest.Open(t)
		if !k.echo {
			ptytest.HideTyping(t, program)
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
		// It becomes the leader of a session with this terminal only if asked: when a
		// leader ends, the kernel hangs up its terminal and drops output in flight.
		if k.leader {
			lead(cmd.SysProcAttr)
		}
		c.in = person
		defer program.Close()
		go func() {
			defer close(read)
			_, _ = io.Copy(c.out, person) // ends when the client has no terminal any more
		}()
	} else {
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr, c.in = c.out, c.out, in
		close(read)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	c.done = done
	go func() {
		defer close(done)
		_ = cmd.Wait() // clients differ in their exit codes
		<-read
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

// types sends a line.
func (c *client) types(line string) error {
	if _, err := io.WriteString(c.in, line+c.enter); err != nil {
		return fmt.Errorf("%s (%s): %w", c.name, c.kind.name, err)
	}
	return nil
}

// shows waits until the client has shown text.
func (c *client) shows(ctx context.Context, text string) error {
	shown := c.out.wait(ctx, c.done, text)
	if strings.Contains(shown, text) {
		return nil
	}
	end := "runs"
	select {
	case <-c.done:
		end = c.cmd.ProcessState.String()
	default:
	}
	return fmt.Errorf("%s (%s; %s) shows %q, want %q", c.name, c.kind.name, end, shown, text)
}

// A screen is all output of a client.
type screen struct {
	mu      sync.Mutex // guards what follows
	text    strings.Builder
	changed chan struct{} // closed at the next change
}

func newScreen() *screen { return &screen{changed: make(chan struct{})} }

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	close(s.changed)
	s.changed = make(chan struct{})
	return len(p), nil
}

func (s *screen) look() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.changed
}

// wait returns the output once it contains text, or when ctx ends or the client
// is done.
func (s *screen) wait(ctx context.Context, done <-chan struct{}, text string) string {
	for {
		shown, changed := s.look()
		if strings.Contains(shown, text) {
			return shown
		}
		select {
		case <-changed:
		case <-done:
			shown, _ := s.look()
			return shown
		case <-ctx.Done():
			return shown
		}
	}
}

// requireClients fails unless all programs are there.
func requireClients(t *testing.T) {
	t.Helper()
	for _, k := range clientKinds() {
		program := k.args(place{"tcp", "127.0.0.1:1"})[0]
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v (make e2e installs it on Debian)", err)
		}
	}
	if _, err := os.Stat("/dev/ptmx"); err != nil {
		t.Fatalf("no pseudo-terminals: %v", err)
	}
}
