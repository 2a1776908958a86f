package chat

import (
	"hash/maphash"
	"slices"
	"sync"
)

// Messages that their senders have given an identifier of their own, a CID: one that
// is sent again, because its acknowledgement was lost with a connection, is stored
// once and acknowledged twice.

const (
	// MaxCID is the length of the longest CID, in bytes.
	MaxCID = 64
	// CIDWindow is how many of the latest messages of one sender are recognized when
	// they are sent again.
	CIDWindow = 1000
	// maxSameCID is how many times a message may be sent again while it is being
	// saved.
	maxSameCID = 16
	// maxUnstored is how many of the latest messages that are not in the archive are
	// recognized when their sender was without a connection meanwhile.
	maxUnstored = 128
)

// receipts are the latest messages of one sender that had a CID.
type receipts struct {
	owner uint64 // the account or the session; 0: they are not stored

	mu     sync.Mutex // guards what follows; nothing else is locked in it
	loaded bool       // with those that are stored
	kept   []receipt  // the oldest is at next if there are CIDWindow
	sums   []uint64   // the hashes of their CIDs, in the same order
	next   int
	open   map[string]*pendingPost // those that are not saved yet
}

// A receipt is what is known of a message that was acknowledged.
type receipt struct {
	room, to string
	epoch    uint64
	seq, id  uint64
	stored   bool // as the sender was told
	held     bool // for a review
	unstored bool // it is not in the archive: a private message, one for a review, or one that only the sender sees
}

// A pendingPost is a message that is on its way to the disk. A nil *pendingPost is that of a
// message without a CID.
type pendingPost struct {
	of   *receipts
	cid  string
	done []func(Saved) // are told the outcome; receipts.mu guards it

	pretended bool // only the sender sees it
}

var cidSeed = maphash.MakeSeed()

func hashCID(cid string) uint64 { return maphash.String(cidSeed, cid) }

// known returns the outcome of a message that was sent before.
func (r *receipts) known(cid string) (Saved, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(cid)
}

// begin returns the pendingPost of a new message. If there was one with that CID, it
// returns nil, and done is called with the outcome of that one, now or later, on any
// goroutine. done must not block.
func (r *receipts) begin(cid string, done func(Saved)) *pendingPost {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.open[cid]; p != nil {
		if len(p.done) < maxSameCID {
			p.done = append(p.done, done)
		}
		return nil
	}
	if s, known := r.find(cid); known {
		done(s)
		return nil
	}
	p := &pendingPost{of: r, cid: cid, done: []func(Saved){done}}
	if r.open == nil {
		r.open = make(map[string]*pendingPost)
	}
	r.open[cid] = p
	return p
}

// find returns the outcome of the message with that CID. r.mu is held.
func (r *receipts) find(cid string) (Saved, bool) {
	i := slices.Index(r.sums, hashCID(cid))
	if i < 0 {
		return Saved{}, false
	}
	k := &r.kept[i]
	return Saved{CID: cid, Room: k.room, To: k.to, Epoch: k.epoch, Seq: k.seq, ID: k.id, Stored: k.stored, Held: k.held}, true
}

// end tells everybody who waits the outcome. A message that was not saved may be sent
// again.
func (p *pendingPost) end(s Saved) {
	s.CID = p.cid
	r := p.of
	r.mu.Lock()
	done := p.done
	delete(r.open, p.cid)
	if s.Why == nil {
		r.keep(hashCID(p.cid), receipt{
			room: s.Room, epoch: s.Epoch, seq: s.Seq, id: s.ID, stored: s.Stored, held: s.Held, unstored: p.pretended || s.Held,
		})
	}
	r.mu.Unlock()
	for _, f := range done {
		f(s)
	}
}

// missing reports whether the stored ones are to be loaded.
func (r *receipts) missing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owner != 0 && !r.loaded
}

// load adds the stored ones, which come newest first.
func (r *receipts) load(stored []Posted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded {
		return
	}
	r.loaded = true
	later, sums := r.kept, r.sums
	r.kept, r.sums, r.next = nil, nil, 0
	for i := len(stored) - 1; i >= 0; i-- {
		p := stored[i]
		r.keep(hashCID(p.CID), receipt{room: p.Room, epoch: p.Epoch, seq: p.Seq, id: p.ID, stored: true})
	}
	for i, k := range later {
		r.keep(sums[i], k)
	}
}

// release frees those that the archive has, unless something is on its way: they are loaded
// again when they are needed. It reports whether nothing is left.
func (r *receipts) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner == 0 || len(r.open) > 0 {
		return false
	}
	kept, sums, oldest := r.kept, r.sums, r.next
	r.kept, r.sums, r.next, r.loaded = nil, nil, 0, false
	for i := range kept {
		if k := (oldest + i) % len(kept); kept[k].unstored {
			r.keep(sums[k], kept[k])
		}
	}
	if n := len(r.kept) - maxUnstored; n > 0 {
		r.kept, r.sums = slices.Clone(r.kept[n:]), slices.Clone(r.sums[n:])
	}
	return len(r.kept) == 0
}

// keep records a receipt. sum is the hash of its CID. r.mu is held.
func (r *receipts) keep(sum uint64, k receipt) {
	if len(r.kept) < CIDWindow {
		r.kept, r.sums = append(r.kept, k), append(r.sums, sum)
		return
	}
	r.kept[r.next], r.sums[r.next] = k, sum
	r.next = (r.next + 1) % CIDWindow
}

// drop forgets a message that was not published. Its sender has been told why; others
// who have sent it meanwhile are told that, too.
func (p *pendingPost) drop() {
	if p == nil {
		return
	}
	r := p.of
	r.mu.Lock()
	others := p.done[1:]
	delete(r.open, p.cid)
	r.mu.Unlock()
	for _, f := range others {
		f(Saved{CID: p.cid, Why: note("same-not-sent")})
	}
}
