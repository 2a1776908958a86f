package ws

// A Beat is what a Heartbeat says is to be done.
type Beat uint8

// The beats.
const (
	// Alive: something was heard of the peer. Call Tick again in a while.
	Alive Beat = iota
	// Probe: nothing was heard. Send a Ping, and call Tick again when it should have
	// been answered.
	Probe
	// Dead: the Ping was not answered.
	Dead
)

// A Heartbeat finds out whether a peer is still there. It keeps no time: its owner calls
// Tick when a deadline has passed, and sets the next one. The zero value is ready.
//
// A peer that has vanished is found dead after at most two intervals and the time for an
// answer, and setting a deadline for each message is not needed.
type Heartbeat struct{ heard, asked bool }

// Heard notes that something was received, a Pong or anything else.
func (h *Heartbeat) Heard() { h.heard, h.asked = true, false }

// Tick returns what is to be done now.
func (h *Heartbeat) Tick() Beat {
	switch {
	case h.heard:
		h.heard = false
		return Alive
	case h.asked:
		return Dead
	}
	h.asked = true
	return Probe
}
