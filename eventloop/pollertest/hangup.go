package pollertest

import "github.com/sudoXpg/netloop/eventloop"

// hangupChecks test peers that hang up, and handles with interest 0.
func hangupChecks() []check {
	return []check{
		{Rule{18, "a peer that closes makes the handle Readable"}, closeIsReadable},
		{Rule{19, "the end of the stream is level-triggered"}, endStays},
		{Rule{20, "what arrived before the end is read before the end"}, dataFirst},
		{Rule{21, "with interest 0 nothing is reported, not even a peer that hangs up"}, detachedIsQuiet},
		{Rule{22, "Modify attaches a handle with interest 0 again, with all that happened"}, attachAgain},
		{Rule{23, "a handle added with interest 0 is registered"}, addDetached},
		{Rule{24, "a connection whose peer closed with unread input is Readable and reading it fails or ends"}, resetReadable},
		{Rule{25, "a blocked writer is told of a peer that is gone"}, resetWritable},
		{Rule{73, "a blocked writer that does not read is not told of a peer that shut down its side"}, halfClosedIsQuiet},
	}
}

// closeIsReadable: wait checks for every event that HangUp comes with Readable.
func closeIsReadable(e *env) {
	a, b := e.pair()
	t := e.add(a, eventloop.Readable)
	e.close(b)
	e.expect(t, eventloop.Readable)
	e.remove(a)
	e.wantEOF(e.readEnd(a))
}

// endStays: also after Read has returned it.
func endStays(e *env) {
	a, b := e.pair()
	e.close(b)
	t := e.add(a, eventloop.Readable)
	for range 3 {
		e.expect(t, eventloop.Readable)
		_, err := e.b.Read(a, make([]byte, 8))
		e.wantEOF(err)
	}
}

// dataFirst: the event may say HangUp already while data is unread.
func dataFirst(e *env) {
	a, b := e.pair()
	e.write(b, []byte("farewell"))
	e.close(b)
	if got := string(e.read(a, 8)); got != "farewell" {
		e.Fatalf("read %q, want %q", got, "farewell")
	}
	e.wantEOF(e.readEnd(a))
}

// detachedIsQuiet: a paused dead peer must never spin the loop. Systems tell
// the three ways to die apart: a peer that closes, one that closes when nothing
// can be written to it any more, and one that closes with unread input, which
// resets the connection on Linux.
func detachedIsQuiet(e *env) {
	for _, unread := range []string{"", "never read"} {
		for _, shutDown := range []bool{false, true} {
			a, b := e.pair()
			e.expect(e.add(a, both), eventloop.Writable)
			e.modify(a, 0)
			e.send(b, a, "x")
			e.expectNothing()
			if unread != "" {
				e.send(a, b, unread)
			}
			if shutDown {
				e.closeWrite(a)
			}
			e.close(b)
			e.expectNothing()
			e.expectNothing()
			e.remove(a)
		}
	}
}

// attachAgain: nothing is lost while the handle is detached.
func attachAgain(e *env) {
	a, b := e.pair()
	e.add(a, eventloop.Readable)
	e.modify(a, 0)
	e.send(b, a, "x")
	e.expect(e.modify(a, eventloop.Readable), eventloop.Readable)
	e.modify(a, 0)
	e.modify(a, 0)
	e.close(b)
	e.readNow(a, 1)
	e.expectNothing()
	e.expect(e.modify(a, eventloop.Readable), eventloop.Readable)
}

// addDetached: it can be attached and removed, and not added once more.
func addDetached(e *env) {
	a, b := e.pair()
	e.send(b, a, "x")
	e.add(a, 0)
	e.expectNothing()
	e.wantError("the second Add", e.b.Add(a, e.fresh(), both))
	e.expect(e.modify(a, eventloop.Readable), eventloop.Readable)
	e.modify(a, 0)
	e.remove(a)
	e.wantError("the second Remove", e.b.Remove(a))
}

// resetReadable: closing with unread input resets a TCP connection on Linux; BSDs
// end it in order (RFC 1122, section 4.2.2.13, asks for the reset). Which error
// Read then gives is the system's choice, end of file included.
func resetReadable(e *env) {
	a, b := e.pair()
	e.send(a, b, "never read")
	e.close(b)
	t := e.add(a, eventloop.Readable)
	e.expect(t, eventloop.Readable)
	if n, err := e.b.Read(a, make([]byte, 8)); err == nil || err == eventloop.ErrWouldBlock {
		e.Errorf("Read of a reset connection: %d, %v", n, err)
	}
}

// resetWritable: it must not wait for room that never comes.
func resetWritable(e *env) {
	a, b := e.pair()
	t, _ := e.fill(a)
	e.close(b)
	e.expect(t, 0)
	for range 1000 {
		if _, err := e.b.Write(a, []byte("x")); err == eventloop.ErrWouldBlock {
			e.expect(t, 0)
		} else if err != nil {
			return
		}
	}
	e.Error("writing to a peer that is gone never fails")
}

// halfClosedIsQuiet: a paused reader that still has something to write must not
// spin the loop. Room that the peer then makes is reported.
func halfClosedIsQuiet(e *env) {
	a, b := e.pair()
	_, sent := e.fill(a)
	e.closeWrite(b)
	e.until(a, eventloop.Readable)
	e.remove(a)
	t := e.add(a, eventloop.Writable)
	sent += e.refill(a)
	e.read(b, sent)
	if got := e.expect(t, eventloop.Writable); got != eventloop.Writable {
		e.Errorf("asked for Writable, got %03b", got)
	}
}
