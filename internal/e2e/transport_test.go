//go:build e2e && unix

package e2e

// A transport is a way to the server that all conversations are held over.
type transport struct {
	name string
	kind string // what "server needs" asks for
	// flags make the server listen, in a folder of its own; the log comes in
	// either format on one transport at least.
	flags func(dir string) []string
}

// transports is the one list of them.
func transports() []transport {
	return []transport{
		{"IPv4", "tcp", func(string) []string { return []string{"--bind", "127.0.0.1"} }},
		{"IPv6", "tcp", func(string) []string { return []string{"--bind", "::1", "--log-format", "json"} }},
		{"Unix", "unix", func(dir string) []string { return []string{"--bind", "unix:" + dir + "/chat"} }},
	}
}
