package sock

import (
	"net/netip"
	"os"
	"slices"
	"testing"
)

// TestAWildcardTakesWhatTheSystemNeeds makes binds fail as they do on other systems.
func TestAWildcardTakesWhatTheSystemNeeds(t *testing.T) {
	type failure struct {
		call string
		err  error
	}
	only6 := func(err error) map[string]failure {
		return map[string]failure{"[::]:0 dual": {"setsockopt", err}}
	}
	for name, c := range map[string]struct {
		network  string
		failures map[string]failure
		want     []string
	}{
		"dual stack":                 {"tcp", nil, []string{"[::]"}},
		"OpenBSD":                    {"tcp", only6(oneFamily[0]), []string{"[::]", "0.0.0.0"}},
		"DragonFly":                  {"tcp", only6(oneFamily[len(oneFamily)-1]), []string{"[::]", "0.0.0.0"}},
		"no IPv6":                    {"tcp", map[string]failure{"[::]:0 dual": {"socket", noIPv6[0]}, "[::]:0": {"socket", noIPv6[0]}}, []string{"0.0.0.0"}},
		"no IPv6 address":            {"tcp", map[string]failure{"[::]:0 dual": {"bind", noIPv6[2]}, "[::]:0": {"bind", noIPv6[2]}}, []string{"0.0.0.0"}},
		"OpenBSD, IPv6 alone wanted": {"tcp6", only6(oneFamily[0]), []string{"[::]"}},
		"OpenBSD, IPv4 alone wanted": {"tcp4", only6(oneFamily[0]), []string{"0.0.0.0"}},
		"another failure":            {"tcp", only6(errAddressInUse), nil},
		"port of IPv4 in use":        {"tcp", map[string]failure{"[::]:0 dual": {"setsockopt", oneFamily[0]}, "0.0.0.0": {"bind", errAddressInUse}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bind := func(a netip.AddrPort, v6only, reusePort bool) (descriptor, error) {
				key := a.String()
				if a.Addr().Is4() {
					key = a.Addr().String()
				} else if !v6only {
					key += " dual"
				}
				if f, ok := c.failures[key]; ok {
					return invalid, os.NewSyscallError(f.call, f.err)
				}
				return bindTo(a, v6only, reusePort)
			}
			fds, err := bindTCP(c.network, ":0", false, bind)
			if (err != nil) != (c.want == nil) {
				t.Fatalf("%v", err)
			}
			var got []string
			var ports []uint16
			for _, fd := range fds {
				sa, err := getsockname(fd)
				if err != nil {
					t.Fatal(err)
				}
				at := addrPort(sa)
				host := at.Addr().String()
				if at.Addr().Is6() {
					host = "[" + host + "]"
				}
				got, ports = append(got, host), append(ports, at.Port())
				if err := closeSocket(fd); err != nil {
					t.Error(err)
				}
			}
			if !slices.Equal(got, c.want) || len(ports) == 2 && ports[0] != ports[1] {
				t.Errorf("bound to %v, ports %v; want %v, one port", got, ports, c.want)
			}
		})
	}
}
