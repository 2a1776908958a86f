package ws

import (
	"encoding/binary"
	"unicode/utf8"
)

// A Kind is the kind of an Event, and of a frame to be encoded.
type Kind uint8

// The kinds.
const (
	// None: all input was used; the next call needs new input.
	None Kind = iota
	// Text is a message of UTF-8.
	Text
	// Binary is a message of any bytes.
	Binary
	// Ping asks for a Pong with the same payload, of at most 125 bytes.
	Ping
	// Pong answers a Ping, or comes by itself.
	Pong
	// Close is the last frame in its direction.
	Close
)

var kindNames = [...]string{None: "None", Text: "Text", Binary: "Binary", Ping: "Ping", Pong: "Pong", Close: "Close"}

// String returns the name of the constant.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(?)"
}

// An opcode is the type of a frame (RFC 6455, section 5.2).
type opcode byte

const (
	opContinuation opcode = 0
	opText         opcode = 1
	opBinary       opcode = 2
	opClose        opcode = 8
	opPing         opcode = 9
	opPong         opcode = 10
)

func (o opcode) control() bool { return o >= opClose }

var opcodes = [...]opcode{Text: opText, Binary: opBinary, Ping: opPing, Pong: opPong, Close: opClose}

var kinds = [...]Kind{opText: Text, opBinary: Binary, opClose: Close, opPing: Ping, opPong: Pong}

const (
	bitFin   = 0x80
	bitRSV1  = 0x40 // the message is compressed (RFC 7692, section 6)
	bitsRSV  = 0x70
	bitsOp   = 0x0f
	bitMask  = 0x80
	length16 = 126 // the length is in the next 2 bytes
	length64 = 127 // or in the next 8

	maxControl   = 125 // bytes of payload
	maskedHeader = 14  // the longest header of a client
)

// A header is that of a client's frame.
type header struct {
	op     opcode
	fin    bool
	rsv1   bool
	mask   [4]byte
	length int64 // of the payload
}

// parseHeader parses the header at the beginning of p and returns its length, 0 if p ends
// before. It checks each byte before it waits for the next one. deflate: compressed messages are allowed.
func parseHeader(p []byte, deflate bool) (h header, n int, err error) {
	if len(p) == 0 {
		return h, 0, nil
	}
	h = header{op: opcode(p[0] & bitsOp), fin: p[0]&bitFin != 0, rsv1: p[0]&bitRSV1 != 0}
	switch {
	case int(h.op) >= len(kinds) || h.op != opContinuation && kinds[h.op] == None:
		return h, 0, ErrOpcode
	case p[0]&bitsRSV != 0 && (p[0]&bitsRSV != bitRSV1 || !deflate || h.op != opText && h.op != opBinary):
		return h, 0, ErrReservedBits
	case h.op.control() && !h.fin:
		return h, 0, ErrControl
	case len(p) == 1:
		return h, 0, nil
	case p[1]&bitMask == 0:
		return h, 0, ErrUnmasked
	case h.op.control() && p[1]&^bitMask > maxControl:
		return h, 0, ErrControl
	}
	n = 2
	switch short := p[1] &^ bitMask; short {
	default:
		h.length = int64(short)
	case length16:
		if n = 4; len(p) < n {
			return h, 0, nil
		}
		if h.length = int64(binary.BigEndian.Uint16(p[2:])); h.length < length16 {
			return h, 0, ErrLength
		}
	case length64:
		if n = 10; len(p) < n {
			return h, 0, nil
		}
		if h.length = int64(binary.BigEndian.Uint64(p[2:])); h.length <= 0xffff { // negative: the first bit is set
			return h, 0, ErrLength
		}
	}
	if len(p) < n+len(h.mask) {
		return h, 0, nil
	}
	copy(h.mask[:], p[n:])
	return h, n + len(h.mask), nil
}

// AppendHeader appends the header of a server's frame with n bytes of payload, which are
// to follow. kind is not None.
func AppendHeader(dst []byte, kind Kind, n int) []byte {
	return appendHeader(dst, bitFin|byte(opcodes[kind]), n)
}

func appendHeader(dst []byte, first byte, n int) []byte {
	switch {
	case n < length16:
		return append(dst, first, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, first, length16), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, length64), uint64(n))
}

// AppendFrame appends a whole message, or a control message, as one unmasked frame, which can be
// sent to any client. The payload of Text must be UTF-8. The payload of Ping and Pong is cut to
// 125 bytes. Use AppendClose for Close.
func AppendFrame(dst []byte, kind Kind, payload []byte) []byte {
	if kind >= Ping {
		payload = payload[:min(len(payload), maxControl)]
	}
	return append(AppendHeader(dst, kind, len(payload)), payload...)
}

// AppendClose appends a server's Close frame. With CodeNone, or another code that is not
// Valid, the frame is empty. The reason, which must be UTF-8, is cut to 123 bytes.
func AppendClose(dst []byte, code Code, reason string) []byte {
	if !code.Valid() {
		return AppendHeader(dst, Close, 0)
	}
	const most = maxControl - 2
	if len(reason) > most {
		end := most
		for !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	dst = AppendHeader(dst, Close, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(dst, uint16(code)), reason...)
}
