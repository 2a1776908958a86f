package sim

import "math/bits"

// A ring is a queue of bytes. It grows by powers of two; its users limit its
// size. The zero value is empty.
type ring struct {
	buf  []byte // length 0 or a power of two
	head int    // index of the first byte
	n    int    // bytes held
}

func (r *ring) write(p []byte) {
	if len(p) == 0 {
		return
	}
	if r.n+len(p) > len(r.buf) {
		r.grow(r.n + len(p))
	}
	tail := (r.head + r.n) & (len(r.buf) - 1)
	copied := copy(r.buf[tail:], p)
	copy(r.buf, p[copied:])
	r.n += len(p)
}

func (r *ring) grow(n int) {
	const least = 256
	bigger := make([]byte, max(least, 1<<bits.Len(uint(n-1))))
	held := r.n
	r.read(bigger[:held])
	r.buf, r.head, r.n = bigger, 0, held
}

func (r *ring) read(p []byte) int {
	n := min(len(p), r.n)
	if n == 0 {
		return 0
	}
	copied := copy(p[:n], r.buf[r.head:])
	copy(p[copied:n], r.buf)
	r.head = (r.head + n) & (len(r.buf) - 1)
	r.n -= n
	return n
}

// keep drops all but the first n bytes.
func (r *ring) keep(n int) { r.n = min(r.n, n) }
