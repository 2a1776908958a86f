package looptest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// ChildDescriptors is how many descriptors the child process may open. It gets
// more clients than that.
const ChildDescriptors = 64

// childVariable is set, to anything, in the environment of the child.
const childVariable = "LOOPTEST_CHILD"

const (
	crowdSize   = 100 // clients of the child
	childTimers = 60  // between two readings of its counters
)

func descriptorBehaviours() []behaviour {
	return []behaviour{
		{"out of descriptors accepting pauses without spinning, drops no client and resumes", exhausts},
	}
}

// child is the process with few descriptors: a server that writes its address
// to standard output, then answers each line of standard input with its
// counters after some time, and ends at the end of its input.
func child(t *testing.T, o Options) {
	t.Helper()
	if err := o.LimitDescriptors(); err != nil {
		t.Fatalf("limit descriptors: %v", err)
	}
	var complaints, others atomic.Int64
	g, err := eventloop.New(eventloop.Options{Open: o.Open, OnError: func(err error) {
		if a := (*eventloop.AcceptError)(nil); errors.As(err, &a) && errors.Is(err, eventloop.ErrTooManyFiles) {
			complaints.Add(1)
		} else {
			others.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := g.Listen("tcp", loopback, func(*eventloop.Conn) eventloop.Handler { return echoer{} })
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- g.Run() }()
	say(t, ln.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if err := idle(g.Loops()[0], childTimers); err != nil {
			t.Fatal(err)
		}
		s := g.Stats()
		say(t, s.Accepted, s.AcceptCalls, s.AcceptPauses, s.Waits, complaints.Load(), others.Load())
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// idle waits for n timers, one after the other.
func idle(l *eventloop.Loop, n int) error {
	done := make(chan struct{})
	var next func()
	next = func() {
		if n--; n < 0 {
			close(done)
			return
		}
		l.AfterFunc(time.Millisecond, next)
	}
	if err := l.Post(next); err != nil {
		return err
	}
	<-done
	return nil
}

func say(t *testing.T, what ...any) {
	t.Helper()
	if _, err := fmt.Fprintln(os.Stdout, what...); err != nil {
		t.Fatal(err)
	}
}

// echoer is the Handler of the child.
type echoer struct{}

// Opened implements eventloop.Handler.
func (echoer) Opened(*eventloop.Conn) {}

// Received implements eventloop.Handler.
func (echoer) Received(c *eventloop.Conn, data []byte) { c.Write(data) }

// Drained implements eventloop.Handler.
func (echoer) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (echoer) Closed(*eventloop.Conn, error) {}

// A progeny is the child as its parent sees it.
type progeny struct {
	e   *env
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	to  string // where it listens
}

// figures are the counters of the child.
type figures struct {
	accepted, calls, pauses, waits, complaints, others int
}

// spawn starts the child.
func spawn(e *env) *progeny {
	e.Helper()
	test, _, _ := strings.Cut(e.Name(), "/")
	cmd := Again(e.Context(), "-test.run=^"+regexp.QuoteMeta(test)+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		e.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		e.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		e.Fatal(err)
	}
	c := &progeny{e: e, cmd: cmd, in: in, out: bufio.NewReader(out)}
	c.to = strings.TrimSpace(c.line())
	return c
}

func (c *progeny) line() string {
	c.e.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		c.e.Fatalf("the child said %q, then %v", s, err)
	}
	return s
}

// figures asks the child for its counters.
func (c *progeny) figures() (f figures) {
	c.e.Helper()
	if _, err := io.WriteString(c.in, "?\n"); err != nil {
		c.e.Fatal(err)
	}
	s := c.line()
	if _, err := fmt.Sscan(s, &f.accepted, &f.calls, &f.pauses, &f.waits, &f.complaints, &f.others); err != nil {
		c.e.Fatalf("the child said %q: %v", s, err)
	}
	return f
}

// end ends the child.
func (c *progeny) end() {
	c.e.Helper()
	if err := c.in.Close(); err != nil {
		c.e.Error(err)
	}
	if rest, err := io.ReadAll(c.out); err != nil || strings.Contains(string(rest), "FAIL") {
		c.e.Errorf("the child ended with %q, %v", rest, err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.e.Errorf("the child: %v", err)
	}
}

func exhausts(e *env) {
	e.start(eventloop.Options{})
	if e.o.LimitDescriptors == nil {
		e.Skip("nobody knows how to limit the descriptors of a process here")
	}
	c := spawn(e)
	at, err := net.ResolveTCPAddr("tcp", c.to)
	if err != nil {
		e.Fatal(err)
	}
	peers := make([]*peer, crowdSize)
	for i := range peers {
		peers[i] = e.dial(at)
		peers[i].send("hello")
	}
	f := c.figures()
	for f.pauses == 0 {
		f = c.figures()
	}
	for range 4 {
		later := c.figures()
		c.check(f, later)
		f = later
	}
	// Each client that leaves makes room for one that waits.
	for _, p := range peers {
		p.want("hello")
		p.close()
	}
	if f = c.figures(); f.accepted != crowdSize || f.others != 0 {
		e.Errorf("%d clients of %d were accepted, %d other errors", f.accepted, crowdSize, f.others)
	}
	c.end()
}

// check compares two sets of counters, childTimers timers of one millisecond
// apart, while the descriptors are used up.
func (c *progeny) check(before, after figures) {
	c.e.Helper()
	if after.accepted < ChildDescriptors/2 || after.accepted >= ChildDescriptors {
		c.e.Errorf("%d clients accepted with %d descriptors", after.accepted, ChildDescriptors)
	}
	if after.complaints != 1 || after.others != 0 {
		c.e.Errorf("%d AcceptErrors and %d others while it lasts, want one", after.complaints, after.others)
	}
	// Pauses get longer and longer; a loop that spins would have one in every
	// turn, and so one for every timer at least.
	pauses, calls := after.pauses-before.pauses, after.calls-before.calls
	if pauses > childTimers/4 {
		c.e.Errorf("%d pauses during %d timers", pauses, childTimers)
	}
	if calls > pauses+1 {
		c.e.Errorf("%d calls of Accept for %d pauses", calls, pauses)
	}
	if turns := after.waits - before.waits; turns > quietTurns(childTimers+pauses) {
		c.e.Errorf("%d turns during %d timers and %d pauses", turns, childTimers, pauses)
	}
}
