// Package netpoll is a backend over cloudwego/netpoll, an engine for whole
// connections. It has no poller to lend: it reads and writes by itself, on
// goroutines of its own, and calls back. This package keeps what it has read
// and what it is still to send, and says as an eventloop.Poller what is there.
//
// A Handle is a number of this package's own. Listeners and sockets that are
// still connecting are internal/sock's: netpoll says when somebody wants to be
// accepted, and gets every connection once it is one.
//
// # What it can't do
//
// Reading can't be paused, because netpoll reads on by itself. What the loop
// has not read waits here, up to maxUnread; a connection with more is closed,
// and its Handler is told why as soon as anything is asked of it.
//
// A connection has buffers of netpoll's, 8 KiB and more, also while idle; a
// write takes a goroutine; a peer that does not read costs up to maxUnsent and
// that goroutine, where the others leave its bytes with the topic.
//
// # What else is different from the system's sockets
//
// Bytes written before CloseHandle are still sent, for at most closeTimeout:
// after that, or when the process ends, they are lost.
//
// netpoll takes a peer that has shut down its side for one that is gone. From
// then on the connection is read and written without it, by way of package os.
//
// netpoll opens its own descriptors without close-on-exec, two for each of its
// pollers, and sends without MSG_NOSIGNAL: a program that asks os/signal for
// SIGPIPE may get one.
package netpoll
