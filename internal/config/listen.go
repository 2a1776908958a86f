package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sudoXpg/netloop/internal/nearest"
)

// A Listen is an address to listen on, in the form of eventloop.Net.
type Listen struct {
	// Network is "tcp" (dual stack), "tcp4", "tcp6" or "unix".
	Network string
	// Address is "host:port" with an IP literal or no host, or a path.
	Address string
	// Protocol is what clients speak, usually ProtocolAuto.
	Protocol string
	// Proxies are the proxies that may connect, with the PROXY protocol; nil: anybody
	// may, without.
	Proxies []netip.Prefix
}

// sameAddress reports whether l and o have the same address.
func (l Listen) sameAddress(o Listen) bool { return l.Network == o.Network && l.Address == o.Address }

// overlaps reports whether l and o can't both listen everywhere: they have one address and
// port in common.
func (l Listen) overlaps(o Listen) bool { return l.sameAddress(o) || l.covers(o) || o.covers(l) }

// covers reports whether l is a wildcard for the port and the family of o.
func (l Listen) covers(o Listen) bool {
	host, port, err := net.SplitHostPort(l.Address)
	_, other, err2 := net.SplitHostPort(o.Address)
	if l.Network == "unix" || o.Network == "unix" || err != nil || err2 != nil || port != other {
		return false
	}
	addr, _ := netip.ParseAddr(host)
	return (host == "" || addr.IsUnspecified()) && (l.Network == "tcp" || l.Network == o.Network)
}

// anyPort reports whether the system chooses the port.
func (l Listen) anyPort() bool { return l.Network != "unix" && strings.HasSuffix(l.Address, ":0") }

// Listeners returns the addresses to listen on. Without Bind and Listen these are all
// addresses of the families asked for. Otherwise each entry of Bind is
//
//   - an IP address, IPv6 with or without brackets and zone, or one with its
//     own port ("127.0.0.1:8080", "[::1]:8080"),
//   - the name of a network interface, with or without a port: each of its addresses in
//     the families asked for,
//   - "unix:" and the path of a Unix socket,
//   - "*", with or without a port ("*:8080"): everywhere.
//
// An entry of Listen has a protocol before such an address, and may have options after
// it (see entry.go).
//
// An IPv6 address never serves IPv4, "::" included. Duplicates are listed once.
// For an invalid entry the error is a *UsageError; other errors are the
// system's, from listing its interfaces.
func (c Config) Listeners() ([]Listen, error) {
	return c.listeners(interfaces)
}

// An iface is a network interface: its name and its addresses, link-local ones
// of IPv6 with their zone.
type iface struct {
	name  string
	addrs []netip.Addr
}

func (c Config) listeners(interfaces func() ([]iface, error)) ([]Listen, error) {
	switch {
	case len(c.Listen) > 0 && len(c.Bind) > 0:
		return nil, listenError(fmt.Sprintf("%s can't be combined with --bind: use --listen auto://%s instead of --bind %s",
			quote(c.Listen[0]), c.Bind[0], c.Bind[0]))
	case len(c.Listen) > 0:
		return c.entries(interfaces)
	case len(c.Bind) == 0:
		return []Listen{c.everywhere(c.Port)}, nil
	}
	var all []Listen
	for _, entry := range c.Bind {
		some, err := c.resolve(entry, interfaces)
		if err != nil {
			return nil, err
		}
		for _, l := range some {
			if !slices.ContainsFunc(all, l.sameAddress) {
				all = append(all, l)
			}
		}
	}
	return all, nil
}

// resolve resolves one entry of Bind.
func (c Config) resolve(entry string, interfaces func() ([]iface, error)) ([]Listen, error) {
	if path, ok := strings.CutPrefix(entry, "unix:"); ok {
		if path == "" {
			return nil, bindError(entry, "has no path (as in unix:/run/chatsrv.sock)")
		}
		return []Listen{{Network: "unix", Address: path, Protocol: ProtocolAuto}}, nil
	}
	if host, port := cutPort(entry, c.Port); host == "*" {
		return []Listen{c.everywhere(port)}, nil
	}
	if addr, port, ok := parseAddr(entry, c.Port); ok {
		addr = addr.Unmap()
		if !c.family(addr) {
			return nil, bindError(entry, fmt.Sprintf("is an %s address, which %s excludes", familyName(addr), c.familyFlag()))
		}
		if addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "" {
			return nil, bindError(entry, "is link-local: name its interface too (as in "+addr.String()+"%eth0)")
		}
		return []Listen{at(addr, port)}, nil
	}
	if port := badPort(entry); port != "" {
		return nil, bindError(entry, "has the port "+quote(port)+", which is not a number from 1 to 65535, or 0 for any free one")
	}
	known, err := interfaces()
	if err != nil {
		return nil, fmt.Errorf("config: look for interface %q: %w", entry, err)
	}
	return c.onInterface(entry, known)
}

// onInterface lists the addresses of the interface named entry, which may have a port.
// A name may have a colon, too.
func (c Config) onInterface(entry string, known []iface) ([]Listen, error) {
	names := make([]string, len(known))
	for i, nic := range known {
		names[i] = nic.name
	}
	name, port := entry, c.Port
	if !slices.Contains(names, name) {
		name, port = cutPort(entry, c.Port)
	}
	for _, nic := range known {
		if nic.name != name {
			continue
		}
		var some []Listen
		for _, addr := range nic.addrs {
			if c.family(addr) {
				some = append(some, at(addr, port))
			}
		}
		switch {
		case len(some) > 0:
			return some, nil
		case len(nic.addrs) > 0:
			return nil, bindError(entry, "is an interface without an address that "+c.familyFlag()+" allows")
		default:
			return nil, bindError(entry, "is an interface without an address")
		}
	}
	hint := "host names are not looked up"
	if near, ok := nearest.Find(name, names); ok {
		hint = "did you mean " + near + "?"
	} else if name == "" {
		hint = "for all addresses write *" + entry
	} else if len(names) > 0 {
		hint += "; interfaces here: " + strings.Join(names, ", ")
	}
	return nil, bindError(entry, "is neither an IP address nor an interface of this machine ("+hint+")")
}

// everywhere returns the wildcard of the families asked for.
func (c Config) everywhere(port uint16) Listen {
	network := "tcp"
	switch {
	case c.IPv4 && !c.IPv6:
		network = "tcp4"
	case c.IPv6 && !c.IPv4:
		network = "tcp6"
	}
	return Listen{Network: network, Address: ":" + strconv.Itoa(int(port)), Protocol: ProtocolAuto}
}

// family reports whether addr belongs to a family asked for.
func (c Config) family(addr netip.Addr) bool {
	if c.IPv4 == c.IPv6 {
		return true
	}
	return addr.Is4() == c.IPv4
}

// familyFlag returns the flag that made family return false.
func (c Config) familyFlag() string {
	if c.IPv4 {
		return "--ipv4"
	}
	return "--ipv6"
}

func familyName(addr netip.Addr) string {
	if addr.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// at returns the Listen for one address. An IPv4 address has no dual-stack
// form, and an IPv6 one, "::" included, leaves IPv4 to a separate listener.
func at(addr netip.Addr, port uint16) Listen {
	network := "tcp6"
	if addr.Is4() {
		network = "tcp4"
	}
	return Listen{Network: network, Address: netip.AddrPortFrom(addr, port).String(), Protocol: ProtocolAuto}
}

// parseAddr reads an IP address with or without brackets and port.
func parseAddr(entry string, port uint16) (netip.Addr, uint16, bool) {
	if ap, err := netip.ParseAddrPort(entry); err == nil {
		return ap.Addr(), ap.Port(), true
	}
	if inner, ok := strings.CutPrefix(entry, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok && strings.Contains(inner, ":") {
			entry = inner
		}
	}
	addr, err := netip.ParseAddr(entry)
	return addr, port, err == nil
}

// cutPort splits a port from the end of entry. Without one it returns the default.
func cutPort(entry string, port uint16) (string, uint16) {
	if i := strings.LastIndexByte(entry, ':'); i >= 0 {
		if n, err := strconv.ParseUint(entry[i+1:], 10, 16); err == nil {
			return entry[:i], uint16(n)
		}
	}
	return entry, port
}

// badPort returns what follows an address or a * where a port may, if that is none.
func badPort(entry string) string {
	i := strings.LastIndexByte(entry, ':')
	if i < 0 {
		return ""
	}
	host := entry[:i]
	if _, _, ok := parseAddr(host, 0); ok || host == "*" {
		return entry[i+1:]
	}
	return ""
}

func bindError(entry, problem string) error {
	return &UsageError{Where: "--bind", Problem: quote(entry) + " " + problem}
}

// Present reports whether an interface of this machine has an address, which
// need not be usable yet.
func Present(addr netip.Addr) bool {
	known, err := interfaces()
	return err == nil && slices.ContainsFunc(known, func(nic iface) bool {
		return slices.ContainsFunc(nic.addrs, func(a netip.Addr) bool { return a.WithZone("") == addr.WithZone("") })
	})
}

// interfaces asks the system.
func interfaces() ([]iface, error) {
	nics, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	all := make([]iface, 0, len(nics))
	for _, nic := range nics {
		addrs, err := nic.Addrs()
		if err != nil {
			return nil, err
		}
		all = append(all, iface{nic.Name, addrsOf(nic.Name, addrs)})
	}
	return all, nil
}

// addrsOf returns the IP addresses among those that net reports for an interface.
func addrsOf(name string, addrs []net.Addr) []netip.Addr {
	var ips []netip.Addr
	for _, a := range addrs {
		prefix, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(prefix.IP)
		if !ok {
			continue
		}
		ip = ip.Unmap()
		if ip.Is6() && ip.IsLinkLocalUnicast() {
			ip = ip.WithZone(name)
		}
		ips = append(ips, ip)
	}
	return ips
}
