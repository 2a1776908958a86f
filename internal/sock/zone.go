package sock

import (
	"net"
	"net/netip"
	"strconv"
)

// zoneID returns the interface index of an IPv6 zone, which is a number or a
// name. 0 means no zone.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(ifi.Index), nil
}

// withZone sets the zone of a link-local address, as a number: its name would
// cost a system call for each connection.
func withZone(ip netip.Addr, scope uint32) netip.Addr {
	if scope == 0 {
		return ip
	}
	return ip.WithZone(strconv.FormatUint(uint64(scope), 10))
}
