// Package peers is empty: its folders are the same broadcaster, and the same echo server for
// WebSocket, over different libraries, for bench/run to compare. Each broadcaster is run as
//
//	peer PORT [GREETING]
//
// listens on 127.0.0.1, sends every complete line to all other connections, has
// no names, and sends GREETING, if there is one, to each new connection. They are
// a separate module, so that users of netloop do not get their dependencies.
//
//   - stdnet: package net, two goroutines per connection and a channel between them.
//   - netpoll: cloudwego/netpoll as its examples use it.
//   - netpollshared: cloudwego/netpoll with one shared batch for all above it.
//   - gnet: panjf2000/gnet with its defaults.
//   - nbio: lesismal/nbio with its defaults, except for a limit on the buffer for a reader that
//     stalls.
//   - c: the same algorithm as bench/bare in C, one thread; the reference. It has no
//     greeting. It is compiled with the machine's cc, never by go.
//
// The echo servers send each WebSocket message back to its sender. Each is run as
//
//	peer PORT
//
// listens on 127.0.0.1, takes connections at /ws, and declines compression:
//
//   - gws: lxzan/gws as its documentation uses it, a goroutine per connection.
//   - nbiows: the WebSocket of lesismal/nbio with its defaults.
//   - gorilla: gorilla/websocket, a goroutine per connection.
//   - coder: coder/websocket, a goroutine per connection.
package peers
