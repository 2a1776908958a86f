// Package sim is a backend of eventloop without an operating system: sockets in
// memory, a clock that advances only when a loop waits, and faults drawn from a
// seed. A whole server runs in one goroutine through eventloop.Loop.Step, and
// the same seed gives the same run, operation by operation.
//
// A World is a network with one clock. Every loop opens a backend in it with
// World.Open; the test plays the other side with World.Dial, whose clients
// inject no faults. World.Executor takes the place of the pools, World.Now that
// of the clock, and World.Trace shows whether two runs were the same. To debug
// a failing seed, run it again with Options.Log set.
//
// # The network
//
// Every IP address is an address of this one machine, so a client may come from
// anywhere (World.DialFrom). Bytes arrive at once and in order. Each socket has
// a send and a receive buffer of Options.SocketBuffer bytes; a writer whose send
// buffer and whose peer's receive buffer are full would block. As with TCP,
// closing a socket with unread input resets the connection, and what had not yet
// reached the peer's receive buffer is then lost. A connection that finds the
// backlog full is established when there is room.
//
// # Time
//
// A Wait with a timeout and nothing to do advances the clock by the timeout
// instead of sleeping. Wait without one blocks until another goroutine makes
// something ready; in a program of one goroutine that is a deadlock, which Go
// reports. To run several loops in one goroutine, step them in turn with short
// timeouts: each one that has nothing to do moves the clock of all.
//
// A World may be used from several goroutines, but the seed does not decide the
// order in which they run, and Trace is then meaningless.
package sim
