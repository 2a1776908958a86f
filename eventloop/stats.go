package eventloop

import "sync/atomic"

// Stats are counters since the start. Only Open can go down.
type Stats struct {
	Accepted      uint64 // connections taken from a backlog
	AcceptCalls   uint64 // calls of Net.Accept, including those that found no connection
	AcceptPauses  uint64 // times that accepting paused because descriptors ran out
	Dialed        uint64 // connections that Dial made
	Open          uint64 // connections open now
	Waits         uint64 // calls of Poller.Wait
	Events        uint64 // events it reported
	Reads, Writes uint64 // calls of Net.Read and Net.Write
	BytesIn       uint64
	BytesOut      uint64
	Blocked       uint64 // writes that found no room
	Stalled       uint64 // connections closed with ErrStalled
	Lagged        uint64 // times a reader fell out of a topic's window
}

type counters struct {
	accepted, acceptCalls, acceptPauses, dialed, open, waits, events, reads, writes,
	bytesIn, bytesOut, blocked, stalled, lagged atomic.Uint64
}

// Stats adds up the counters of all loops.
func (g *Group) Stats() Stats {
	var s Stats
	for _, l := range g.loops {
		n := &l.n
		s.Accepted += n.accepted.Load()
		s.AcceptCalls += n.acceptCalls.Load()
		s.AcceptPauses += n.acceptPauses.Load()
		s.Dialed += n.dialed.Load()
		s.Open += n.open.Load()
		s.Waits += n.waits.Load()
		s.Events += n.events.Load()
		s.Reads += n.reads.Load()
		s.Writes += n.writes.Load()
		s.BytesIn += n.bytesIn.Load()
		s.BytesOut += n.bytesOut.Load()
		s.Blocked += n.blocked.Load()
		s.Stalled += n.stalled.Load()
		s.Lagged += n.lagged.Load()
	}
	return s
}
