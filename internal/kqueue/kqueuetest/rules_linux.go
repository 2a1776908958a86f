package kqueuetest

import (
	"time"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

// rules are the differences between the systems. This table belongs to the
// model: it does not depend on the backend's assumptions about a system.
type rules struct {
	// flags are the flags that a change may have. A kernel may ignore an unknown
	// one; the model refuses it, so that no caller relies on it.
	flags kevent.Flags
	// user is set if there is EVFILT_USER.
	user bool
	// emptyReturns is set if kevent does not wait when there is no room for
	// events. Where the page does not say so, the model refuses such a call with
	// a timeout.
	emptyReturns bool
	// longest is the longest time that one kevent waits, 0 for any.
	longest time.Duration
}

// common are the flags of every page: kqueue(2), DESCRIPTION, "The flags field
// can contain the following values".
const common = kevent.Add | kevent.Delete | kevent.Enable | kevent.Disable | kevent.Oneshot | kevent.Clear

// systems, by GOOS.
var systems = map[string]rules{
	// kqueue(2), macOS, DESCRIPTION: EV_RECEIPT. EV_DISPATCH and EVFILT_USER are
	// in <sys/event.h> only. Nothing is said about no room for events.
	"darwin": {flags: common | kevent.Receipt | kevent.Dispatch, user: true},
	// kqueue(2), DragonFly, DESCRIPTION: EV_DISPATCH, EV_RECEIPT. EVFILT_USER is in
	// <sys/event.h> only. Nothing is said about no room for events.
	"dragonfly": {flags: common | kevent.Receipt | kevent.Dispatch, user: true},
	// kqueue(2), FreeBSD, DESCRIPTION: EV_DISPATCH, EV_RECEIPT, EVFILT_USER; "When
	// nevents is zero".
	"freebsd": {flags: common | kevent.Receipt | kevent.Dispatch, user: true, emptyReturns: true},
	// kqueue(2), NetBSD, DESCRIPTION: "When nevents is zero". EV_DISPATCH and
	// EV_RECEIPT came with NetBSD 8, EVFILT_USER with NetBSD 10; this is the system
	// in between.
	"netbsd": {flags: common | kevent.Receipt | kevent.Dispatch, emptyReturns: true},
	// kqueue(2), OpenBSD, DESCRIPTION: "When nevents is zero"; BUGS: 24 hours.
	// EV_DISPATCH and EV_RECEIPT are in <sys/event.h>.
	"openbsd": {flags: common | kevent.Receipt | kevent.Dispatch, emptyReturns: true, longest: 24 * time.Hour},
}

// Systems returns the systems that the package models.
func Systems() []string { return []string{"darwin", "dragonfly", "freebsd", "netbsd", "openbsd"} }
