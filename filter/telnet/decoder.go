package telnet

import (
	"bytes"

	"github.com/sudoXpg/netloop/filter/lineedit"
)

// DefaultMaxLine is the length limit of a line in bytes if a Decoder sets none.
const DefaultMaxLine = 4096

// maxSub is how many bytes of a subnegotiation are kept. A longer one is
// skipped: no supported option needs more.
const maxSub = 256

// A Decoder is the state of one connection's input. The zero value is ready. Between
// lines it holds no memory beyond its own (24 bytes on 64-bit systems); it never holds
// more than a line of MaxLine bytes and a subnegotiation of 256, and in character mode
// an Editor. It belongs to one goroutine.
type Decoder struct {
	// MaxLine is how many bytes a line may have without its ending, 0 meaning
	// DefaultMaxLine. It may be changed between two calls of Next.
	MaxLine int32

	state state

	ourEcho, ourSGA              qState
	peerSGA, peerTType, peerNAWS qState

	afterCR       bool // a line feed or NUL that comes now belongs to the last line
	discard       bool // the rest of a line that is too long
	hidden        bool // a password is asked for
	negotiated    bool
	characterMode reasons

	part *partial // nil while nothing is incomplete
}

// reasons are the reasons why the peer is, or is to be, in character mode.
type reasons uint8

const (
	peerAsked reasons = 1 << iota
	editing           // by StartEditing
	kept              // by KeepEcho
)

// has reports whether any of some reasons is among r.
func (r reasons) has(some reasons) bool { return r&some != 0 }

// A partial holds incomplete input.
type partial struct {
	line   []byte
	sub    []byte
	editor *lineedit.Editor // while our ECHO is in force; then it has the line
	next   Event            // the event after the Reply that was returned last
}

// A state is the state of parsing: what the next byte is part of.
type state uint8

const (
	inText state = iota
	inIAC        // after IAC
	inWill       // after IAC WILL; then the others in the order of their codes
	inWont
	inDo
	inDont
	inSub    // after IAC SB
	inSubIAC // after IAC SB ... IAC
)

// Next takes input as it was read, in pieces of any length, and returns the
// first event in it and the rest, which is for the next call. Kind None means
// that all input was used.
//
// The Text of a Line that is wholly inside p points into p; nothing is copied
// or allocated for it.
func (d *Decoder) Next(p []byte) (ev Event, rest []byte) {
	if d.part != nil {
		ev, d.part.next = d.part.next, Event{}
	}
	for len(p) > 0 && ev.Kind == None {
		if d.state != inText {
			ev, p = d.command(p)
		} else if d.echoes() {
			ev, p = d.keys(p)
		} else if n := d.plain(p); n > 0 {
			ev, p = d.text(p, n)
		} else {
			ev, p = d.control(p)
		}
	}
	d.release()
	return ev, p
}

// release frees empty buffers.
func (d *Decoder) release() {
	if x := d.part; x != nil && len(x.line) == 0 && d.state < inSub && x.editor == nil && x.next.Kind == None {
		d.part = nil
	}
}

// Flush returns the incomplete line, nil if there is none, and forgets it. Use
// it when a peer closes its side in the middle of a line.
func (d *Decoder) Flush() []byte {
	if d.part == nil {
		return nil
	}
	line := d.part.line
	d.part.line = nil
	if ed := d.part.editor; ed != nil {
		line = bytes.Clone(ed.Text())
		ed.Clear()
	}
	return line
}

// echoes reports whether the peer expects us to echo: character mode.
func (d *Decoder) echoes() bool { return d.ourEcho == qYes }

// plain returns how many bytes at the beginning of p are plain text.
func (d *Decoder) plain(p []byte) int {
	for i, c := range p {
		if c >= ' ' && c < keyDEL {
			continue
		}
		switch c {
		case 0, '\n', '\r', keyBS, keyDEL, keyCtrlU, keyCtrlW, cmdIAC:
			return i
		}
	}
	return len(p)
}

// text takes the n bytes of text at the beginning of p.
func (d *Decoder) text(p []byte, n int) (Event, []byte) {
	d.afterCR = false
	if d.discard {
		return Event{}, p[n:]
	}
	if d.part == nil && n < len(p) && n <= d.maxLine() && (p[n] == '\n' || p[n] == '\r') {
		d.afterCR = p[n] == '\r'
		return Event{Kind: Line, Text: p[:n:n]}, p[n+1:]
	}
	if !d.add(p[:n]) {
		return Event{Kind: LineTooLong}, p[n:]
	}
	return Event{}, p[n:]
}

// add appends to the held line and reports whether there was room. Otherwise
// the whole line is dropped.
func (d *Decoder) add(b []byte) bool {
	if len(b) > d.room() {
		d.discard = true
		d.Flush()
		return false
	}
	part := d.hold()
	part.line = append(part.line, b...)
	return true
}

func (d *Decoder) hold() *partial {
	if d.part == nil {
		d.part = new(partial)
	}
	return d.part
}

func (d *Decoder) held() []byte {
	if d.part == nil {
		return nil
	}
	return d.part.line
}

func (d *Decoder) maxLine() int {
	if d.MaxLine <= 0 {
		return DefaultMaxLine
	}
	return int(d.MaxLine)
}

func (d *Decoder) room() int { return d.maxLine() - len(d.held()) }

// control takes the byte at the front of p, which is not plain text.
func (d *Decoder) control(p []byte) (Event, []byte) {
	c, rest := p[0], p[1:]
	afterCR := d.afterCR
	if c != cmdIAC {
		d.afterCR = false
	}
	switch c {
	case cmdIAC:
		d.state = inIAC
		return Event{}, rest
	case 0: // the second half of CR NUL, otherwise ignored (RFC 854)
		return Event{}, rest
	case '\n':
		if afterCR {
			return Event{}, rest
		}
		return d.endLine(p)
	case '\r':
		return d.endLine(p)
	}
	return d.erase(c), rest
}

// endLine takes the line ending at the front of p.
func (d *Decoder) endLine(p []byte) (Event, []byte) {
	d.afterCR = p[0] == '\r'
	if d.discard {
		d.discard = false
		return Event{}, p[1:]
	}
	return Event{Kind: Line, Text: d.Flush()}, p[1:]
}

// command takes the byte at the front of p, which is part of a command.
func (d *Decoder) command(p []byte) (ev Event, rest []byte) {
	c, rest := p[0], p[1:]
	switch verb := d.state; verb {
	case inIAC:
		return d.afterIAC(p)
	case inSub:
		if c == cmdIAC {
			d.state = inSubIAC
		} else {
			d.addSub(c)
		}
	case inSubIAC:
		if c == cmdIAC {
			d.state = inSub
			d.addSub(c)
			break
		}
		sub := d.part.sub
		d.part.sub = nil
		d.state = inText
		if c != cmdSE { // the end is missing: c begins another command (as 4.4BSD does it)
			d.state = inIAC
			return Event{}, p
		}
		if len(sub) <= maxSub {
			ev = d.subnegotiated(sub)
		}
	default:
		d.state = inText
		ev = d.negotiate(cmdWill+byte(verb-inWill), c)
	}
	return ev, rest
}

// addSub stores a byte of a subnegotiation. It stores at most one more than is
// allowed, which marks it as too long.
func (d *Decoder) addSub(c byte) {
	if part := d.hold(); len(part.sub) <= maxSub {
		part.sub = append(part.sub, c)
	}
}

// afterIAC takes the byte after IAC.
func (d *Decoder) afterIAC(p []byte) (Event, []byte) {
	c, rest := p[0], p[1:]
	d.state = inText
	switch c {
	case cmdIAC:
		return d.escapedIAC(), rest
	case cmdWill, cmdWont, cmdDo, cmdDont:
		d.state = inWill + state(c-cmdWill)
	case cmdSB:
		d.state = inSub
		d.hold() // until the end, even of an empty one
	case cmdIP, cmdBreak, cmdAbort:
		return d.interrupt(), rest
	case cmdEOF:
		return Event{Kind: EOF}, rest
	case cmdAYT:
		return Event{Kind: Reply, Text: []byte("[Yes]\r\n")}, rest
	case cmdEC:
		return d.erase(keyDEL), rest
	case cmdEL:
		return d.erase(keyCtrlU), rest
	default:
		// Not a command at all. Keep the byte: the second half was lost with the
		// urgent byte of a Synch. From a peer without Telnet both are text.
		switch {
		case c < cmdEOF && !d.negotiated:
			return d.escapedIAC(), p
		case c < cmdEOF:
			return Event{}, p
		}
	}
	return Event{}, rest
}

// escapedIAC takes the data byte 255, which only Latin-1 and similar encodings
// use.
func (d *Decoder) escapedIAC() Event {
	d.afterCR = false
	switch {
	case d.echoes():
		return d.key(cmdIAC)
	case d.discard:
	case !d.add([]byte{cmdIAC}):
		return Event{Kind: LineTooLong}
	}
	return Event{}
}

// interrupt drops the line and reports it.
func (d *Decoder) interrupt() Event {
	if d.echoes() {
		return d.edited(d.part.editor.Interrupt())
	}
	d.discard = false
	d.Flush()
	return Event{Kind: Interrupt}
}
