package telnet

// A Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	// None: all input was used; the next call needs new input.
	None Kind = iota
	// Line: Text is one line without its ending, already edited by the erase
	// keys in it, otherwise as received: pass it through Clean before use.
	Line
	// LineTooLong: the line that is being received has more than MaxLine bytes.
	// It is reported once for such a line, and nothing else of the line is.
	LineTooLong
	// Reply: Text is to be sent to the peer as it is, now: an answer to an
	// option, or the echo of what was typed in character mode.
	Reply
	// WindowSize: the peer's window has Cols columns and Rows rows, each 0 if
	// the peer does not know (RFC 1073).
	WindowSize
	// TerminalType: Text is the name of the peer's terminal, at most 40
	// printable ASCII characters (RFC 1091).
	TerminalType
	// Interrupt: the user has pressed the interrupt key (IAC IP, BRK or ABORT,
	// or ^C in character mode). The line that was being typed is dropped.
	// Debian's telnet discards everything it receives until its IAC DO
	// TIMING-MARK is answered, by the Reply that follows: write only after Next
	// has returned None.
	Interrupt
	// EOF: the user has pressed the end-of-file key (IAC EOF of RFC 1184, or ^D
	// on an empty line in character mode). The connection is still open.
	EOF
	// Complete: TAB was pressed behind a word in character mode, and the Editor's
	// Completes is set. Its Word is to be completed.
	Complete
)

var kindNames = [...]string{
	None: "None", Line: "Line", LineTooLong: "LineTooLong", Reply: "Reply",
	WindowSize: "WindowSize", TerminalType: "TerminalType", Interrupt: "Interrupt", EOF: "EOF",
	Complete: "Complete",
}

// String returns the name of the constant.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(?)"
}

// An Event is something that a Decoder found in its input.
type Event struct {
	Kind       Kind
	Cols, Rows uint16 // WindowSize: characters
	// Text belongs to Line, Reply and TerminalType. It may point into the slice
	// that was passed to Next and is valid as long as that is.
	Text []byte
}
