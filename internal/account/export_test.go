package account

import (
	"net/netip"
	"time"
)

// Parse is parse, and also returns the result encoded again.
func Parse(phc string) (p Params, again string, err error) {
	r, err := parse(phc)
	return r.params, r.String(), err
}

// Check is Params.check.
func Check(p Params) error { return p.check() }

// Sizes returns how many entries the tables of t hold.
func Sizes(t *Throttle) [4]int {
	return [...]int{len(t.addresses.entries), len(t.accounts.entries), len(t.pairs.entries), len(t.known.entries)}
}

// Held returns how many jobs p's queue has room for.
func Held(p *Pool) int {
	n := cap(p.turns) + cap(p.late)
	for _, q := range p.waits {
		n += cap(q)
	}
	return n
}

// Delay is the first result of Wait.
func (t *Throttle) Delay(account string, addr netip.Addr, now time.Time) time.Duration {
	wait, _ := t.Wait(account, addr, now)
	return wait
}
