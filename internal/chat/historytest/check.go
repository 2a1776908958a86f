package historytest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// stretch is how many messages porcupine checks at a time: its memory grows with the square
// of the number of operations.
const stretch = 500

// Counts say how much was checked.
type Counts struct{ Posts, Pending, Histories, Seen int }

// String returns the counts as words.
func (c Counts) String() string {
	return fmt.Sprintf("%d posts, %d of them pending, %d histories, %d times what a client has seen",
		c.Posts, c.Pending, c.Histories, c.Seen)
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	c.Posts += o.Posts
	c.Pending += o.Pending
	c.Histories += o.Histories
	c.Seen += o.Seen
}

// Check returns an error if a room was not linearizable, or if that is not decided within the
// limit for each room. All calls of the other methods must have returned.
//
// The positions say in which order the messages are in the log, so porcupine has to find only
// the moments. A post that was not acknowledged has the position at which others have read it,
// if any.
func (h *History) Check(limit time.Duration) (Counts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var c Counts
	for _, name := range slices.Sorted(maps.Keys(h.rooms)) {
		if err := h.rooms[name].check(limit, &c); err != nil {
			return c, fmt.Errorf("historytest: %s: %w", name, err)
		}
	}
	return c, nil
}

// An order is the messages of a room by position: after n appends the log is log[:n].
type order struct {
	log   []Message
	index map[Position]int
	first map[string]int // where a key is first
}

// order returns the order of all messages at a known position.
func (r *room) order() *order {
	at := make(map[Position]string)
	for _, list := range [][]*operation{r.reads, r.posts} { // posts know best
		for _, o := range list {
			for _, m := range o.list {
				at[m.Position] = m.Key
			}
			if o.kind == post && o.ret != never {
				at[o.sent.Position] = o.sent.Key
			}
		}
	}
	s := &order{index: make(map[Position]int), first: make(map[string]int)}
	for i, p := range slices.SortedFunc(maps.Keys(at), Position.compare) {
		s.log = append(s.log, Message{p, at[p]})
		s.index[p] = i
		if _, known := s.first[at[p]]; !known {
			s.first[at[p]] = i
		}
	}
	return s
}

// step is what the log does. n is its length before and after.
func (s *order) step(n int, o *operation) (bool, int) {
	switch o.kind {
	case post:
		switch first, known := s.first[o.sent.Key]; {
		case known && first < n: // sent once more
			return s.log[first] == o.sent, n
		case n < len(s.log) && s.log[n] == o.sent:
			return true, n + 1
		}
		return false, n
	case seen:
		if end := s.index[o.list[len(o.list)-1].Position] + 1; end <= n {
			return s.ends(end, o.list), n
		}
		return false, n
	default:
		return (len(o.list) == n || o.older) && s.ends(n, o.list), n
	}
}

// ends reports whether list is the end of the log when that has n messages.
func (s *order) ends(n int, list []Message) bool {
	return len(list) <= n && slices.Equal(list, s.log[n-len(list):n])
}

// check is Check for one room.
func (r *room) check(limit time.Duration, c *Counts) error {
	s := r.order()
	if err := cmp.Or(r.err, r.backwards()); err != nil {
		return err
	}
	stretches := make(map[int][]porcupine.Operation)
	add := func(o *operation, next int) {
		first := next / stretch * stretch
		stretches[first] = append(stretches[first], porcupine.Operation{
			ClientId: o.client, Input: o, Call: o.call, Return: o.ret,
		})
	}
	for _, o := range r.posts {
		c.Posts++
		if o.ret == never {
			c.Pending++
			i, known := s.first[o.sent.Key]
			if !known { // it may never have been appended
				continue
			}
			o.sent = s.log[i]
		}
		add(o, s.index[o.sent.Position])
	}
	for _, o := range r.reads {
		next := 0
		if n := len(o.list); n > 0 {
			next = s.index[o.list[n-1].Position] + 1
		}
		switch o.kind {
		case history:
			c.Histories++
		default:
			c.Seen++
		}
		add(o, next)
	}
	if err := inTime(stretches); err != nil {
		return err
	}
	for _, first := range slices.Sorted(maps.Keys(stretches)) {
		if err := s.linearize(first, stretches[first], limit); err != nil {
			return err
		}
	}
	return nil
}

// backwards returns an error if a client has seen more before than after.
func (r *room) backwards() error {
	latest := make(map[int]*operation)
	for _, o := range r.reads {
		if o.kind != seen || len(o.list) == 0 {
			continue
		}
		before := latest[o.client]
		if before != nil && before.list[len(before.list)-1].compare(o.list[len(o.list)-1].Position) > 0 {
			return fmt.Errorf("a client has seen less than before: %s, and then %s", before, o)
		}
		latest[o.client] = o
	}
	return nil
}

// inTime returns an error if an operation had ended before one that it follows, of an earlier
// stretch, began.
func inTime(stretches map[int][]porcupine.Operation) error {
	var latest *porcupine.Operation
	for _, first := range slices.Sorted(maps.Keys(stretches)) {
		operations := stretches[first]
		for _, o := range operations {
			if latest != nil && o.Return < latest.Call {
				return fmt.Errorf("%v had ended before %v began", o.Input, latest.Input)
			}
		}
		for i := range operations {
			if operations[i].Input.(*operation).kind == seen { // which may be late
				continue
			}
			if latest == nil || operations[i].Call > latest.Call {
				latest = &operations[i]
			}
		}
	}
	return nil
}

// linearize has porcupine check a stretch of the log.
func (s *order) linearize(first int, operations []porcupine.Operation, limit time.Duration) error {
	model := porcupine.Model{
		Init: func() any { return first },
		Step: func(state, input, _ any) (bool, any) { return s.step(state.(int), input.(*operation)) },
	}
	switch porcupine.CheckOperationsTimeout(model, operations, limit) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("%d operations from message %d on: not decided within %v", len(operations), first, limit)
	}
	_, info := porcupine.CheckOperationsVerbose(model, operations, limit)
	var longest []porcupine.Operation
	for _, partial := range slices.Concat(info.PartialLinearizationsOperations()...) {
		if len(partial) > len(longest) {
			longest = partial
		}
	}
	fits := make(map[any]bool)
	for _, o := range longest {
		fits[o.Input] = true
	}
	rest := slices.DeleteFunc(slices.Clone(operations), func(o porcupine.Operation) bool { return fits[o.Input] })
	slices.SortFunc(rest, func(a, b porcupine.Operation) int { return int(min(max(a.Return-b.Return, -1), 1)) })
	var text strings.Builder
	fmt.Fprintf(&text, "not linearizable: %d of %d operations from message %d on fit", len(longest), len(operations), first)
	for i, o := range longest[max(0, len(longest)-3):] {
		fmt.Fprintf(&text, "%s %v", []string{", the last:", ";", ";"}[i], o.Input)
	}
	for i, o := range rest[:min(len(rest), 3)] {
		fmt.Fprintf(&text, "%s %v", []string{"; but not:", ";", ";"}[i], o.Input)
	}
	return errors.New(text.String())
}

// String describes an operation.
func (o *operation) String() string {
	when := fmt.Sprintf("[%d, %d]", o.call, o.ret)
	if o.ret == never {
		when = fmt.Sprintf("[%d, ...]", o.call)
	}
	if o.kind == post {
		return fmt.Sprintf("client %d posts %q at %v %s", o.client, o.sent.Key, o.sent.Position, when)
	}
	what := map[kind]string{history: "reads", seen: "has seen"}[o.kind]
	return fmt.Sprintf("client %d %s %d messages, the last %v %s", o.client, what, len(o.list), o.list[max(0, len(o.list)-2):], when)
}
