package sim_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

const both = eventloop.Readable | eventloop.Writable

// A rig is a world with one backend and a listener in it.
type rig struct {
	*testing.T
	w  *sim.World
	b  eventloop.Backend
	ln eventloop.Handle
}

const rigAddress = "127.0.0.1:9034"

func newRig(t *testing.T, o sim.Options) *rig {
	t.Helper()
	w := sim.New(o)
	b, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := b.Listen("tcp", rigAddress, eventloop.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &rig{T: t, w: w, b: b, ln: ln}
}

// pair connects a client and accepts it.
func (r *rig) pair() (*sim.Client, eventloop.Handle) {
	r.Helper()
	c, err := r.w.Dial("tcp", rigAddress)
	if err != nil {
		r.Fatal(err)
	}
	h, _, err := r.b.Accept(r.ln)
	if err != nil {
		r.Fatal(err)
	}
	return c, h
}

func (r *rig) add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) {
	r.Helper()
	if err := r.b.Add(h, t, i); err != nil {
		r.Fatal(err)
	}
}

// wait returns what one Wait reports, by token.
func (r *rig) wait(room int, timeout time.Duration) []eventloop.Event {
	r.Helper()
	events := make([]eventloop.Event, room)
	n, err := r.b.Wait(events, timeout)
	if err != nil {
		r.Fatal(err)
	}
	return events[:n]
}

// fill writes until the buffers are full.
func (r *rig) fill(h eventloop.Handle) (total int) {
	r.Helper()
	chunk := make([]byte, 1000)
	for {
		n, err := r.b.Write(h, chunk)
		total += n
		if err == eventloop.ErrWouldBlock {
			return total
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}

// readAll reads what a client can get and how that ended.
func readAll(c *sim.Client) (got []byte, err error) {
	p := make([]byte, 100)
	for {
		n, err := c.Read(p)
		if err != nil {
			return got, err
		}
		got = append(got, p[:n]...)
	}
}

func TestBytesInFlightAreBoundedByBothBuffers(t *testing.T) {
	r := newRig(t, sim.Options{SocketBuffer: 5000})
	c, h := r.pair()
	if n := r.fill(h); n != 10000 {
		t.Errorf("the backend could write %d bytes, want send and receive buffer: 10000", n)
	}
	chunk := make([]byte, 20000)
	if n, err := c.Write(chunk); n != 10000 || err != nil {
		t.Errorf("the client wrote %d bytes, %v; want 10000", n, err)
	}
	if _, err := c.Write(chunk); err != eventloop.ErrWouldBlock {
		t.Errorf("the client's next write: %v, want ErrWouldBlock", err)
	}
}

func TestAStalledReaderIsWritableAgainWhenItReads(t *testing.T) {
	r := newRig(t, sim.Options{SocketBuffer: 1000})
	c, h := r.pair()
	c.SetReadBuffer(1)
	r.add(h, 1, eventloop.Writable)
	if n := r.fill(h); n != 1001 {
		t.Fatalf("%d bytes fit, want 1001", n)
	}
	if got := r.wait(4, time.Second); len(got) != 0 {
		t.Fatalf("full, and reported as %v", got)
	}
	if n, err := c.Read(make([]byte, 10)); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	if got := r.wait(4, time.Second); len(got) != 1 || got[0].Ready != eventloop.Writable {
		t.Errorf("with room again, reported %v", got)
	}
}

func TestAResetLosesBytesThatHaveNotReachedTheReceiver(t *testing.T) {
	r := newRig(t, sim.Options{SocketBuffer: 3000})
	c, h := r.pair()
	if _, err := c.Write([]byte("never read")); err != nil {
		t.Fatal(err)
	}
	sent := r.fill(h)
	if err := r.b.CloseHandle(h); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(c)
	if len(got) != 3000 || sent != 6000 {
		t.Errorf("%d of %d bytes arrived, want the 3000 of the receive buffer", len(got), sent)
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("then: %v, want ECONNRESET", err)
	}
}

func TestACloseWithAllInputReadLosesNothing(t *testing.T) {
	r := newRig(t, sim.Options{SocketBuffer: 3000})
	c, h := r.pair()
	r.fill(h)
	if err := r.b.CloseHandle(h); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(c); len(got) != 6000 || err != io.EOF {
		t.Errorf("%d bytes arrived, then %v; want 6000, EOF", len(got), err)
	}
}

func TestAClientsResetIsReadAfterItsBytes(t *testing.T) {
	r := newRig(t, sim.Options{})
	c, h := r.pair()
	if _, err := c.Write([]byte("bye")); err != nil {
		t.Fatal(err)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 10)
	if n, err := r.b.Read(h, p); n != 3 || err != nil {
		t.Errorf("first read: %d, %v; want the 3 bytes", n, err)
	}
	if _, err := r.b.Read(h, p); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("second read: %v, want ECONNRESET", err)
	}
	if _, err := c.Write(p); err != eventloop.ErrClosed {
		t.Errorf("write after Reset: %v, want ErrClosed", err)
	}
}

func TestAHalfClosedConnectionCarriesTheAnswer(t *testing.T) {
	r := newRig(t, sim.Options{})
	c, h := r.pair()
	if _, err := c.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("more")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write after CloseWrite: %v, want EPIPE", err)
	}
	p := make([]byte, 100)
	if n, err := r.b.Read(h, p); string(p[:n]) != "question" || err != nil {
		t.Fatalf("read %q, %v", p[:n], err)
	}
	if _, err := r.b.Read(h, p); err != io.EOF {
		t.Fatalf("then %v, want EOF", err)
	}
	if _, err := r.b.Write(h, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := r.b.CloseHandle(h); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(c); string(got) != "answer" || err != io.EOF {
		t.Errorf("the client read %q, then %v", got, err)
	}
}

func TestAHalfClosedPeerIsNotReportedToASocketThatOnlyWrites(t *testing.T) {
	r := newRig(t, sim.Options{SocketBuffer: 1000})
	c, h := r.pair()
	r.add(h, 1, eventloop.Writable)
	r.fill(h)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(1, time.Second); len(got) != 0 {
		t.Errorf("with a full buffer, reported %v", got)
	}
	if err := r.b.CloseWrite(h); err != nil {
		t.Fatal(err)
	}
	all := both | eventloop.HangUp
	if got := r.wait(1, time.Second); len(got) != 1 || got[0].Ready != all {
		t.Errorf("closed on both sides, reported %v", got)
	}
}

func TestTheFirstWriteAfterThePeerIsGoneVanishes(t *testing.T) {
	r := newRig(t, sim.Options{})
	c, h := r.pair()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.b.Write(h, []byte("x")); n != 1 || err != nil {
		t.Errorf("first write: %d, %v", n, err)
	}
	if _, err := r.b.Write(h, []byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("second write: %v, want ECONNRESET", err)
	}
}

func TestAClosedHandleIsInvalidUntilItIsReused(t *testing.T) {
	r := newRig(t, sim.Options{})
	_, h := r.pair()
	r.add(h, 1, both)
	if err := r.b.CloseHandle(h); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1)
	_, readErr := r.b.Read(h, p)
	_, writeErr := r.b.Write(h, p)
	_, _, acceptErr := r.b.Accept(h)
	_, addrErr := r.b.LocalAddr(h)
	for call, err := range map[string]error{
		"Read": readErr, "Write": writeErr, "Accept": acceptErr, "LocalAddr": addrErr,
		"Connected": r.b.Connected(h), "CloseWrite": r.b.CloseWrite(h), "CloseHandle": r.b.CloseHandle(h),
		"Add": r.b.Add(h, 2, both), "Modify": r.b.Modify(h, 2, both), "Remove": r.b.Remove(h),
	} {
		if !errors.Is(err, syscall.EBADF) {
			t.Errorf("%s: %v, want EBADF", call, err)
		}
	}
	if _, again := r.pair(); again != h {
		t.Errorf("the next handle is %d, want %d once more", again, h)
	}
	if got := r.wait(4, time.Second); len(got) != 0 {
		t.Errorf("the old registration reports %v", got)
	}
}

func TestANewcomerBeyondTheBacklogConnectsWhenThereIsRoom(t *testing.T) {
	w := sim.New(sim.Options{})
	ln, err := w.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{Backlog: 1})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Write([]byte("1")); err != nil {
		t.Errorf("in the backlog: %v", err)
	}
	if _, err := second.Write([]byte("2")); err != eventloop.ErrWouldBlock {
		t.Errorf("beyond the backlog: %v, want ErrWouldBlock", err)
	}
	if _, err := ln.Accept(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Write([]byte("2")); err != nil {
		t.Errorf("with room in the backlog: %v", err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("never accepted: %v, want ECONNRESET", err)
	}
}

func TestAConnectionThatIsGoneIsNotAccepted(t *testing.T) {
	r := newRig(t, sim.Options{})
	for range 3 {
		c, err := r.w.Dial("tcp", rigAddress)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if h, _, err := r.b.Accept(r.ln); err != eventloop.ErrWouldBlock {
		t.Errorf("Accept: %v, %v; want ErrWouldBlock", h, err)
	}
}

func TestWaitMovesTheClockInsteadOfSleeping(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	r := newRig(t, sim.Options{Start: start})
	r.wait(1, 100*time.Hour)
	if got, want := r.w.Now(), start.Add(100*time.Hour); !got.Equal(want) {
		t.Errorf("after an idle Wait: %v, want %v", got, want)
	}
	r.w.Advance(time.Minute)
	_, h := r.pair()
	r.add(h, 1, eventloop.Writable)
	r.wait(1, time.Hour)
	if got, want := r.w.Now(), start.Add(100*time.Hour+time.Minute); !got.Equal(want) {
		t.Errorf("after a Wait with something ready: %v, want %v", got, want)
	}
}

func TestIdleReportsWhetherThereIsSomethingToDo(t *testing.T) {
	r := newRig(t, sim.Options{})
	idle := func(want bool, when string) {
		t.Helper()
		if r.w.Idle() != want {
			t.Errorf("Idle is %v %s", !want, when)
		}
	}
	idle(true, "at first")
	c, h := r.pair()
	r.add(h, 1, eventloop.Readable)
	idle(true, "with a silent connection")
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	idle(false, "with something to read")
	if _, err := r.b.Read(h, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	idle(true, "after it was read")
	if err := r.b.Wake(); err != nil {
		t.Fatal(err)
	}
	idle(false, "after a Wake")
	r.wait(1, -1)
	idle(true, "after the Wait that it ended")
	if err := r.w.Executor().Execute(func() {}); err != nil {
		t.Fatal(err)
	}
	idle(false, "with a job")
}

func TestABlockedWaitReturnsWhenAnotherGoroutineMakesAHandleReady(t *testing.T) {
	for name, act := range map[string]func(*rig, *sim.Client){
		"bytes":  func(_ *rig, c *sim.Client) { _, _ = c.Write([]byte("x")) },
		"close":  func(_ *rig, c *sim.Client) { _ = c.Close() },
		"reset":  func(_ *rig, c *sim.Client) { _ = c.Reset() },
		"a wake": func(r *rig, _ *sim.Client) { _ = r.b.Wake() },
		"a job":  func(r *rig, _ *sim.Client) { _ = r.w.Executor().Execute(func() { _ = r.b.Wake() }) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sim.Options{})
			c, h := r.pair()
			r.add(h, 1, eventloop.Readable)
			go act(r, c)
			r.wait(1, -1)
		})
	}
}

func TestTheLogSaysWhatHappened(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, sim.Options{Log: &log, Faults: sim.Faults{ShortRead: 1}})
	c, h := r.pair()
	r.add(h, 7, both)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	r.wait(1, time.Second)
	if _, err := r.b.Read(h, make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"0s             h1   listen    9034\n",
		"0s             c1   write     5\n",
		"0s             p1   event     token 7 RW-\n",
		"0s             h2   fault     short read\n",
	} {
		if !bytes.Contains(log.Bytes(), []byte(want)) {
			t.Errorf("no line %q in the log:\n%s", want, log.Bytes())
		}
	}
}
