//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netloop

import "github.com/sudoXpg/netloop/internal/pollfd"

// kqueue is to come first here.
var backends = append([]BackendInfo{
	{Name: "poll", Note: "poll(2): portable, its cost grows with the number of connections", Open: pollfd.Open},
}, netpollBackend...)
