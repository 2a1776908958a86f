package telnet

// The commands of RFC 854, EOF to ABORT of RFC 1184.
const (
	cmdEOF   = 236
	cmdAbort = 238
	cmdSE    = 240
	cmdBreak = 243
	cmdIP    = 244
	cmdAYT   = 246
	cmdEC    = 247
	cmdEL    = 248
	cmdSB    = 250
	cmdWill  = 251
	cmdWont  = 252
	cmdDo    = 253
	cmdDont  = 254
	cmdIAC   = 255
)

// The supported options.
const (
	optEcho  = 1  // RFC 857
	optSGA   = 3  // RFC 858
	optTType = 24 // RFC 1091
	optNAWS  = 31 // RFC 1073
)

// The first byte of a TTYPE subnegotiation (RFC 1091).
const (
	ttypeIs   = 0
	ttypeSend = 1
)

// A qState is the state of one option on one side, as the Q method of RFC 1143
// keeps it: an option is never answered unless it changes, whatever the peer
// sends and whenever the answer arrives, so that no two peers answer each other
// forever.
type qState uint8

const (
	qNo              qState = iota
	qYes                    // in force
	qWantNo                 // we have asked to turn it off, the answer is outstanding
	qWantNoOpposite         // the same, and will turn it on after the answer
	qWantYes                // we have asked for it
	qWantYesOpposite        // the same, and will turn it off after the answer
)

// ask is called to have the option on. It reports whether to send a request.
func (q *qState) ask() bool {
	switch *q {
	case qNo:
		*q = qWantYes
		return true
	case qWantNo:
		*q = qWantNoOpposite
	case qWantYesOpposite:
		*q = qWantYes
	case qYes, qWantYes, qWantNoOpposite: // it is on, or will be
	}
	return false
}

// stop is called to have the option off. It reports whether to send a request.
func (q *qState) stop() bool {
	switch *q {
	case qYes:
		*q = qWantNo
		return true
	case qWantNoOpposite:
		*q = qWantNo
	case qWantYes:
		*q = qWantYesOpposite
	case qNo, qWantNo, qWantYesOpposite: // it is off, or will be
	}
	return false
}

// A qAnswer is the answer to a received WILL, WONT, DO or DONT.
type qAnswer uint8

const (
	qSilent qAnswer = iota
	qSendYes
	qSendNo
)

// receivedYes is called for the peer's WILL or DO. The option is one we agree to.
func (q *qState) receivedYes() qAnswer {
	switch *q {
	case qNo:
		*q = qYes
		return qSendYes
	case qWantNo: // an answer of the wrong kind: RFC 1143 takes it as the right one
		*q = qNo
	case qWantNoOpposite, qWantYes:
		*q = qYes
	case qWantYesOpposite:
		*q = qWantNo
		return qSendNo
	case qYes: // a repetition
	}
	return qSilent
}

// receivedNo is called for the peer's WONT or DONT, which must not be refused.
func (q *qState) receivedNo() qAnswer {
	switch *q {
	case qYes:
		*q = qNo
		return qSendNo
	case qWantNoOpposite:
		*q = qWantYes
		return qSendYes
	case qNo, qWantNo, qWantYes, qWantYesOpposite:
		*q = qNo
	}
	return qSilent
}

// option returns the state of an option on the side that verb is about, and nil
// for an unsupported one.
func (d *Decoder) option(verb, opt byte) *qState {
	if verb == cmdDo || verb == cmdDont { // what we do
		switch opt {
		case optEcho:
			return &d.ourEcho
		case optSGA:
			return &d.ourSGA
		}
		return nil
	}
	switch opt {
	case optSGA:
		return &d.peerSGA
	case optTType:
		return &d.peerTType
	case optNAWS:
		return &d.peerNAWS
	}
	return nil
}

// negotiate handles a received WILL, WONT, DO or DONT.
func (d *Decoder) negotiate(verb, opt byte) Event {
	d.negotiated = true
	var (
		yes    = verb == cmdWill || verb == cmdDo
		q      = d.option(verb, opt)
		before = qNo
		answer qAnswer
	)
	if q != nil {
		before = *q
	}
	switch {
	case !yes && q != nil:
		answer = q.receivedNo()
	case yes && (q == nil || q == &d.ourSGA && before == qNo && !d.characterMode.has(peerAsked)):
		answer = qSendNo
	case yes:
		answer = q.receivedYes()
	}
	defer d.adapt()
	reply := appendAnswer(nil, verb, opt, answer)
	switch {
	case q == &d.ourEcho && yes && before == qNo:
		// The peer asks for character mode, which consists of ECHO and SGA. SGA
		// alone is refused: Debian's telnet on port 23 asks for it, and if it is
		// accepted, sends single keys, shows erasing as "^?" and never ends a
		// line on the screen. If it is refused, it stays in line mode.
		d.characterMode |= peerAsked
		if d.ourSGA.ask() {
			reply = append(reply, cmdIAC, cmdWill, optSGA)
		}
	case q == &d.ourEcho && !yes:
		d.characterMode &^= peerAsked
	case q == &d.peerTType && before != qYes && *q == qYes:
		reply = append(reply, cmdIAC, cmdSB, optTType, ttypeSend, cmdIAC, cmdSE)
	}
	if len(reply) == 0 {
		return Event{}
	}
	return Event{Kind: Reply, Text: reply}
}

// appendAnswer appends the answer to a received verb.
func appendAnswer(dst []byte, verb, opt byte, a qAnswer) []byte {
	yes, no := byte(cmdWill), byte(cmdWont)
	if verb == cmdWill || verb == cmdWont {
		yes, no = cmdDo, cmdDont
	}
	switch a {
	case qSendYes:
		dst = append(dst, cmdIAC, yes, opt)
	case qSendNo:
		dst = append(dst, cmdIAC, no, opt)
	case qSilent:
	}
	return dst
}

// subnegotiated handles the content of a complete IAC SB ... IAC SE.
func (d *Decoder) subnegotiated(sub []byte) Event {
	switch {
	case len(sub) == 5 && sub[0] == optNAWS && d.peerNAWS == qYes:
		return Event{
			Kind: WindowSize,
			Cols: uint16(sub[1])<<8 | uint16(sub[2]),
			Rows: uint16(sub[3])<<8 | uint16(sub[4]),
		}
	case len(sub) > 2 && sub[0] == optTType && sub[1] == ttypeIs && d.peerTType == qYes:
		name := sub[2:2]
		for _, c := range sub[2:] {
			if c > ' ' && c < keyDEL && len(name) < 40 {
				name = append(name, c)
			}
		}
		return Event{Kind: TerminalType, Text: name}
	}
	return Event{}
}

// Greeting appends what to send first: IAC DO TTYPE, IAC DO NAWS, except for
// what the peer has already offered. Nothing else is asked for at the
// beginning: WILL SGA would put Debian's telnet into character mode. Sending it
// is optional; without it no window size and terminal type are reported.
func (d *Decoder) Greeting(dst []byte) []byte {
	if d.peerTType.ask() {
		dst = append(dst, cmdIAC, cmdDo, optTType)
	}
	if d.peerNAWS.ask() {
		dst = append(dst, cmdIAC, cmdDo, optNAWS)
	}
	return dst
}

// HidePassword returns what to send, if anything, before a password is asked
// for: IAC WILL ECHO, which makes the client stop its own echo. The decoder
// does not echo either until ShowPassword, except for the end of the line.
//
// A peer that is not a Telnet client still shows the password: if Negotiated is
// false, warn the user before asking.
func (d *Decoder) HidePassword() []byte {
	d.hidden = true
	defer d.adapt()
	if d.ourEcho.ask() {
		return []byte{cmdIAC, cmdWill, optEcho}
	}
	return nil
}

// ShowPassword undoes HidePassword and returns what to send, if anything: IAC WONT
// ECHO, unless the peer asked for our echo by itself, or KeepEcho was called.
func (d *Decoder) ShowPassword() []byte {
	d.hidden = false
	defer d.adapt()
	if d.characterMode == 0 && d.ourEcho.stop() {
		return []byte{cmdIAC, cmdWont, optEcho}
	}
	return nil
}

// KeepEcho makes ShowPassword leave the peer in character mode. Call it for a peer
// that sends the single keys of a password, as BusyBox does: it enters character mode
// at the first IAC WILL ECHO, and never again once it has left it, so that it would
// show the next password.
func (d *Decoder) KeepEcho() {
	d.characterMode &^= kept
	if d.ourEcho == qYes {
		d.characterMode |= kept
	}
}

// Hides reports whether the peer has agreed to hide the password, or has not
// answered yet. A peer that refuses shows what is typed.
func (d *Decoder) Hides() bool { return d.ourEcho == qYes || d.ourEcho == qWantYes }

// Negotiated reports whether the peer has ever sent an option command, even a
// refusal: whether it speaks Telnet at all.
func (d *Decoder) Negotiated() bool { return d.negotiated }
