package bench

import (
	"math/rand/v2"
	"time"
)

// roles assigns roles to the connections, numbered in the order of connecting.
// Every role is spread evenly over that order, so that it does not matter in
// which order a server walks its connections.
type roles struct {
	sender  []int // by number of the sender: its connection
	witness []int // by number of the sender: the connection that its lines are done at
	stalled []bool
	sampled []bool // by connection: its lines are parsed
	samples int
}

// assign needs senders + stalled < clients.
func assign(clients, senders, stalled, sample int) roles {
	r := roles{
		sender: make([]int, senders), witness: make([]int, senders),
		stalled: make([]bool, clients), sampled: make([]bool, clients),
	}
	taken := make([]bool, clients)
	for s := range senders {
		r.sender[s] = s * clients / senders
		taken[r.sender[s]] = true
	}
	// The stalled ones leave at least one connection that only reads; if there
	// are fewer of those than senders, senders witness for each other.
	free := func(i int) bool { return !taken[i] && !r.stalled[i] }
	spread(clients, stalled, free, func(i int) { r.stalled[i] = true })
	for s, at := range r.sender {
		w := at + max(clients/(2*senders), 1)
		for w%clients == at || r.stalled[w%clients] {
			w++
		}
		r.witness[s] = w % clients
		r.sampled[r.witness[s]] = true
	}
	reads := func(i int) bool { return free(i) && !r.sampled[i] }
	spread(clients, sample, reads, func(i int) { r.sampled[i] = true })
	for _, yes := range r.sampled {
		if yes {
			r.samples++
		}
	}
	return r
}

// spread picks n of the numbers below size, evenly, and the next allowed one
// where a number is not allowed; fewer if there are not as many.
func spread(size, n int, allowed func(int) bool, pick func(int)) {
	for k := range min(n, size) {
		at := k * size / n
		for try := range size {
			if i := (at + try) % size; allowed(i) {
				pick(i)
				break
			}
		}
	}
}

// poisson is a Poisson process: the times of independent events at a fixed mean
// rate.
type poisson struct {
	random *rand.Rand
	mean   float64 // nanoseconds between two events
	next   time.Duration
}

func newPoisson(start time.Duration, perSecond float64, seed uint64) *poisson {
	p := &poisson{random: rand.New(rand.NewPCG(seed, seed)), mean: float64(time.Second) / perSecond, next: start}
	p.advance()
	return p
}

// advance moves next to the event after it.
func (p *poisson) advance() {
	p.next += time.Duration(p.random.ExpFloat64() * p.mean)
}
