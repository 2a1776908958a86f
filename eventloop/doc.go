// Package eventloop is the portable core of netloop: readiness-driven
// connections with no goroutine and no buffer each, and topics that fan out
// one stream of bytes to many connections without a queue for each.
//
// A [Group] runs one or more [Loop]s over a [Backend]. A [Conn] belongs to one
// loop for its whole life and calls its [Handler] from there only. A [Topic] is
// a shared log; subscribed connections hold a position in it.
//
// Programs usually start from the package netloop, which knows the backends of
// each platform. New backends are proven by the packages pollertest and looptest.
package eventloop
