package bench

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A Mode is the kind of load of a run.
type Mode string

// The modes.
const (
	Closed Mode = "closed" // a fixed number of lines in flight
	Open   Mode = "open"   // a Poisson process of lines, whatever the server does
	Idle   Mode = "idle"   // clients log in and are silent: memory per connection
	Churn  Mode = "churn"  // connect, wait for the first byte, close, again
	Saved  Mode = "saved"  // each client sends its next line when it is told that the last one is saved
	Echo   Mode = "echo"   // each client sends its next line when the last one has come back
	LogIns Mode = "logins" // Open, first undisturbed and then while people log in with passwords
	Hellos Mode = "hellos" // Open, first undisturbed and then while TLS handshakes have begun and do not go on
)

// A Dialect is how a client logs in before it talks.
type Dialect string

// The dialects. The prompt of those that have one ends in "Enter username : ",
// without a line feed.
const (
	LoginNone    Dialect = "none"    // a bare broadcaster: talk at once
	LoginClassic Dialect = "classic" // answer the prompt, then talk
	LoginDefault Dialect = "default" // answer the prompt, wait for the welcome, then talk
	LoginJSON    Dialect = "json"    // log in with the JSON protocol, then talk in it
	LoginEcho    Dialect = "echo"    // a server that sends each line back to its sender: talk at once
)

// AccountPassword is the password of the accounts that LogIns uses, see AccountName.
const AccountPassword = "correct horse battery"

// AccountName returns the name of account i. The accounts must be registered
// before a run of LogIns.
func AccountName(i int) string { return fmt.Sprintf("v%05d", i) }

// MaxApart is the most clients of Saved that can each be in their own room.
const MaxApart = 900

// MaxRooms is the most rooms that a client can be in: as many as a guest can create.
const MaxRooms = 5

// MaxClients is the hard limit on the connections of one run.
const MaxClients = 15000

// A Config describes one run. Address, Mode, Login and Duration have no
// default; the comments of the other fields give the meaning of zero.
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
	Sample   int     // readers whose lines are parsed, besides the witnesses; 0: 64
	Apart    bool    // saved: each client is in its own room, and the others read nothing
	People   int     // logins, hellos: how many come at once; 0: 500
	Rooms    int     // closed, open: rooms that every client is in, the senders spread over them; 0: 1
	TLS      bool    // all connections, but for those of logins and hellos that come later

	WebSocket bool // closed, open, idle, echo: upgrade each connection; a line is a message
	Deflate   bool // offer permessage-deflate as browsers do

	Warmup   time.Duration // load before the measurement begins
	Duration time.Duration // measurement
	Setup    time.Duration // limit on connecting and logging in; 0: 60 s
	Seed     uint64        // of the Poisson process
}

// withDefaults fills in the documented defaults and refuses invalid configurations.
func (c Config) withDefaults() (Config, error) {
	for field, value := range map[*int]int{&c.Clients: 2, &c.Senders: 1, &c.InFlight: 1, &c.Size: 64, &c.Sample: 64, &c.People: 500, &c.Rooms: 1} {
		if *field == 0 {
			*field = value
		}
	}
	if c.Setup == 0 {
		c.Setup = time.Minute
	}
	return c, c.check()
}

// A rule is a condition that a Config may violate.
type rule struct {
	broken bool
	text   string
}

func (c Config) check() error {
	to, err := netip.ParseAddrPort(c.Address)
	if err != nil {
		return fmt.Errorf("bench: address: %w", err)
	}
	for _, r := range append(c.kinds(to), c.amounts()...) {
		if r.broken {
			return fmt.Errorf("bench: %s", r.text)
		}
	}
	return nil
}

// kinds returns the rules about the kind and the target of a run.
func (c Config) kinds(to netip.AddrPort) []rule {
	modes := []Mode{Closed, Open, Idle, Churn, Saved, Echo, LogIns, Hellos}
	styled := c.Mode == LogIns || c.Rooms > 1 || c.Mode == Saved && c.Login != LoginJSON
	return []rule{
		{!to.Addr().Is4() || !to.Addr().IsLoopback(), "address: only 127.0.0.0/8, the load generator never leaves the machine"},
		{!slices.Contains(modes, c.Mode), "mode: closed, open, idle, churn, saved, echo, logins or hellos"},
		{!slices.Contains([]Dialect{LoginNone, LoginClassic, LoginDefault, LoginJSON, LoginEcho}, c.Login), "login: none, classic, default, json or echo"},
		{styled && c.Login != LoginDefault, "login: saved needs the default style or JSON; logins and rooms, the default style"},
		{c.Login == LoginEcho && c.Mode != Echo && c.Mode != Idle || c.Login != LoginEcho && c.Mode == Echo, "login: echo is for the mode echo, which needs it, and idle"},
		{c.WebSocket && !slices.Contains([]Mode{Closed, Open, Idle, Echo}, c.Mode), "websocket: only in the modes closed, open, idle and echo"},
		{c.WebSocket && (c.Login == LoginClassic || c.Login == LoginDefault), "websocket: only with the logins none, json and echo"},
		{c.Deflate && !c.WebSocket, "deflate: only with websocket"},
		{c.Rooms > 1 && c.Mode != Closed && c.Mode != Open, "rooms: more than one in the modes closed and open only"},
	}
}

// amounts returns the rules about numbers, sizes and durations.
func (c Config) amounts() []rule {
	return []rule{
		{c.Clients < 2 || c.Clients > MaxClients, fmt.Sprintf("clients: 2 to %d", MaxClients)},
		{c.Senders < 1 || c.Stalled < 0 || c.Senders+c.Stalled >= c.Clients, "senders and stalled: together fewer than clients"},
		{c.InFlight < 1 || c.InFlight > 1<<20, "inflight: 1 to 1048576"},
		{c.Mode == Churn && c.InFlight > MaxClients, fmt.Sprintf("inflight: at most %d connections at a time", MaxClients)},
		{c.Apart && c.Clients > MaxApart, fmt.Sprintf("apart: at most %d clients", MaxApart)},
		{c.Rooms < 1 || c.Rooms > MaxRooms, fmt.Sprintf("rooms: 1 to %d", MaxRooms)},
		{c.People < 1 || c.People > MaxClients, fmt.Sprintf("people: 1 to %d", MaxClients)},
		{slices.Contains([]Mode{Open, LogIns, Hellos}, c.Mode) && !(c.Rate > 0 && c.Rate <= 1e6), "rate: more than 0, at most 1000000 lines per second"},
		{c.Size < MinSize || c.Size > 4096, fmt.Sprintf("size: %d to 4096 bytes", MinSize)},
		{c.Duration <= 0 || c.Duration > time.Hour, "duration: more than 0, at most an hour"},
		{c.Warmup < 0 || c.Warmup > time.Hour, "warmup: 0 to an hour"},
	}
}
