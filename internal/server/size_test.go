package server

import (
	"testing"
	"unsafe"
)

// Sessions are what ten thousand idle users are made of. The allocator rounds
// up to its size classes: 96, 112, 128, 144, ... bytes.
func TestSessionsAreSmall(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 176 {
		t.Errorf("session has %d bytes", n)
	}
	if n := unsafe.Sizeof(classic{}); n > 144 {
		t.Errorf("classic has %d bytes", n)
	}
}
