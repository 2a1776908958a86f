//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netloop

import (
	"github.com/sudoXpg/netloop/internal/kqueue"
	"github.com/sudoXpg/netloop/internal/pollfd"
)

var backends = append([]BackendInfo{
	{Name: "kqueue", Note: "kqueue(2), level-triggered", Open: kqueue.Open},
	{Name: "poll", Note: "poll(2): portable, its cost grows with the number of connections", Open: pollfd.Open},
}, netpollBackend...)
