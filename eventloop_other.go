//go:build aix || illumos || solaris

package netloop

import "github.com/sudoXpg/netloop/internal/pollfd"

var backends = []BackendInfo{
	{Name: "poll", Note: "poll(2): portable, its cost grows with the number of connections", Open: pollfd.Open},
}
