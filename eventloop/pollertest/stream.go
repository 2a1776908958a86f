package pollertest

import (
	"bytes"
	"math/rand/v2"

	"github.com/sudoXpg/netloop/eventloop"
)

// streamChecks test reading and writing.
func streamChecks() []check {
	return []check{
		{Rule{49, "Read with nothing to read returns ErrWouldBlock"}, readNothing},
		{Rule{50, "Write without room returns ErrWouldBlock"}, writeNoRoom},
		{Rule{51, "bytes arrive whole and in order, whatever the sizes"}, bytesInOrder},
		{Rule{52, "after CloseWrite the peer reads to the end and can still write"}, halfClose},
		{Rule{53, "the end of the stream is io.EOF at every Read"}, endIsEOF},
		{Rule{54, "bytes written before CloseHandle arrive"}, closeFlushes},
		{Rule{55, "writing to a peer that is gone ends in an error, never in a signal"}, writeToGone},
		{Rule{56, "writing after CloseWrite is an error"}, writeAfterCloseWrite},
		{Rule{57, "reading or writing zero bytes does nothing"}, emptyBuffers},
	}
}

// readNothing: the error is ErrWouldBlock itself.
func readNothing(e *env) {
	a, b := e.pair()
	for _, h := range []eventloop.Handle{a, b} {
		if n, err := e.b.Read(h, make([]byte, 8)); n != 0 || err != eventloop.ErrWouldBlock {
			e.Errorf("Read: %d, %v, want 0 and ErrWouldBlock itself", n, err)
		}
	}
}

// writeNoRoom: the error is ErrWouldBlock itself, and nothing was taken.
func writeNoRoom(e *env) {
	a, _ := e.pair()
	for range 1000 {
		e.fill(a)
		e.remove(a)
		n, err := e.b.Write(a, make([]byte, 64<<10))
		if err == nil {
			continue // there was room again: the system has moved bytes on meanwhile
		}
		if n != 0 || err != eventloop.ErrWouldBlock {
			e.Errorf("Write: %d, %v, want 0 and ErrWouldBlock itself", n, err)
		}
		return
	}
	e.Error("there is always room")
}

// bytesInOrder: writer and reader take turns, each in pieces of its own.
func bytesInOrder(e *env) {
	const total = 1 << 20
	a, b := e.pair()
	rnd := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, total)
	for i := range sent {
		sent[i] = byte(rnd.Uint32())
	}
	var got []byte
	for rest := sent; len(got) < total; {
		n, err := e.b.Write(a, rest[:min(len(rest), 1+rnd.IntN(100_000))])
		if err != nil && err != eventloop.ErrWouldBlock {
			e.Fatalf("Write: %v", err)
		}
		rest = rest[n:]
		p := make([]byte, 1+rnd.IntN(100_000))
		if n, err = e.b.Read(b, p); err == eventloop.ErrWouldBlock {
			e.untilMoving(a, b, len(rest) > 0)
		} else if err != nil {
			e.Fatalf("Read: %v", err)
		}
		got = append(got, p[:n]...)
	}
	if !bytes.Equal(got, sent) {
		e.Errorf("%d bytes arrived, not the %d that were sent", len(got), total)
	}
}

// untilMoving waits until b has something to read or, if there is more to
// write, a has room. The last bytes may have been read before the system has
// freed their room.
func (e *env) untilMoving(a, b eventloop.Handle, more bool) {
	e.Helper()
	if !more {
		e.until(b, eventloop.Readable)
		return
	}
	e.add(a, eventloop.Writable)
	e.add(b, eventloop.Readable)
	if len(e.wait(8, patience)) == 0 {
		e.Fatal("neither is there something to read nor room to write")
	}
	e.remove(a)
	e.remove(b)
}

// halfClose: lines sent before the end are answered after it.
func halfClose(e *env) {
	a, b := e.pair()
	e.write(a, []byte("question"))
	e.closeWrite(a)
	if got := string(e.read(b, 8)); got != "question" {
		e.Errorf("read %q, want %q", got, "question")
	}
	e.wantEOF(e.readEnd(b))
	e.write(b, []byte("answer"))
	if got := string(e.read(a, 6)); got != "answer" {
		e.Errorf("read %q, want %q", got, "answer")
	}
	e.close(b)
	e.wantEOF(e.readEnd(a))
}

// endIsEOF: with an answer still to come as well as without.
func endIsEOF(e *env) {
	a, b := e.pair()
	e.closeWrite(b)
	e.wantEOF(e.readEnd(a))
	for range 3 {
		n, err := e.b.Read(a, make([]byte, 8))
		e.wantEOF(err)
		if n != 0 {
			e.Errorf("Read returned %d bytes with io.EOF", n)
		}
	}
}

// closeFlushes: more than a segment, not read until after the close.
func closeFlushes(e *env) {
	a, b := e.pair()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 2048)
	e.write(a, sent)
	e.close(a)
	if !bytes.Equal(e.read(b, len(sent)), sent) {
		e.Error("other bytes arrived than were sent")
	}
	e.wantEOF(e.readEnd(b))
}

// writeToGone: a signal would end the test program.
func writeToGone(e *env) {
	a, b := e.pair()
	e.close(b)
	e.until(a, eventloop.Readable)
	for end := e.o.Now().Add(patience); e.o.Now().Before(end); {
		if _, err := e.b.Write(a, []byte("x")); err != nil && err != eventloop.ErrWouldBlock {
			return
		}
		e.expectNothing() // the answer of the peer's system is in flight
	}
	e.Error("writing to a peer that is gone never fails")
}

// writeAfterCloseWrite: and a second CloseWrite does no harm.
func writeAfterCloseWrite(e *env) {
	a, b := e.pair()
	e.closeWrite(a)
	_, err := e.b.Write(a, []byte("x"))
	e.wantError("Write after CloseWrite", err)
	e.wantEOF(e.readEnd(b))
}

// emptyBuffers: no end of file, no zero bytes on the way.
func emptyBuffers(e *env) {
	a, b := e.pair()
	if n, err := e.b.Write(a, nil); n != 0 || err != nil {
		e.Errorf("Write of nothing: %d, %v", n, err)
	}
	e.send(b, a, "x")
	if n, err := e.b.Read(a, nil); n != 0 || err != nil {
		e.Errorf("Read of nothing: %d, %v", n, err)
	}
	if got := string(e.read(a, 1)); got != "x" {
		e.Errorf("read %q, want %q", got, "x")
	}
}
