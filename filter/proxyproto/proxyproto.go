package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

const (
	// MaxLine is the length of the longest header of version 1, in bytes, with its CR LF.
	MaxLine = 107
	// MaxLength is the length of the longest header that Parse accepts, in bytes. The
	// format of version 2 has room for 64 KiB; addresses take at most 232 bytes.
	MaxLength = 4096
)

// The errors of Parse. Each but ErrIncomplete is final.
var (
	// ErrIncomplete: the bytes are the beginning of a header. Call Parse again when
	// there are more.
	ErrIncomplete = errors.New("proxyproto: incomplete header")
	// ErrNoHeader: the bytes do not begin a header of either version.
	ErrNoHeader = errors.New("proxyproto: no PROXY header")
	// ErrTooLong: a line has more than MaxLine bytes, or a header of version 2 has more
	// than MaxLength.
	ErrTooLong = errors.New("proxyproto: header too long")
	// ErrEnding: a line of version 1 has a CR or an LF alone.
	ErrEnding = errors.New("proxyproto: line does not end with CR LF")
	// ErrFields: a line of version 1 has too many or too few fields, or more than one
	// space between two of them.
	ErrFields = errors.New("proxyproto: wrong number of fields")
	// ErrFamily: the family of addresses, or the transport, is not one of those in the
	// specification.
	ErrFamily = errors.New("proxyproto: unknown address family or transport")
	// ErrAddress: an address of version 1 is malformed, or of another family.
	ErrAddress = errors.New("proxyproto: malformed address")
	// ErrPort: a port of version 1 is not a number from 0 to 65535 without leading
	// zeros.
	ErrPort = errors.New("proxyproto: malformed port")
	// ErrVersion: the signature is that of version 2, and the version is another one.
	ErrVersion = errors.New("proxyproto: unknown version")
	// ErrCommand: the command of version 2 is neither LOCAL nor PROXY.
	ErrCommand = errors.New("proxyproto: unknown command")
	// ErrTooShort: the length in a header of version 2 has no room for its addresses.
	ErrTooShort = errors.New("proxyproto: no room for the addresses")
)

// A Header is what a proxy says about a connection.
type Header struct {
	// Version is 1 or 2.
	Version int
	// Local is set if the proxy speaks for itself, for example to check whether the
	// server is up (LOCAL in version 2). There are no addresses then.
	Local bool
	// Network is the kind of the client's connection to the proxy: "tcp4", "tcp6",
	// "unix", or "" if the header does not say, or says that it was none of these.
	Network string
	// Source is the address of the client, and Destination the one that the client
	// connected to. Use the addresses of the connection itself if Source is not valid:
	// it is valid for "tcp4" and "tcp6" only. An IPv4-mapped IPv6 address is not
	// unmapped.
	Source, Destination netip.AddrPort
}

// The signatures of both versions.
const (
	prefix    = "PROXY "
	signature = "\r\n\r\n\x00\r\nQUIT\n"
)

// Parse parses the header at the beginning of head and returns its length in bytes;
// what follows in head comes from the client. With ErrIncomplete, head ends before the
// header does. Parse looks at no more than MaxLength bytes, and for no header is the
// outcome different if it arrives in pieces.
func Parse(head []byte) (h Header, n int, err error) {
	switch {
	case bytes.HasPrefix(head, []byte(prefix)):
		return parseLine(head)
	case bytes.HasPrefix(head, []byte(signature)):
		return parseBinary(head)
	case strings.HasPrefix(prefix, string(head[:min(len(head), len(prefix))])),
		strings.HasPrefix(signature, string(head[:min(len(head), len(signature))])):
		return Header{}, 0, ErrIncomplete
	}
	return Header{}, 0, ErrNoHeader
}

// parseLine parses a header of version 1 (section 2.1).
func parseLine(head []byte) (Header, int, error) {
	most := head[:min(len(head), MaxLine)]
	end := bytes.IndexAny(most, "\r\n")
	switch {
	case end < 0 || end == len(most)-1 && most[end] == '\r':
		if len(most) == MaxLine {
			return Header{}, 0, ErrTooLong
		}
		return Header{}, 0, ErrIncomplete
	case most[end] == '\n' || most[end+1] != '\n':
		return Header{}, 0, ErrEnding
	}
	h, err := parseFields(string(most[len(prefix):end]))
	if err != nil {
		return Header{}, 0, err
	}
	return h, end + 2, nil
}

// parseFields parses what is between the signature of version 1 and its CR LF.
func parseFields(text string) (Header, error) {
	h := Header{Version: 1}
	fields := strings.Split(text, " ")
	switch fields[0] {
	case "UNKNOWN":
		return h, nil // whatever follows
	case "TCP4":
		h.Network = "tcp4"
	case "TCP6":
		h.Network = "tcp6"
	default:
		return Header{}, ErrFamily
	}
	if len(fields) != 5 {
		return Header{}, ErrFields
	}
	for i, endpoint := range []*netip.AddrPort{&h.Source, &h.Destination} {
		addr, err := netip.ParseAddr(fields[1+i])
		if err != nil || addr.Zone() != "" || addr.Is4() != (h.Network == "tcp4") {
			return Header{}, ErrAddress
		}
		port, ok := parsePort(fields[3+i])
		if !ok {
			return Header{}, ErrPort
		}
		*endpoint = netip.AddrPortFrom(addr, port)
	}
	return h, nil
}

func parsePort(text string) (uint16, bool) {
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err == nil && strconv.FormatUint(port, 10) == text
}

// The parts of a header of version 2 (section 2.2): the signature, a byte with version
// and command, a byte with family and transport, and the length of what follows in two
// bytes.
const (
	commandAt = len(signature)
	familyAt  = commandAt + 1
	lengthAt  = familyAt + 1
	fixed     = lengthAt + 2

	// The commands.
	local = 0
	proxy = 1
	// The families; 0 is unspecified.
	inet  = 1
	inet6 = 2
	unix  = 3
	// The transports; 0 is unspecified.
	stream   = 1
	datagram = 2
)

// parseBinary parses a header of version 2. It checks each byte before it waits for the
// next one.
func parseBinary(head []byte) (Header, int, error) {
	if err := checkFixed(head); err != nil {
		return Header{}, 0, err
	}
	h := Header{Version: 2, Local: head[commandAt]&0xf == local}
	end := fixed + int(binary.BigEndian.Uint16(head[lengthAt:]))
	size, need := 0, 0 // of each IP address without its port; of both addresses
	if !h.Local && head[familyAt]&0xf == stream {
		switch head[familyAt] >> 4 {
		case inet:
			h.Network, size, need = "tcp4", 4, 12
		case inet6:
			h.Network, size, need = "tcp6", 16, 36
		case unix:
			h.Network, need = "unix", 216
		}
	}
	switch {
	case end > MaxLength:
		return Header{}, 0, ErrTooLong
	case end < fixed+need:
		return Header{}, 0, ErrTooShort
	case len(head) < end:
		return Header{}, 0, ErrIncomplete
	}
	if size > 0 {
		h.Source, h.Destination = endpoints(head[fixed:], size)
	}
	return h, end, nil
}

// checkFixed checks the parts that every header of version 2 has.
func checkFixed(head []byte) error {
	if len(head) <= commandAt {
		return ErrIncomplete
	}
	command := head[commandAt] & 0xf
	switch {
	case head[commandAt]>>4 != 2:
		return ErrVersion
	case command > proxy:
		return ErrCommand
	case len(head) <= familyAt:
		return ErrIncomplete
	case command != local && (head[familyAt]>>4 > unix || head[familyAt]&0xf > datagram): // with LOCAL they don't count
		return ErrFamily
	case len(head) < fixed:
		return ErrIncomplete
	}
	return nil
}

// endpoints reads two addresses of size bytes each, and then their ports.
func endpoints(p []byte, size int) (source, destination netip.AddrPort) {
	at := func(i int) netip.AddrPort {
		addr, _ := netip.AddrFromSlice(p[i*size : (i+1)*size]) // 4 or 16 bytes are an address
		return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(p[2*size+2*i:]))
	}
	return at(0), at(1)
}
