package bench

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A Mode is what a run does to the server.
type Mode string

// The modes.
const (
	Closed Mode = "closed" // a fixed number of lines in flight
	Open   Mode = "open"   // a Poisson process of lines, whatever the server does
	Idle   Mode = "idle"   // clients log in and are silent: memory per connection
	Churn  Mode = "churn"  // connect, wait for the first byte, close, again
	Saved  Mode = "saved"  // each client says its next line when it is told that the last one is saved
	LogIns Mode = "logins" // Open, first undisturbed and then while people log in with passwords
)

// A Dialect is how a client gets from its connection to talking.
type Dialect string

// The dialects. The prompt of both servers that have one ends in "Enter
// username : ", without a line feed.
const (
	LoginNone    Dialect = "none"    // a bare broadcaster: talk at once
	LoginClassic Dialect = "classic" // answer the prompt, then talk
	LoginDefault Dialect = "default" // answer the prompt, wait for the welcome, then talk
)

// AccountPassword is the password of the accounts that LogIns uses, see AccountName.
const AccountPassword = "correct horse battery"

// AccountName is the name of account i: whoever wants LogIns must have
// registered them.
func AccountName(i int) string { return fmt.Sprintf("v%05d", i) }

// MaxApart is the most clients of Saved that can be in rooms of their own.
const MaxApart = 900

// MaxClients is the hard limit on the connections of one run.
const MaxClients = 15000

// A Config describes one run. Address, Mode, Login and Duration have no
// default; a zero in the other fields means what their comments say.
type Config struct {
	Address  string  // server, an IPv4 literal of 127.0.0.0/8 with a port
	PID      int     // server's process, for CPU and memory; 0: not measured
	Mode     Mode    //
	Login    Dialect //
	Clients  int     // connections, the stalled ones among them; 0: 2
	Senders  int     // connections that also send; 0: 1
	InFlight int     // closed loop: lines outstanding in total; churn: connections at a time; 0: 1
	Rate     float64 // open loop: lines per second in total
	Size     int     // bytes of a line with its line feed; 0: 64
	Stalled  int     // connections that never read once they are logged in
	Sample   int     // readers whose lines are looked into, besides the witnesses; 0: 64
	Apart    bool    // saved: each client is in a room of its own, and all others read nothing
	People   int     // logins: how many log in at once; 0: 500

	Warmup   time.Duration // load before the measurement begins
	Duration time.Duration // measurement
	Setup    time.Duration // limit on connecting and logging in; 0: 60 s
	Seed     uint64        // of the Poisson process
}

// withDefaults fills in the documented defaults and refuses what can't be run.
func (c Config) withDefaults() (Config, error) {
	for field, value := range map[*int]int{&c.Clients: 2, &c.Senders: 1, &c.InFlight: 1, &c.Size: 64, &c.Sample: 64, &c.People: 500} {
		if *field == 0 {
			*field = value
		}
	}
	if c.Setup == 0 {
		c.Setup = time.Minute
	}
	return c, c.check()
}

func (c Config) check() error {
	modes := []Mode{Closed, Open, Idle, Churn, Saved, LogIns}
	styled := slices.Contains([]Mode{Saved, LogIns}, c.Mode)
	to, err := netip.ParseAddrPort(c.Address)
	if err != nil {
		return fmt.Errorf("bench: address: %w", err)
	}
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{!to.Addr().Is4() || !to.Addr().IsLoopback(), "address: only 127.0.0.0/8, the load generator never leaves the machine"},
		{!slices.Contains(modes, c.Mode), "mode: closed, open, idle, churn, saved or logins"},
		{c.Login != LoginNone && c.Login != LoginClassic && c.Login != LoginDefault, "login: none, classic or default"},
		{c.Clients < 2 || c.Clients > MaxClients, fmt.Sprintf("clients: 2 to %d", MaxClients)},
		{c.Senders < 1 || c.Stalled < 0 || c.Senders+c.Stalled >= c.Clients, "senders and stalled: together fewer than clients"},
		{c.InFlight < 1 || c.InFlight > 1<<20, "inflight: 1 to 1048576"},
		{c.Mode == Churn && c.InFlight > MaxClients, fmt.Sprintf("inflight: at most %d connections at a time", MaxClients)},
		{styled && c.Login != LoginDefault, "login: only the default style has receipts and accounts"},
		{c.Apart && c.Clients > MaxApart, fmt.Sprintf("apart: at most %d clients", MaxApart)},
		{c.People < 1 || c.People > MaxClients, fmt.Sprintf("people: 1 to %d", MaxClients)},
		{(c.Mode == Open || c.Mode == LogIns) && !(c.Rate > 0 && c.Rate <= 1e6), "rate: more than 0, at most 1000000 lines per second"},
		{c.Size < MinSize || c.Size > 4096, fmt.Sprintf("size: %d to 4096 bytes", MinSize)},
		{c.Duration <= 0 || c.Duration > time.Hour, "duration: more than 0, at most an hour"},
		{c.Warmup < 0 || c.Warmup > time.Hour, "warmup: 0 to an hour"},
	} {
		if rule.broken {
			return fmt.Errorf("bench: %s", rule.text)
		}
	}
	return nil
}
