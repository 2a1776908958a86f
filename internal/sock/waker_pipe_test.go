//go:build unix && !linux

package sock

// breakEnds makes every signal fail.
func breakEnds(e *wakerEnds) { e.write = -1 }
