package sock

// breakEnds makes every signal fail.
func breakEnds(e *wakerEnds) { e.read = -1 }
