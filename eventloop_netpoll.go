//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netloop

import "github.com/sudoXpg/netloop/internal/netpoll"

// netpollBackend ends the table of every system where cloudwego/netpoll builds.
var netpollBackend = []BackendInfo{
	{Name: "netpoll", Note: "cloudwego/netpoll: can't pause reading (more than 1 MiB unread closes), never the default", Open: netpoll.Open},
}
