package certs

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// A Scope is what an Authority may sign certificates for, beyond the names and addresses that
// every machine has for itself.
type Scope struct {
	Names    []string // and every name below them, in lower case
	Networks []netip.Prefix
}

// always is what every Authority may sign for, so that names and addresses, which are constrained separately, both
// are constrained (RFC 5280, section 4.2.1.10: what is not mentioned is not restricted).
var always = Scope{
	Names:    []string{"localhost"},
	Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
}

// noMail is a domain in which there is no mail (RFC 2606, section 2): the only one for which an
// authority may sign.
const noMail = "invalid"

var validName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// maxName is the longest name, in bytes (RFC 1035, section 2.3.4, without the last dot).
const maxName = 253

// ParseScope returns the scope of words, each of which is a name, an address or a network in
// CIDR notation. Every authority may sign for localhost, 127.0.0.0/8 and ::1.
func ParseScope(words []string) (Scope, error) {
	var s Scope
	for _, word := range words {
		if err := s.add(word); err != nil {
			return Scope{}, fmt.Errorf("%q can't be permitted: %w", word, err)
		}
	}
	return s, nil
}

func (s *Scope) add(word string) error {
	if strings.Contains(word, "/") {
		network, err := netip.ParsePrefix(word)
		switch {
		case err != nil:
			return fmt.Errorf("it is not a network such as 192.168.1.0/24 or fd00::/64")
		case network.Bits() == 0:
			return fmt.Errorf("it would permit every address")
		}
		s.network(network.Masked())
		return nil
	}
	if addr, err := netip.ParseAddr(word); err == nil {
		if addr.Zone() != "" {
			return fmt.Errorf("certificates have no zones; leave out %%%s", addr.Zone())
		}
		addr = addr.Unmap()
		s.network(netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(word, "."))
	if err != nil || !isHost(name) {
		return fmt.Errorf("it is no name, address or network (names below a name are permitted with it, without *.)")
	}
	if !slices.Contains(s.Names, name) && !slices.Contains(always.Names, name) {
		s.Names = append(s.Names, name)
	}
	return nil
}

func (s *Scope) network(n netip.Prefix) {
	if !slices.Contains(s.Networks, n) && !slices.ContainsFunc(always.Networks, func(own netip.Prefix) bool { return own.Contains(n.Addr()) }) {
		s.Networks = append(s.Networks, n)
	}
}

// constrain writes the scope into the template of an authority.
func (s Scope) constrain(c *x509.Certificate) {
	c.PermittedDNSDomainsCritical = true
	c.PermittedDNSDomains = slices.Concat(always.Names, s.Names)
	c.PermittedEmailAddresses = []string{noMail}
	for _, n := range slices.Concat(always.Networks, s.Networks) {
		c.PermittedIPRanges = append(c.PermittedIPRanges, &net.IPNet{
			IP: n.Addr().AsSlice(), Mask: net.CIDRMask(n.Bits(), n.Addr().BitLen()),
		})
	}
}

// ScopeOf returns the scope of an authority.
func ScopeOf(c *x509.Certificate) Scope {
	s := Scope{Names: c.PermittedDNSDomains}
	for _, n := range c.PermittedIPRanges {
		if addr, ok := netip.AddrFromSlice(n.IP); ok {
			bits, _ := n.Mask.Size()
			s.Networks = append(s.Networks, netip.PrefixFrom(addr, bits))
		}
	}
	return s
}

// Permits reports whether a certificate for a host, a name or an address, may be signed.
func (s Scope) Permits(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return slices.ContainsFunc(s.Networks, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) })
	}
	host = strings.ToLower(host)
	return slices.ContainsFunc(s.Names, func(name string) bool {
		return host == name || strings.HasSuffix(host, "."+name)
	})
}

// isHost reports whether host, in lower case, can stand in a certificate.
func isHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || len(host) <= maxName && validName.MatchString(host)
}

// String returns the names and networks, those of one address without its length.
func (s Scope) String() string {
	all := slices.Clone(s.Names)
	for _, n := range s.Networks {
		if n.IsSingleIP() {
			all = append(all, n.Addr().String())
		} else {
			all = append(all, n.String())
		}
	}
	return strings.Join(all, ", ")
}

// hosts returns the names and single addresses of the scope, and those hosts that are in it.
func (s Scope) hosts(local []string) []string {
	all := slices.Clone(s.Names)
	for _, n := range s.Networks {
		if n.IsSingleIP() {
			all = append(all, n.Addr().String())
		}
	}
	for _, host := range append([]string{"127.0.0.1"}, local...) {
		if host = strings.ToLower(host); s.Permits(host) && isHost(host) && !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return all
}
