// Package peers holds nothing itself: its folders are the same broadcaster over
// different libraries, for bench/run to compare. Each is run as
//
//	peer PORT [GREETING]
//
// listens on 127.0.0.1, sends every complete line to all other connections,
// knows no names, and sends GREETING, if there is one, to each newcomer.
//
//   - bare: package eventloop with its Topic, on epoll: what this repository offers.
//   - stdnet: package net, two goroutines per connection and a channel between them.
//   - netpoll: cloudwego/netpoll as its examples use it.
//   - netpollshared: cloudwego/netpoll with one shared batch for all above it.
//   - c: the same algorithm as bare in C, one thread; the yardstick. It takes no
//     greeting. It is compiled with the machine's cc, never by go.
package peers
