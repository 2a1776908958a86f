//go:build !windows && !aix && !illumos && !solaris && !((linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64)))

package netloop

// netpollBackend is empty where cloudwego/netpoll does not build.
var netpollBackend []BackendInfo
