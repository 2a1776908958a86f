package kqueuetest

import (
	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

// A knote is one registration, as the kernels call it.
type knote struct {
	ident     uintptr
	filter    kevent.Filter
	flags     kevent.Flags // it was registered with
	source    source
	id        identity
	disabled  bool
	triggered bool
}

// A source is the type of a descriptor for its filter.
type source uint8

const (
	unsupported source = iota
	listener
	tcp
	local
	pipe
)

// sourceOf returns the type of a descriptor. kqueue(2), all systems,
// DESCRIPTION, EVFILT_READ: "the behavior of the filter is slightly different
// depending on the descriptor type".
func sourceOf(ident uintptr, f kevent.Filter) source {
	domain, err := unix.GetsockoptInt(int(ident), unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err == unix.ENOTSOCK {
		var st unix.Stat_t
		if unix.Fstat(int(ident), &st) != nil || st.Mode&unix.S_IFMT == unix.S_IFREG || st.Mode&unix.S_IFMT == unix.S_IFDIR {
			return unsupported // EVFILT_WRITE: "not supported for vnodes"; nor modelled for EVFILT_READ
		}
		return pipe // or an eventfd, which has no end
	}
	if listens, _ := unix.GetsockoptInt(int(ident), unix.SOL_SOCKET, unix.SO_ACCEPTCONN); listens != 0 && f == kevent.Read {
		return listener
	}
	if domain == unix.AF_UNIX {
		return local
	}
	return tcp
}

// modify applies c to an existing knote, and reports whether that triggers it.
//
// kqueue(2), all systems, DESCRIPTION, EV_ADD, says that it modifies the event that
// exists and enables it, "unless overridden by the EV_DISABLE flag". Kernels do neither:
// kqueue_register in sys/kern/kern_event.c of FreeBSD and NetBSD leaves the flags of an
// existing knote, and enables it only for EV_ENABLE; seen on a NetBSD kernel. FreeBSD,
// EVFILT_USER: NOTE_TRIGGER "causes the event to be triggered".
func (k *knote) modify(c kevent.Event) (triggers bool) {
	if k.flags == 0 {
		k.flags = c.Flags
	}
	if c.Flags&kevent.Enable != 0 {
		k.disabled = false
	}
	if c.Flags&kevent.Disable != 0 {
		k.disabled = true
	}
	if k.filter == kevent.User && c.Fflags&kevent.Trigger != 0 {
		k.triggered = true
		return true
	}
	return false
}

// report runs the filter. Any result of poll makes a knote active; the filter
// determines the event of kevent.
//
// The flags returned are those that were registered and those that the filter
// sets: kqueue(2) calls them one field, and the kernels keep one (kn_flags).
func (k *knote) report(revents int16) (ev kevent.Event, active bool) {
	ev = kevent.Event{Ident: k.ident, Filter: k.filter, Flags: k.flags}
	if k.filter == kevent.User {
		return ev, k.triggered
	}
	if revents == 0 {
		return ev, false
	}
	if k.filter == kevent.Read {
		k.read(revents, &ev)
	} else {
		k.write(revents, &ev)
	}
	return ev, true
}

// read is EVFILT_READ. kqueue(2), all systems, DESCRIPTION, EVFILT_READ:
//
// "Sockets which have previously been passed to listen() return when there is an
// incoming connection pending"; of others data has the bytes that can be read.
// "If the read direction of the socket has shutdown, then the filter also sets
// EV_EOF in flags, and returns the socket error (if any) in fflags. It is possible
// for EOF to be returned [...] while there is still data pending".
//
// "Fifos, Pipes": EV_EOF "when the last writer disconnects".
func (k *knote) read(revents int16, ev *kevent.Event) {
	if k.source == listener {
		ev.Data = 1 // at least: Linux does not tell the length
		return
	}
	if n, err := unix.IoctlGetInt(int(k.ident), unix.TIOCINQ); err == nil {
		ev.Data = int64(n)
	}
	if revents&(unix.POLLRDHUP|unix.POLLHUP) != 0 {
		ev.Flags |= kevent.EOF
		ev.Fflags = socketError(revents)
	}
}

// write is EVFILT_WRITE. kqueue(2), all systems, DESCRIPTION, EVFILT_WRITE: data has
// the room in the buffer; EV_EOF is set "when the reader disconnects"; "for sockets,
// the [...] socket error handling is identical to the EVFILT_READ case": EV_EOF once
// the write direction has shut down, by the peer or by this side (SS_CANTSENDMORE in
// filt_sowrite, uipc_socket.c of macOS, OpenBSD and DragonFly).
func (k *knote) write(revents int16, ev *kevent.Event) {
	ev.Data = 1 // at least: Linux does not tell the room
	if revents&(unix.POLLHUP|unix.POLLERR) != 0 || k.shutDown() {
		ev.Flags |= kevent.EOF
		ev.Fflags = socketError(revents)
	}
}

// socketError reports whether there is a socket error. Reading its number would
// clear it, and only the owner may do that.
func socketError(revents int16) uint32 {
	if revents&unix.POLLERR == 0 {
		return 0
	}
	return uint32(unix.ECONNRESET)
}

// The states of a TCP connection in which nothing more can be sent, as numbered
// by include/net/tcp_states.h of Linux: FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, LAST_ACK, CLOSING.
const tcpSent = 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<9 | 1<<11

// shutDown reports whether the owner of a socket has shut down its write
// direction, which poll does not report.
func (k *knote) shutDown() bool {
	switch k.source {
	case tcp: // the first of four bytes of struct tcp_info is the state
		info, err := unix.GetsockoptInet4Addr(int(k.ident), unix.IPPROTO_TCP, unix.TCP_INFO)
		return err == nil && tcpSent>>info[0]&1 != 0
	case local: // an empty message has no effect on a stream
		return unix.Send(int(k.ident), nil, unix.MSG_NOSIGNAL) == unix.EPIPE
	}
	return false
}
