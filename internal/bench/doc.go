// Package bench is the load generator behind cmd/chatbench and the arithmetic
// behind bench/run. It drives a chat-like server from outside, over loopback
// TCP, and measures what its clients see (deliveries, latency) and the cost for
// the server (CPU, resident memory, both read from /proc).
//
// The generator is one goroutine over raw epoll, so that it takes at most one
// core and little of that: most connections only count line feeds, and only a
// sample of the readers parses lines. It runs on Linux; elsewhere Run returns
// an error that is errors.ErrUnsupported.
//
// # Lines in flight
//
// A closed loop keeps Config.InFlight lines outstanding in total, divided among
// the senders. Each sender has a witness, one other connection; its line is
// done, and its next one sent, when the witness has received it. Witnesses are
// spread evenly over the order of connecting, so that it does not matter in
// which order a server walks its connections: while it is still sending one
// batch, the lines of the next one arrive, and it never waits for the generator.
//
// # Rooms
//
// With Config.Rooms every client is in that many rooms, and the senders take
// turns in where they speak, so that every line still goes to all other clients:
// a run with two rooms differs from one with one room in nothing else.
//
// # The mode Saved
//
// In the mode Saved every client is a producer: it sends a line, waits until the
// server tells it "saved #N", and sends the next one. The latency is the time
// from one to the other. With Config.Apart each is in its own room, so that
// saving is measured and not fan-out.
//
// # The mode Echo
//
// In the mode Echo every client sends a line to a server that echoes, waits until it has come
// back, and sends the next one. So each client has one line under way.
//
// # WebSocket
//
// With Config.WebSocket each connection asks for an upgrade as a browser does, and a line is a
// message. Readers that are not sampled parse the headers of frames only, which costs the
// generator no more than counting line feeds.
//
// # Latency
//
// Each line carries the time it was meant to be sent. In the open loop that is
// the time drawn from the Poisson process, not the time at which the generator
// sent it, so a server that stalls is charged for all the lines it delayed (no
// coordinated omission). Latency is recorded at every sampled reader.
package bench
