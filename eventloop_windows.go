package netloop

import (
	"github.com/sudoXpg/netloop/internal/afd"
	"github.com/sudoXpg/netloop/internal/pollfd"
)

var backends = []BackendInfo{
	{Name: "afd", Note: `polls of \Device\Afd through a completion port`, Open: afd.Open},
	{Name: "poll", Note: "WSAPoll: where afd can't be had, its cost grows with the number of connections", Open: pollfd.Open},
}
