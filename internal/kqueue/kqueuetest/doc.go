// Package kqueuetest is a model of kqueue(2) for tests on Linux: the three calls
// of kevent.Calls over real descriptors, as the manual pages of macOS, FreeBSD,
// OpenBSD, NetBSD and DragonFly describe them. Each rule names its section of
// the page; where a page says nothing, the model does what is hardest for its
// caller.
//
// A pass against the model shows that a caller follows the pages. It does not
// show that it works on one of those systems.
//
// Not modelled: other filters than EVFILT_READ, EVFILT_WRITE and EVFILT_USER;
// descriptors other than stream sockets, pipes and eventfds; sockets that were
// never connected; low-water marks; user data; more than one thread that waits.
package kqueuetest
