package main

import "runtime/debug"

// garbage is how much garbage may pile up, in percent of what is in use, before
// it is collected. The server makes little of it, so that half of Go's default
// costs next to nothing, and saves a fifth of the memory of an idle user.
const garbage = 50

// saveMemory sets that, unless GOGC says otherwise.
func (p program) saveMemory() {
	if _, set := p.env("GOGC"); !set {
		debug.SetGCPercent(garbage)
	}
}
