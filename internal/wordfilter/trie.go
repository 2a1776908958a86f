package wordfilter

import (
	"cmp"
	"slices"
)

// A trie is an Aho-Corasick automaton over the symbols of patterns. Its nodes are
// numbered breadth first, so that the children of a node are adjacent; node 0 is
// the root. Every pattern begins and ends with ' '.
type trie struct {
	nodes []node
	// same[i] is the next pattern with the symbols of pattern i, or -1.
	same []int32
}

type node struct {
	symbol rune   // on the way from the parent
	first  uint32 // its children are nodes[first:last]
	last   uint32
	fail   uint32 // the node of the longest proper suffix of this one's symbols
	found  int32  // the first pattern that ends here, or -1
	dict   uint32 // the next node along fail where a pattern ends, or the root
}

// build makes the trie of patterns.
func build(patterns []pattern) trie {
	t := trie{nodes: []node{{found: -1}}, same: make([]int32, len(patterns))}
	order := make([]int32, len(patterns))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return slices.Compare(patterns[a].symbols, patterns[b].symbols)
	})
	// The patterns that go through a node are adjacent in the order.
	type job struct {
		node     uint32
		from, to int
		depth    int
	}
	for queue := []job{{to: len(order)}}; len(queue) > 0; queue = queue[1:] {
		j := queue[0]
		from := j.from
		for from < j.to && len(patterns[order[from]].symbols) == j.depth {
			p := order[from]
			t.same[p], t.nodes[j.node].found = t.nodes[j.node].found, p
			from++
		}
		t.nodes[j.node].first = uint32(len(t.nodes))
		for from < j.to {
			symbol := patterns[order[from]].symbols[j.depth]
			to := from + 1
			for to < j.to && patterns[order[to]].symbols[j.depth] == symbol {
				to++
			}
			queue = append(queue, job{uint32(len(t.nodes)), from, to, j.depth + 1})
			t.nodes = append(t.nodes, node{symbol: symbol, found: -1})
			from = to
		}
		t.nodes[j.node].last = uint32(len(t.nodes))
	}
	t.link()
	return t
}

// link sets the fail links. Parents come before children.
func (t *trie) link() {
	for n := range t.nodes {
		parent := &t.nodes[n]
		for c := parent.first; c < parent.last; c++ {
			child := &t.nodes[c]
			if n != 0 {
				child.fail = t.step(parent.fail, child.symbol)
			}
			child.dict = child.fail
			if fail := &t.nodes[child.fail]; fail.found < 0 {
				child.dict = fail.dict
			}
		}
	}
}

// step returns the node after the next symbol. All steps of a text take time in
// proportion to it.
func (t *trie) step(at uint32, symbol rune) uint32 {
	for {
		n := &t.nodes[at]
		if c, ok := t.child(n, symbol); ok {
			return c
		}
		if at == 0 {
			return 0
		}
		at = n.fail
	}
}

func (t *trie) child(n *node, symbol rune) (uint32, bool) {
	children := t.nodes[n.first:n.last]
	if len(children) > 8 {
		i, ok := slices.BinarySearchFunc(children, symbol, func(c node, s rune) int { return cmp.Compare(c.symbol, s) })
		return n.first + uint32(i), ok
	}
	for i := range children {
		if children[i].symbol == symbol {
			return n.first + uint32(i), true
		}
	}
	return 0, false
}
