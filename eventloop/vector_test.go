package eventloop

import (
	"testing"

	"pgregory.net/rapid"
)

func TestAVectorIsASliceThatStartsSmallAndShrinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v vector[int]
		var want []int
		for range rapid.IntRange(0, 60).Draw(t, "runs") {
			n := rapid.IntRange(1, 300).Draw(t, "length")
			if rapid.Bool().Draw(t, "push") {
				for range n {
					v.push(len(want) + 1)
					want = append(want, len(want)+1)
				}
			} else {
				for range min(n, len(want)) {
					v.pop()
					want = want[:len(want)-1]
				}
			}
			if v.len() != len(want) {
				t.Fatalf("length %d, want %d", v.len(), len(want))
			}
			if most := len(want)/pageSize + 2; len(v.pages) > most {
				t.Fatalf("%d pages for %d entries", len(v.pages), len(want))
			}
		}
		for i, w := range want {
			if got := *v.at(i); got != w {
				t.Fatalf("entry %d is %d, want %d", i, got, w)
			}
		}
	})
}

func TestAVectorOfOneEntryHasRoomForFew(t *testing.T) {
	var v vector[int]
	v.push(1)
	if n := len(v.pages[0]); n != firstSize {
		t.Errorf("room for %d", n)
	}
}
