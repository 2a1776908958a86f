package tlsfilter

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe" //nolint:depguard // crypto/tls has no other way to free memory
)

// A tls.Conn keeps the buffers in which it has gathered a record and a handshake
// message, of up to 16 KiB each, as long as it lives. They can be dropped when they are
// drained. Where a later version of Go has no such fields, nothing is dropped.
var (
	rawInput = field[bytes.Buffer]("rawInput") // of records, as they come
	hand     = field[bytes.Buffer]("hand")     // of handshake messages
	input    = field[bytes.Reader]("input")    // into rawInput
)

const missing = ^uintptr(0)

// field returns the offset of a field of tls.Conn, or missing if there is none of that type.
func field[T any](name string) uintptr {
	f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[T]() {
		return missing
	}
	return f.Offset
}

// trim drops the buffers of c that are empty. Nothing else may use c meanwhile.
func trim(c *tls.Conn) {
	if rawInput == missing || hand == missing || input == missing {
		return
	}
	at := unsafe.Pointer(c)
	reader := (*bytes.Reader)(unsafe.Add(at, input))
	if reader.Len() > 0 {
		return // it reads from rawInput
	}
	*reader = bytes.Reader{}
	for _, offset := range [...]uintptr{rawInput, hand} {
		if b := (*bytes.Buffer)(unsafe.Add(at, offset)); b.Len() == 0 && b.Cap() > 0 {
			*b = bytes.Buffer{}
		}
	}
}
