package eventloop

// These let the model in topic_test.go predict, byte for byte, what a reader
// gets.

// Cursor returns the offset that the subscription has reached.
func (s *Sub) Cursor() uint64 { return s.cursor }

// Lagging reports whether a lag notice is due.
func (s *Sub) Lagging() bool { return s.missed > 0 }

// Base returns the offset of the oldest message that the topic holds.
func (t *Topic) Base() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	off, _ := t.base()
	return off
}

// Held returns how many chunks the topic holds.
func (t *Topic) Held() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.chunks)
}
