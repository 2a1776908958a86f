// Package bench is the load generator behind cmd/chatbench and the arithmetic
// behind bench/run. It drives a chat-like server from outside, over loopback
// TCP, and measures what its clients see (deliveries, latency) and what the
// server pays (CPU, resident memory, both read from /proc).
//
// The generator is one goroutine over raw epoll, so that it takes one core at
// most and little of that: most connections only count line feeds, and only a
// sample of the readers looks into the lines. It runs on Linux; elsewhere Run
// returns an error that is errors.ErrUnsupported.
//
// # What a line in flight is
//
// A closed loop keeps Config.InFlight lines outstanding in total, shared out
// over the senders. Each sender has a witness, one other connection; its line
// is done, and its next one sent, when the witness has received it. Witnesses
// are spread evenly over the order of connecting, so that it does not matter
// in which order a server walks its connections: while it is still sending one
// batch, the lines of the next one arrive, and it never waits for the generator.
//
// # What is saved
//
// In the mode Saved every client is a producer: it says a line, waits until the
// server tells it "saved #N", and says the next one. The latency is the time from
// one to the other. With Config.Apart each is in a room of its own, so that what
// is measured is saving, not fan-out.
//
// # Latency
//
// Each line carries the time it was meant to be sent. In the open loop that is
// the time drawn from the Poisson process, not the time the generator got round
// to it, so a server that stalls is charged for all the lines it held up (no
// coordinated omission). Latency is recorded at every sampled reader.
package bench
