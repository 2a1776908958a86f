//go:build e2e && unix

package e2e

// A transport is a way to connect to the server; all conversations are held over each.
type transport struct {
	name string
	kind string // what "server needs" asks for
	// flags make the server listen, with its own folder; each log format is
	// used with at least one transport.
	flags func(dir string) []string
}

// transports returns the list of transports.
func transports() []transport {
	return []transport{
		{"IPv4", "tcp", func(string) []string { return []string{"--bind", "127.0.0.1"} }},
		{"IPv6", "tcp", func(string) []string { return []string{"--bind", "::1", "--log-format", "json"} }},
		{"Unix", "unix", func(dir string) []string { return []string{"--bind", "unix:" + dir + "/chat"} }},
	}
}
