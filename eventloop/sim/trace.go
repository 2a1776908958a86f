package sim

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// op numbers the operations that a trace is made of.
type op uint8

const (
	opListen op = iota
	opAccept
	opDial
	opConnected
	opRead
	opWrite
	opCloseWrite
	opClose
	opReset
	opAdd
	opModify
	opRemove
	opWait
	opEvent
	opWake
	opJob
	opAdvance
	opFault
	ops
)

var opNames = [ops]string{
	opListen:     "listen",
	opAccept:     "accept",
	opDial:       "dial",
	opConnected:  "connected",
	opRead:       "read",
	opWrite:      "write",
	opCloseWrite: "shutdown",
	opClose:      "close",
	opReset:      "reset",
	opAdd:        "add",
	opModify:     "modify",
	opRemove:     "remove",
	opWait:       "wait",
	opEvent:      "event",
	opWake:       "wake",
	opJob:        "job",
	opAdvance:    "advance",
	opFault:      "fault",
}

// The offset basis and the prime of 64-bit FNV-1a.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

// mix is a step of FNV-1a over a word instead of a byte; the rotation brings
// down the high bits, which a multiplication only moves up.
func mix(hash, v uint64) uint64 {
	return bits.RotateLeft64((hash^v)*hashPrime, 29)
}

// record adds an operation to the trace. name is the handle, or the number of
// the backend, or less than 0 for a Client or Listener; the meaning of n
// depends on the operation.
func (w *World) record(o op, name int64, t eventloop.Token, n int, err error) {
	h := mix(w.hash, uint64(o))
	h = mix(h, uint64(name))
	h = mix(h, uint64(t))
	h = mix(h, uint64(n))
	h = mix(h, errorKind(err))
	w.hash = mix(h, uint64(w.now))
	if w.log != nil {
		w.print(o, name, t, n, err)
	}
}

// errorKind numbers the errors that the operations of this package return.
func errorKind(err error) uint64 {
	switch err {
	case nil:
		return 0
	case eventloop.ErrWouldBlock:
		return 1
	case eventloop.ErrTooManyFiles:
		return 2
	case eventloop.ErrClosed:
		return 3
	case io.EOF:
		return 4
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return 16 + uint64(errno)
	}
	return 5
}

// print writes one line of the log. Errors of the writer are ignored.
func (w *World) print(o op, name int64, t eventloop.Token, n int, err error) {
	kind := byte('h')
	switch {
	case name < 0:
		kind, name = 'c', -name
	case o == opEvent, o == opWait, o == opWake, o == opJob, o == opFault && fault(n) >= faultSpurious:
		kind = 'p'
	}
	var what string
	switch o {
	case opFault:
		what = faultNames[n]
	case opAdd, opModify, opEvent:
		what = fmt.Sprintf("token %d %s", t, conditions(eventloop.Interest(n)))
	case opAdvance:
		what = time.Duration(n).String()
	default:
		what = fmt.Sprint(n)
	}
	if err != nil {
		what += ": " + err.Error()
	}
	_, _ = fmt.Fprintf(w.log, "%-14v %c%-3d %-9s %s\n", w.now, kind, name, opNames[o], what)
}

func conditions(i eventloop.Interest) string {
	text := []byte("---")
	for bit, letter := range []byte("RWH") {
		if i&(1<<bit) != 0 {
			text[bit] = letter
		}
	}
	return string(text)
}
