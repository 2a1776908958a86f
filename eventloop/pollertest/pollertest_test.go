package pollertest

import (
	"strings"
	"testing"
)

// The numbers are names: none is missing, doubled or moved.
func TestRulesAreNumberedInOrder(t *testing.T) {
	seen := make(map[string]bool)
	for i, r := range Rules() {
		if r.Number != i+1 {
			t.Errorf("rule %d of the list has number %d", i+1, r.Number)
		}
		if seen[r.Sentence] || r.Sentence == "" {
			t.Errorf("%s: the sentence is empty or another rule's", r)
		}
		seen[r.Sentence] = true
		if !strings.HasPrefix(r.String(), r.ID()+" ") {
			t.Errorf("rule %s is printed as %q", r.ID(), r)
		}
	}
}
