package sock

import "github.com/sudoXpg/netloop/eventloop"

const inheritsKeepAlive = false // not documented

// tuneKeepAlive does nothing: the times are those of sysctl net.inet.tcp.
func tuneKeepAlive(int, eventloop.KeepAlive) error { return nil }
