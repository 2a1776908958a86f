package chat

import (
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// Every user is a person, and most people have one connection and need nothing else. The
// allocator rounds up to its size classes: 48, 64, 80, 96, ... bytes.
func TestAPersonIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(person{}); n > 64 {
		t.Errorf("a person has %d bytes, want 64 at most", n)
	}
	// A user with an account has one of these, too, and so has a member who has spoken.
	if n := unsafe.Sizeof(more{}); n > 64 {
		t.Errorf("what such a member needs has %d bytes, want 64 at most", n)
	}
	m := &Member{}
	if n := testing.AllocsPerRun(100, func() {
		var l memberList
		l.add(m)
		if l.len() != 1 {
			t.Error("the member is not there")
		}
		l.remove(m)
	}); n != 0 {
		t.Errorf("a person with one connection takes %v allocations more", n)
	}
}

func TestAMemberListIsAsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := make([]*Member, 4)
		for i := range all {
			all[i] = &Member{}
		}
		var l memberList
		var want []*Member
		for _, i := range rapid.SliceOf(rapid.IntRange(0, len(all)-1)).Draw(t, "members") {
			m := all[i]
			if slices.Contains(want, m) {
				l.remove(m)
				want = without(want, m)
			} else {
				l.remove(m) // is not there
				l.add(m)
				want = append(want, m)
			}
			if got := l.clone(); !slices.Equal(got, want) || l.len() != len(want) || l.empty() != (len(want) == 0) {
				t.Fatalf("the list has %v, want %v", got, want)
			}
		}
	})
}
