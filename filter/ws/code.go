package ws

import (
	"fmt"
)

// A Code is the reason for closing a connection (RFC 6455, section 7.4, and IANA's
// WebSocket Close Code Number Registry).
type Code uint16

// The codes that have a meaning of their own.
const (
	CodeNormal          Code = 1000 // the purpose is fulfilled
	CodeGoingAway       Code = 1001 // the server stops, or the browser leaves the page
	CodeProtocolError   Code = 1002 // the peer violates the protocol
	CodeUnsupportedData Code = 1003 // such as binary, where only text is expected
	CodeNone            Code = 1005 // never sent: the peer's Close frame has no code
	CodeAbnormal        Code = 1006 // never sent: there was no Close frame
	CodeInvalidData     Code = 1007 // such as text that is not UTF-8
	CodePolicy          Code = 1008 // the peer violates a policy, or no other code applies
	CodeTooBig          Code = 1009 // the message is too long
	CodeExtension       Code = 1010 // sent by clients only
	CodeInternalError   Code = 1011 // the server fails
	CodeRestart         Code = 1012 // the server restarts
	CodeTryAgainLater   Code = 1013 // the server is overloaded
	CodeBadGateway      Code = 1014 // the server is a gateway, and the one behind it fails
)

// Valid reports whether a Close frame may carry the code: 1000 to 1014 without 1004, 1005
// and 1006, which are reserved, and 3000 to 4999, which are for libraries and
// applications.
func (c Code) Valid() bool {
	switch {
	case c >= 3000 && c <= 4999:
		return true
	case c == 1004, c == CodeNone, c == CodeAbnormal:
		return false
	}
	return c >= CodeNormal && c <= CodeBadGateway
}

// An Error is a violation of the protocol or of a limit by the peer. The connection must
// be closed with its code.
type Error struct {
	Code Code
	Text string
}

// Error implements error.
func (e *Error) Error() string { return "ws: " + e.Text }

// The errors of a Decoder. Section numbers are those of RFC 6455.
var (
	// ErrReservedBits: RSV1, RSV2 or RSV3 is set where no extension allows it (5.2).
	ErrReservedBits = &Error{CodeProtocolError, "a reserved bit is set"}
	// ErrOpcode: the opcode is reserved (5.2).
	ErrOpcode = &Error{CodeProtocolError, "reserved opcode"}
	// ErrUnmasked: a frame of a client is not masked (5.1).
	ErrUnmasked = &Error{CodeProtocolError, "frame without a mask"}
	// ErrLength: a length has its most significant bit set, or is not encoded in the
	// fewest bytes (5.2).
	ErrLength = &Error{CodeProtocolError, "malformed length"}
	// ErrControl: a control frame is fragmented, or has more than 125 bytes (5.5).
	ErrControl = &Error{CodeProtocolError, "control frame fragmented or too long"}
	// ErrContinuation: a continuation frame without a message to continue (5.4).
	ErrContinuation = &Error{CodeProtocolError, "nothing to continue"}
	// ErrInterleaved: a message begins inside a fragmented one (5.4).
	ErrInterleaved = &Error{CodeProtocolError, "message inside a fragmented message"}
	// ErrCloseCode: a Close frame has one byte, or a code that is not valid (5.5.1, 7.4).
	ErrCloseCode = &Error{CodeProtocolError, "invalid close code"}
	// ErrUTF8: a text message, or the reason in a Close frame, is not UTF-8 (8.1).
	ErrUTF8 = &Error{CodeInvalidData, "text is not UTF-8"}
	// ErrDeflate: a compressed message can't be inflated (RFC 7692, section 7.2.2).
	ErrDeflate = &Error{CodeInvalidData, "malformed compressed data"}
	// ErrTooBig: a message is longer than MaxMessage.
	ErrTooBig = &Error{CodeTooBig, "message too big"}
	// ErrFragments: a message has more than MaxFragments fragments.
	ErrFragments = &Error{CodePolicy, "too many fragments"}
)

// A CloseError is what Handler.Closed gets if the peer has closed the connection with a
// Close frame.
type CloseError struct {
	Code   Code // CodeNone if there was none
	Reason string
}

// Error implements error.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("ws: closed by the peer with code %d", e.Code)
	}
	return fmt.Sprintf("ws: closed by the peer with code %d: %s", e.Code, e.Reason)
}
