package chat

import (
	"iter"
	"slices"
)

// A memberList holds the connections of a person, oldest first. Most people have one, which
// takes no memory beside the list itself.
type memberList struct {
	member *Member // nil: the list is empty
	next   *memberList
}

// all returns the members in order.
func (l *memberList) all() iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		for l := l; l != nil && l.member != nil; l = l.next {
			if !yield(l.member) {
				return
			}
		}
	}
}

// clone returns the members in order, as a slice that is the caller's.
func (l *memberList) clone() []*Member { return slices.Collect(l.all()) }

func (l *memberList) empty() bool { return l.member == nil }

func (l *memberList) len() (n int) {
	for range l.all() {
		n++
	}
	return n
}

// add puts m at the end.
func (l *memberList) add(m *Member) {
	if l.empty() {
		l.member = m
		return
	}
	for l.next != nil {
		l = l.next
	}
	l.next = &memberList{member: m}
}

// has reports whether m is in the list.
func (l *memberList) has(m *Member) bool {
	for o := range l.all() {
		if o == m {
			return true
		}
	}
	return false
}

// remove takes m out, if it is there.
func (l *memberList) remove(m *Member) {
	switch {
	case l.member != m:
		for ; l.next != nil; l = l.next {
			if l.next.member == m {
				l.next = l.next.next
				return
			}
		}
	case l.next != nil:
		*l = *l.next
	default:
		l.member = nil
	}
}
