package server

import (
	"testing"
	"unsafe"
)

// Ten thousand idle users consist mostly of sessions. The allocator rounds up
// to its size classes: 112, 128, 144, 160, 176, ... bytes.
func TestSessionsAreSmall(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 160 {
		t.Errorf("a session has %d bytes, want 160 at most", n)
	}
	if n := unsafe.Sizeof(classic{}); n > 160 {
		t.Errorf("a classic session has %d bytes, want 160 at most", n)
	}
	if n := unsafe.Sizeof(jsonSession{}); n > 192 {
		t.Errorf("a session of JSON has %d bytes, want 192 at most", n)
	}
	if n := unsafe.Sizeof(socket{}); n > 24 {
		t.Errorf("what it needs for WebSocket has %d bytes, want 24 at most", n)
	}
	if n := unsafe.Sizeof(rest{}); n > 80 {
		t.Errorf("the rest of a session has %d bytes, want 80 at most", n)
	}
}
