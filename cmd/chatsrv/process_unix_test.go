//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// deadline ends a test of a process that hangs. No test waits for it to pass.
const deadline = time.Minute

// A process is chatsrv as a separate process, for tests that can't run in their own.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	ended chan error
}

// processOf returns chatsrv with args, not started. It stores nothing on disk
// unless the environment is changed.
func processOf(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := looptest.Again(t.Context(), args...)
	cmd.Env = append(os.Environ(), processVariable+"=1", "CHATSRV_DATA=none", "CHATSRV_FLOOD_CONTROL=false")
	return cmd
}

// launch starts cmd, which is killed at the end of the test if it still runs then.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, ended: make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		p.ended <- <-p.ended
	})
	return p
}

// wait waits for the end of the process and returns its error.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		return err
	case <-time.After(deadline):
		p.t.Fatal("the process does not end")
		return nil
	}
}

// stops asks the process to end, and expects that it does so without a fault.
func (p *process) stops() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	if err := p.wait(); err != nil {
		p.t.Errorf("after SIGTERM: %v", err)
	}
}

// dialUnix connects to a server at a Unix socket as soon as it is there.
func (p *process) dialUnix(path string) *client {
	p.t.Helper()
	for end := time.Now().Add(deadline); ; {
		c, err := net.Dial("unix", path)
		if err == nil {
			p.t.Cleanup(func() { _ = c.Close() })
			if err := c.SetDeadline(time.Now().Add(deadline)); err != nil {
				p.t.Fatal(err)
			}
			return &client{p.t, c, bufio.NewReader(c)}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			p.t.Fatalf("the server has ended: %v", err)
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(end) {
			p.t.Fatalf("no server: %v", err)
		}
	}
}

// comesAndGoes makes a user join and leave, which is logged.
func (p *process) comesAndGoes(path string) {
	p.t.Helper()
	c := p.dialUnix(path)
	c.sends("bob\n/quit\n")
	c.sees("*** goodbye\r\n")
	if _, err := io.Copy(io.Discard, c.r); err != nil {
		p.t.Error(err)
	}
	_ = c.Close()
}

// metric reads a metric of the server until it has a wanted value.
func metric(t *testing.T, url, name string, wanted func(value string) bool) {
	t.Helper()
	for end := time.Now().Add(deadline); ; {
		_, text := get(t, url)
		_, rest, _ := strings.Cut(text, "\n"+name+" ")
		if value, _, _ := strings.Cut(rest, "\n"); wanted(value) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not as wanted in\n%s", name, text)
		}
		<-time.After(time.Millisecond)
	}
}

// attribute returns the value of an attribute in a line of the log.
func attribute(line, name string) string {
	_, rest, _ := strings.Cut(line, " "+name+"=")
	value, _, _ := strings.Cut(rest, " ")
	return strings.TrimSpace(value)
}

// output runs cmd to its end and returns what it prints.
func output(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = launch(t, cmd).wait()
	return out.String(), errs.String(), err
}
