package telnet

import (
	"bytes"

	"github.com/sudoXpg/netloop/filter/lineedit"
)

// The control characters with a function: the editing keys of a Unix terminal.
const (
	keyBS    = 0x08
	keyCtrlU = 0x15
	keyCtrlW = 0x17
	keyDEL   = 0x7f
)

// erase applies an editing key to the line. Some clients send these keys even
// in line mode, when their echo is turned off.
func (d *Decoder) erase(key byte) Event {
	switch {
	case d.echoes():
		return d.key(key)
	case d.part != nil:
		d.part.line = lineedit.Erase(d.part.line, key)
	}
	return Event{}
}

// keys takes keys of a client that we echo for, up to the first event.
func (d *Decoder) keys(p []byte) (Event, []byte) {
	run := p
	switch i := bytes.IndexByte(p, cmdIAC); {
	case i == 0:
		d.state = inIAC
		return Event{}, p[1:]
	case i > 0:
		run = p[:i]
	}
	d.part.editor.MaxLine = d.maxLine()
	ev, rest := d.part.editor.Next(run)
	n := len(run) - len(rest)
	d.afterCR = p[n-1] == '\r' // in case the line is no longer edited here
	return d.edited(ev), p[n:]
}

// key takes one key.
func (d *Decoder) key(c byte) Event {
	d.part.editor.MaxLine = d.maxLine()
	ev, _ := d.part.editor.Next([]byte{c})
	return d.edited(ev)
}

// edited converts an event of the editor: first the reply that leaves the line
// on the screen, then the event itself.
func (d *Decoder) edited(ev lineedit.Event) Event {
	switch ev.Kind {
	case lineedit.Line:
		d.part.next = Event{Kind: Line, Text: ev.Text}
	case lineedit.Interrupt:
		d.part.next = Event{Kind: Interrupt}
	case lineedit.TooLong:
		return Event{Kind: LineTooLong}
	case lineedit.EOF:
		return Event{Kind: EOF}
	case lineedit.Complete:
		return Event{Kind: Complete}
	case lineedit.None:
		return Event{}
	}
	if d.Editor() == nil { // only a password, and its prompt was written by the caller
		ev.Echo = nil
	}
	return Event{Kind: Reply, Text: append(double(ev.Echo, 0), "\r\n"...)}
}

// double doubles the bytes 255 of b from an index on, as data has them.
func double(b []byte, from int) []byte {
	if bytes.IndexByte(b[from:], cmdIAC) < 0 {
		return b
	}
	return append(b[:from], bytes.ReplaceAll(b[from:], []byte{cmdIAC}, []byte{cmdIAC, cmdIAC})...)
}

// Editor returns the editor of a client in character mode, so that its prompt and
// its window can be set. It is nil in line mode, and if our echo only hides a
// password. Draw and Undraw return its output.
func (d *Decoder) Editor() *lineedit.Editor {
	if d.echoes() && (d.characterMode.has(peerAsked|editing) || d.characterMode.has(kept) && !d.hidden) {
		return d.part.editor
	}
	return nil
}

// Draw appends the bytes that show the line being typed, with its prompt, in
// character mode. Send them when everything else is sent; see lineedit.Editor.
func (d *Decoder) Draw(dst []byte) []byte {
	if ed := d.Editor(); ed != nil {
		return double(ed.Draw(dst), len(dst))
	}
	return dst
}

// Undraw appends the bytes that erase the line that Draw has shown. Send them
// before anything else.
func (d *Decoder) Undraw(dst []byte) []byte {
	if ed := d.Editor(); ed != nil {
		return ed.Undraw(dst)
	}
	return dst
}

// adapt begins or ends the editing, according to the state of the echo.
func (d *Decoder) adapt() {
	switch x := d.part; {
	case d.echoes() && (x == nil || x.editor == nil):
		x = d.hold()
		x.editor = &lineedit.Editor{}
		x.editor.Unknown() // the prompt is there already
		x.editor.Insert(x.line)
		x.line = nil
	case !d.echoes() && x != nil && x.editor != nil:
		x.line, x.editor = bytes.Clone(x.editor.Text()), nil
		d.release()
	}
	if d.part != nil && d.part.editor != nil {
		d.part.editor.Hidden = d.hidden
	}
}

// StartEditing returns what to send to switch the client to character mode, in
// which we echo and edit: IAC WILL ECHO, IAC WILL SGA. Call it only for users who
// have asked for it: Debian's telnet leaves line mode for good. It returns nothing
// for a peer that is not a Telnet client.
func (d *Decoder) StartEditing() []byte {
	if !d.negotiated {
		return nil
	}
	var ask []byte
	d.characterMode |= editing
	if d.ourEcho.ask() {
		ask = append(ask, cmdIAC, cmdWill, optEcho)
	}
	if d.ourSGA.ask() {
		ask = append(ask, cmdIAC, cmdWill, optSGA)
	}
	d.adapt()
	return ask
}

// StopEditing undoes StartEditing and returns what to send, if anything.
func (d *Decoder) StopEditing() []byte {
	var ask []byte
	d.characterMode &^= editing
	if d.characterMode.has(peerAsked) {
		return nil
	}
	if d.ourSGA.stop() {
		ask = append(ask, cmdIAC, cmdWont, optSGA)
	}
	if !d.hidden && d.ourEcho.stop() {
		ask = append(ask, cmdIAC, cmdWont, optEcho)
	}
	d.adapt()
	return ask
}
