package tlsfilter

import (
	"bytes"
	"crypto/tls"
	"testing"
	"unsafe"
)

// kept returns the size of the buffers of a tls.Conn.
func kept(c *tls.Conn) (n int) {
	at := unsafe.Pointer(c)
	for _, offset := range [...]uintptr{rawInput, hand} {
		n += (*bytes.Buffer)(unsafe.Add(at, offset)).Cap()
	}
	return n + int((*bytes.Reader)(unsafe.Add(at, input)).Size())
}

func TestCryptoTLSHasTheBuffersThatAreTrimmed(t *testing.T) {
	if rawInput == missing || hand == missing || input == missing {
		t.Error("a field of tls.Conn has another name or type now: idle connections keep their buffers")
	}
}
