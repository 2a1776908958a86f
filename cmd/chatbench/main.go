// Command chatbench loads a chat-like server over loopback and prints what its
// clients saw and what it cost the server. See package internal/bench for the
// measurements.
//
//	chatbench -pid $(pidof chatsrv) -login classic -clients 1000 -senders 10 -inflight 10
//	chatbench -mode open -rate 500 -clients 100 -senders 10 -login default
//	chatbench -mode idle -clients 5000 -pid PID
//	chatbench -mode churn -inflight 64 -login classic
//	chatbench -rooms 2 -clients 1000 -login default
//	chatbench -mode saved -clients 64 -login default -apart
//	chatbench -mode idle -clients 5000 -tls -login json -pid PID
//	chatbench -mode echo -websocket -clients 512 -login echo
//	chatbench -websocket -deflate -clients 1000 -login json
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
)

func main() {
	// One thread: the other cores are for the server.
	runtime.GOMAXPROCS(1)
	err := run(os.Args[1:], os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "chatbench:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

var errUsage = errors.New("wrong usage, see -help")

func run(args []string, stdout io.Writer) error {
	c, file, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := bench.Run(c)
	if err != nil {
		return err
	}
	if file != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	return r.WriteTable(stdout)
}

// parse returns the run and the name of the JSON file, or flag.ErrHelp once it
// has printed the flags.
func parse(args []string, stdout io.Writer) (c bench.Config, file string, err error) {
	f := flag.NewFlagSet("chatbench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.Address, "addr", "127.0.0.1:9034", "server, an address of 127.0.0.0/8 with its port")
	f.IntVar(&c.PID, "pid", 0, "server's process, for its CPU time and memory")
	f.StringVar((*string)(&c.Mode), "mode", string(bench.Closed), "closed (lines in flight), open (Poisson), idle (memory), churn (connections/s), saved (each client waits until its line is saved), echo (each client waits until its line comes back), logins (open, while people log in) or hellos (open, while TLS handshakes have begun)")
	f.StringVar((*string)(&c.Login), "login", string(bench.LoginNone), "none (talk at once), classic or default (chatsrv's styles), json (its protocol for programs) or echo (a server that echoes)")
	f.IntVar(&c.Clients, "clients", 1000, "connections")
	f.IntVar(&c.Senders, "senders", 10, "connections that also send")
	f.IntVar(&c.InFlight, "inflight", 10, "closed: lines outstanding in total; churn: connections at a time")
	f.Float64Var(&c.Rate, "rate", 500, "open, logins, hellos: lines per second in total")
	f.IntVar(&c.Size, "size", 64, "bytes of a line with its line feed")
	f.IntVar(&c.Stalled, "stalled", 0, "connections, of the clients, that never read once they are logged in")
	f.IntVar(&c.Sample, "sample", 64, "readers whose lines are looked into for the latency")
	f.BoolVar(&c.Apart, "apart", false, "saved: each client is in a room of its own")
	f.IntVar(&c.Rooms, "rooms", 1, "closed, open: rooms that every client is in, with the senders spread over them")
	f.BoolVar(&c.TLS, "tls", false, "with TLS, whatever the server's certificate is")
	f.BoolVar(&c.WebSocket, "websocket", false, "closed, open, idle, echo: over WebSocket, at /ws; each line is a message")
	f.BoolVar(&c.Deflate, "deflate", false, "with -websocket: offer permessage-deflate, as browsers do")
	f.IntVar(&c.People, "people", 500, "logins, hellos: how many come at once; logins are to accounts v00000 and up with the password "+bench.AccountPassword)
	f.DurationVar(&c.Warmup, "warmup", 500*time.Millisecond, "load before the measurement begins")
	f.DurationVar(&c.Duration, "duration", 3*time.Second, "measurement; idle: silence before the memory is read")
	f.DurationVar(&c.Setup, "setup", time.Minute, "limit on connecting and logging in, also for the people of logins")
	f.Uint64Var(&c.Seed, "seed", 1, "of the Poisson process")
	f.StringVar(&file, "json", "", "also write the result to this file, as JSON")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(stdout)
		f.Usage()
		return c, "", err
	case err != nil:
		return c, "", fmt.Errorf("%w: %w", err, errUsage)
	case f.NArg() > 0:
		return c, "", fmt.Errorf("unexpected argument %q: %w", f.Arg(0), errUsage)
	}
	return c, file, nil
}
