// Package chat is the domain: users, rooms, messages and their order, and
// commands. It knows nothing about sockets, clocks or disks: codecs handle
// bytes, delivery goes through the interfaces [Feed] and [Outlet], and time is
// an argument.
//
// Locks: a [Hub] owns the names, a [Room] its order and its members, each
// behind its own mutex, and neither is ever taken while the other is held. A
// [Member] belongs to the goroutine of its connection.
package chat
