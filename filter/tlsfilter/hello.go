package tlsfilter

// maxHello is the maximum size of a ClientHello with its record headers, in bytes.
// Usual ones have up to 2 KiB.
const maxHello = 16 << 10

const (
	recordHeader    = 5 // type, version (2), length (2): RFC 8446, section 5.1
	typeHandshake   = 22
	maxPlain        = 1 << 14
	handshakeHeader = 4 // type, length (3): RFC 8446, section 4
	typeClientHello = 1
)

// A hello gathers a ClientHello, which may lie in several records.
type hello struct {
	raw  []byte
	next int                   // where the next record begins
	size int                   // of the part of the handshake message received so far
	head [handshakeHeader]byte // its first bytes
}

// add adds what was received and reports whether the handshake can begin: the
// ClientHello is complete, or has an error that crypto/tls is to report.
func (h *hello) add(raw []byte) (whole bool) {
	h.raw = append(h.raw, raw...)
	for {
		n, ok := recordSize(h.raw[h.next:])
		switch {
		case !ok:
			return true
		case n == 0:
			return false
		}
		part := h.raw[h.next+recordHeader : h.next+n]
		if h.size < handshakeHeader {
			copy(h.head[h.size:], part)
		}
		h.size += len(part)
		h.next += n
		if h.size >= handshakeHeader && (h.head[0] != typeClientHello || h.size >= h.want()) {
			return true
		}
	}
}

// want returns the size of the handshake message, as its header says.
func (h *hello) want() int {
	return handshakeHeader + (int(h.head[1])<<16 | int(h.head[2])<<8 | int(h.head[3]))
}

// recordSize returns the size of the record that raw begins with, 0 if it is
// incomplete. ok is false if it is not a handshake record.
func recordSize(raw []byte) (n int, ok bool) {
	if len(raw) > 0 && raw[0] != typeHandshake || len(raw) > 1 && raw[1] != 3 {
		return 0, false
	}
	if len(raw) < recordHeader {
		return 0, true
	}
	n = int(raw[3])<<8 | int(raw[4])
	if n == 0 || n > maxPlain {
		return 0, false
	}
	if n += recordHeader; len(raw) < n {
		return 0, true
	}
	return n, true
}
