// Package netpoll is a backend over cloudwego/netpoll, an engine for whole
// connections. It does not expose its poller: it reads and writes by itself, on
// its own goroutines, and calls back. This package buffers what it has read and
// what it has still to send, and reports readiness as an eventloop.Poller.
//
// A Handle is a number of this package. Listeners and connecting sockets are
// those of internal/sock: netpoll reports when there is a connection to accept,
// and gets every connection once it is established.
//
// # Limitations
//
// Reading can't be paused, because netpoll continues to read by itself. Bytes
// that the loop has not read wait here, up to maxUnread; a connection with more
// is closed, and its Handler is told why at the next event that it is watched
// for.
//
// A connection has buffers of netpoll, 8 KiB and more, even while idle; a write
// takes a goroutine; a peer that does not read costs up to maxUnsent and that
// goroutine, whereas other backends leave its bytes in the topic.
//
// # Other differences from the system's sockets
//
// Bytes written before CloseHandle are still sent, for at most closeTimeout:
// after that, or when the process ends, they are lost.
//
// netpoll treats a peer that has shut down its side as gone. From then on the
// connection is read and written without it, using package os.
//
// netpoll opens its own descriptors without close-on-exec, two for each of its
// pollers, and sends without MSG_NOSIGNAL: a program that asks os/signal for
// SIGPIPE may get one.
package netpoll
