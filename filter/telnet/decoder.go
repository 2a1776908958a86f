package telnet

// DefaultMaxLine is the length limit of a line in bytes if a Decoder sets none.
const DefaultMaxLine = 4096

// maxSub is how many bytes of a subnegotiation are kept. A longer one is read
// over: none of the options that are agreed to needs more.
const maxSub = 256

// A Decoder is the state of one connection's input. The zero value is ready.
// While no line is half received it holds no memory beyond its own (32 bytes on
// 64-bit systems); it never holds more than a line of MaxLine bytes and a
// subnegotiation of 256. It belongs to one goroutine.
type Decoder struct {
	// MaxLine is how many bytes a line may have without its ending, 0 meaning
	// DefaultMaxLine. It may be changed between two calls of Next.
	MaxLine int

	part  *partial // nil while nothing is half received
	state state
	esc   escape // character mode: inside an escape sequence

	ourEcho, ourSGA              qState
	peerSGA, peerTType, peerNAWS qState

	afterCR       bool // a line feed or NUL that comes now belongs to the last line
	discard       bool // the rest of a line that is too long
	newline       bool // the echo of the key at the front of the input was sent
	hidden        bool // a password is asked
	peerAskedEcho bool
	negotiated    bool
	accepted      bool
}

// A partial is what is held of things that are half received.
type partial struct {
	line []byte
	sub  []byte
}

// A state says what the next byte is part of.
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
// first event in it and the rest, which is to be given to the next call. Kind
// None says that everything was used up.
//
// The Text of a Line that is wholly inside p points into p; nothing is copied
// or allocated for it.
func (d *Decoder) Next(p []byte) (ev Event, rest []byte) {
	for len(p) > 0 && ev.Kind == None {
		if d.state != inText {
			ev, p = d.command(p)
		} else if n := d.plain(p); n > 0 {
			ev, p = d.text(p, n)
		} else {
			ev, p = d.control(p)
		}
	}
	if d.part != nil && len(d.part.line) == 0 && d.state < inSub {
		d.part = nil
	}
	return ev, p
}

// Flush returns the line that has been begun and not ended, nil if there is
// none, and forgets it. It is for a peer that closes its side in mid-line.
func (d *Decoder) Flush() []byte {
	if d.part == nil {
		return nil
	}
	line := d.part.line
	d.part.line = nil
	return line
}

// echoes reports whether the peer expects us to echo: character mode.
func (d *Decoder) echoes() bool { return d.ourEcho == qYes }

// plain returns how many bytes at the beginning of p are nothing but text.
func (d *Decoder) plain(p []byte) int {
	if d.esc != escNone {
		return 0
	}
	keys := d.echoes()
	for i, c := range p {
		if c >= ' ' && c < keyDEL {
			continue
		}
		switch c {
		case 0, '\n', '\r', keyBS, keyDEL, keyCtrlU, keyCtrlW, cmdIAC:
			return i
		}
		if keys && c < ' ' {
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
	if d.part == nil && n < len(p) && n <= d.maxLine() && !d.echoes() && (p[n] == '\n' || p[n] == '\r') {
		d.afterCR = p[n] == '\r'
		return Event{Kind: Line, Text: p[:n:n]}, p[n+1:]
	}
	if d.echoes() {
		n = min(n, max(1, d.room())) // the echo ends where the line does
	}
	if !d.add(p[:n]) {
		return Event{Kind: LineTooLong}, p[n:]
	}
	return d.echo(p[:n:n]), p[n:]
}

// add appends to the held line and reports whether there was room. Without, the
// whole line is dropped.
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
	return d.MaxLine
}

func (d *Decoder) room() int { return d.maxLine() - len(d.held()) }

// echo returns the reply that shows b, which may be shown, to who typed it.
func (d *Decoder) echo(b []byte) Event {
	if !d.echoes() || d.hidden || len(b) == 0 {
		return Event{}
	}
	return Event{Kind: Reply, Text: b}
}

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
	case 0: // the second half of CR NUL, else without meaning (RFC 854)
		return Event{}, rest
	case '\n':
		if afterCR {
			return Event{}, rest
		}
		return d.endLine(p)
	case '\r':
		return d.endLine(p)
	}
	return d.key(p)
}

// endLine takes the line ending at the front of p. In character mode the cursor
// is moved first, by a reply that leaves p as it is.
func (d *Decoder) endLine(p []byte) (Event, []byte) {
	if ev := d.echoOnce("\r\n"); ev.Kind != None {
		return ev, p
	}
	d.newline = false
	d.esc = escNone
	d.afterCR = p[0] == '\r'
	if d.discard {
		d.discard = false
		return Event{}, p[1:]
	}
	return Event{Kind: Line, Text: d.Flush()}, p[1:]
}

// echoOnce returns the reply s before a key that is an event of its own: the
// key stays in the input and is found again by the next call.
func (d *Decoder) echoOnce(s string) Event {
	if !d.echoes() || d.newline {
		return Event{}
	}
	d.newline = true
	return Event{Kind: Reply, Text: []byte(s)}
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

// addSub keeps a byte of a subnegotiation, one more than are allowed at most:
// that one marks it as too long.
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
		return d.interrupt(p, inIAC)
	case cmdEOF:
		return Event{Kind: EOF}, rest
	case cmdAYT:
		return Event{Kind: Reply, Text: []byte("[Yes]\r\n")}, rest
	case cmdEC:
		return d.erase(keyDEL), rest
	case cmdEL:
		return d.erase(keyCtrlU), rest
	default:
		// Not a command at all: the second half was lost with the urgent byte of
		// a Synch, or it is Latin-1 from a peer without Telnet. Keep the byte.
		if c < cmdEOF {
			return Event{}, p
		}
	}
	return Event{}, rest
}

// escapedIAC takes the data byte 255, which no encoding but Latin-1 and its
// relatives uses.
func (d *Decoder) escapedIAC() Event {
	d.afterCR = false
	switch {
	case d.discard, d.esc != escNone:
		return Event{}
	case !d.add([]byte{cmdIAC}):
		return Event{Kind: LineTooLong}
	}
	return d.echo([]byte{cmdIAC, cmdIAC})
}

// interrupt drops the line and reports it. again is the state in which the next
// call finds the key at the front of p, if there is something to echo first.
func (d *Decoder) interrupt(p []byte, again state) (Event, []byte) {
	if ev := d.echoOnce("^C\r\n"); ev.Kind != None {
		d.state = again
		return ev, p
	}
	d.newline, d.discard, d.esc = false, false, escNone
	d.Flush()
	return Event{Kind: Interrupt}, p[1:]
}
