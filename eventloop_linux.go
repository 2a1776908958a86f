package netloop

import (
	"github.com/sudoXpg/netloop/internal/epoll"
	"github.com/sudoXpg/netloop/internal/pollfd"
)

var backends = append([]BackendInfo{
	{Name: "epoll", Note: "epoll(7), level-triggered", Open: epoll.Open},
	{Name: "poll", Note: "poll(2): portable, its cost grows with the number of connections", Open: pollfd.Open},
}, netpollBackend...)
