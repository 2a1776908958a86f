//go:build darwin || dragonfly || freebsd

package kqueue

import (
	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

const userFilter = unix.EVFILT_USER

// These don't compile on a system with other values.
var (
	_ = [1]int{}[unix.EV_RECEIPT-kevent.Receipt]
	_ = [1]int{}[unix.NOTE_TRIGGER-kevent.Trigger]
)
