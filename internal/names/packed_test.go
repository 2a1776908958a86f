package names_test

import (
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/names"
)

func TestAPackedNameHasTheSameForms(t *testing.T) {
	form := rapid.SampledFrom([]string{"a", "b", "ab", "aa", "é"})
	rapid.Check(t, func(t *rapid.T) {
		n := names.Name{Display: form.Draw(t, "display"), Key: form.Draw(t, "key"), Skeleton: form.Draw(t, "skeleton")}
		if got := n.Pack().Name(); got != n {
			t.Errorf("%q packed is %q", n, got)
		}
	})
	for _, n := range []names.Name{{}, parse(t, "Tim01"), parse(t, "bob")} {
		if got := n.Pack().Name(); got != n {
			t.Errorf("%q packed is %q", n, got)
		}
	}
}

// A Name has 48 bytes, and up to three strings.
func TestAPackedNameIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(names.Packed{}); size > 24 {
		t.Errorf("a Packed has %d bytes, want 24 at most", size)
	}
	own, other := parse(t, "bob"), parse(t, "Tim01")
	var p names.Packed
	if n := testing.AllocsPerRun(100, func() { p = own.Pack() }); n != 0 {
		t.Errorf("%v allocations to pack a name that has one form", n)
	}
	p = other.Pack()
	if n := testing.AllocsPerRun(100, func() {
		if p.Name() != other {
			t.Error("another name was packed")
		}
	}); n != 0 {
		t.Errorf("%v allocations to read a packed name", n)
	}
}
