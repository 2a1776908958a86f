package sim

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// Faults sets what goes wrong and how often. Each rate is a probability between 0
// (never) and 1, drawn anew every time; WouldBlock, Spurious and TooManyFiles must
// stay below 1, or no progress is possible. Faults strike only the handles of a
// backend, never a Client or a Listener of this package, and they never break the
// contract of eventloop.Backend.
type Faults struct {
	// ShortRead and ShortWrite, per Read and Write: only some of the bytes,
	// at least one, small numbers more often than large ones.
	ShortRead, ShortWrite float64
	// WouldBlock, per Read, Write and Accept: ErrWouldBlock although there is
	// something to do. The next Wait reports the handle as ready.
	WouldBlock float64
	// Reset, per Read and Write: the connection breaks (ECONNRESET on both
	// sides). Each side still reads what was in its receive buffer.
	Reset float64
	// Spurious, per Wait: some watched handle is reported for all that it is
	// watched for, ready or not. A Dial that has not ended is left alone.
	Spurious float64
	// Reorder, per Wait: the events are shuffled.
	Reorder float64
	// Partial, per Wait: only some of the ready handles are reported, at least
	// one. The others come first at the next Wait.
	Partial float64
	// TooManyFiles, per Accept with a connection in the backlog:
	// ErrTooManyFiles, now and for up to TooManyFilesSpan such calls in all (0
	// means 8).
	TooManyFiles     float64
	TooManyFilesSpan int
	// LateWait, per Wait that runs into a timeout greater than 0: it returns up
	// to LateBy later than that. LateWake, per Wake: it is noticed up to LateBy
	// later. LateBy 0 means 10 ms.
	LateWait, LateWake float64
	LateBy             time.Duration
}

// SomeFaults chooses faults by seed: each kind is absent, rare or frequent, so
// that over many seeds every combination of them is met. Reset is always 0,
// because it loses bytes; a test that allows for that sets it.
func SomeFaults(seed uint64) Faults {
	rng := rand.New(rand.NewPCG(seed, 1))
	rate := func() float64 {
		return [...]float64{0, 0, 0.02, 0.2, 0.6}[rng.IntN(5)]
	}
	return Faults{
		ShortRead:    rate(),
		ShortWrite:   rate(),
		WouldBlock:   rate(),
		Spurious:     rate(),
		Reorder:      rate(),
		Partial:      rate(),
		TooManyFiles: rate(),
		LateWait:     rate(),
		LateWake:     rate(),
	}
}

// fault numbers the kinds of Faults.
type fault uint8

const (
	// Of a handle.
	faultShortRead fault = iota
	faultShortWrite
	faultWouldBlock
	faultReset
	faultTooManyFiles
	// Of a backend.
	faultSpurious
	faultReorder
	faultPartial
	faultLateWait
	faultLateWake
	faultKinds
)

var faultNames = [faultKinds]string{
	faultShortRead:    "short read",
	faultShortWrite:   "short write",
	faultWouldBlock:   "would block",
	faultReset:        "reset",
	faultSpurious:     "spurious readiness",
	faultReorder:      "reordered events",
	faultPartial:      "partial events",
	faultTooManyFiles: "too many files",
	faultLateWait:     "late timeout",
	faultLateWake:     "late wake",
}

func (f *Faults) odds() [faultKinds]float64 {
	return [faultKinds]float64{
		faultShortRead:    f.ShortRead,
		faultShortWrite:   f.ShortWrite,
		faultWouldBlock:   f.WouldBlock,
		faultReset:        f.Reset,
		faultSpurious:     f.Spurious,
		faultReorder:      f.Reorder,
		faultPartial:      f.Partial,
		faultTooManyFiles: f.TooManyFiles,
		faultLateWait:     f.LateWait,
		faultLateWake:     f.LateWake,
	}
}

// hit draws whether f strikes name. A fault that is off draws nothing, so that
// runs without it do not depend on it.
func (w *World) hit(f fault, name int64) bool {
	p := w.odds[f]
	if p <= 0 || w.rng.Float64() >= p {
		return false
	}
	w.record(opFault, name, 0, int(f), nil)
	return true
}

// some draws a number from 1 to n, the order of magnitude first: of 64 KiB, one
// byte and half of it are about equally likely. n must be at least 1.
func (w *World) some(n int) int {
	magnitude := 1 << w.rng.IntN(bits.Len(uint(n)))
	return min(n, magnitude+w.rng.IntN(magnitude))
}

// late draws a delay of 1 ns to LateBy.
func (w *World) late() time.Duration {
	return 1 + time.Duration(w.rng.Int64N(int64(w.faults.LateBy)))
}

// noFiles reports whether this Accept finds no free descriptor.
func (w *World) noFiles(name int64) bool {
	if w.noFilesFor == 0 && w.hit(faultTooManyFiles, name) {
		w.noFilesFor = 1 + w.rng.IntN(w.faults.TooManyFilesSpan)
	}
	if w.noFilesFor == 0 {
		return false
	}
	w.noFilesFor--
	return true
}
