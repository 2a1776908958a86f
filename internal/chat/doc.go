// Package chat is the domain: who is here, what was said, in which order, and
// what the commands do. It knows nothing about sockets, clocks or disks: bytes
// are a codec's work, delivery goes through the interfaces [Feed] and [Outlet],
// and time is an argument.
//
// Locks: a [Hub] owns the names, a [Room] its order and its members, each
// behind a mutex of its own, and neither is ever taken while the other is held.
// A [Member] belongs to the goroutine of its connection.
package chat
