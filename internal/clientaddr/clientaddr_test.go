package clientaddr_test

import (
	"net/netip"
	"testing"

	"github.com/sudoXpg/netloop/internal/clientaddr"
)

func TestAddressesAreCountedByNetwork(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1",
		"::ffff:192.0.2.1":    "192.0.2.1",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::",
		"fe80::1:2:3:4%eth0":  "fe80::1:2:3:4%eth0",
		"fe80::1:2:3:4":       "fe80::1:2:3:4",
		"2001:db8::1%eth0":    "2001:db8::",
		"169.254.1.2":         "169.254.1.2",
		"127.1.2.3":           "",
		"::1":                 "",
		"::ffff:127.0.0.1":    "",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::",
	} {
		key, counted := clientaddr.Of(netip.MustParseAddr(given))
		if counted != (want != "") || counted && key.String() != want {
			t.Errorf("%s counts as %s, %v; want %q", given, key, counted, want)
		}
	}
}

func TestAUnixSocketIsNotCounted(t *testing.T) {
	if _, counted := clientaddr.Of(netip.Addr{}); counted {
		t.Error("no address is counted as one")
	}
}

func TestNetReturnsTheNetworkThatOfCountsAsOne(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.1":          "192.0.2.1/32",
		"::ffff:192.0.2.1":   "192.0.2.1/32",
		"2001:db8:1:2:3::4":  "2001:db8:1:2::/64",
		"fe80::1:2:3:4%eth0": "fe80::1:2:3:4/128",
		"127.0.0.1":          "invalid Prefix",
	} {
		if net, _ := clientaddr.Net(netip.MustParseAddr(given)); net.String() != want {
			t.Errorf("%s is of %s, want %s", given, net, want)
		}
	}
}

func TestNetworksHaveOneForm(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.1":             "192.0.2.1/32",
		"192.0.2.1/24":          "192.0.2.0/24",
		"::ffff:192.0.2.1":      "192.0.2.1/32",
		"::ffff:192.0.2.0/120":  "192.0.2.0/24",
		"::ffff:c000:0200/120":  "192.0.2.0/24",
		"::ffff:192.0.2.77/128": "192.0.2.77/32",
		"::ffff:0:0/96":         "0.0.0.0/0",
		"::ffff:0:0/80":         "0.0.0.0/0",
		"2001:db8::1/64":        "2001:db8::/64",
		"fe80::1%eth0":          "fe80::1/128",
		"192.0.2.0/33":          "",
		"example.org":           "",
		"":                      "",
	} {
		net, err := clientaddr.ParseNet(given)
		if (err == nil) != (want != "") || err == nil && net.String() != want {
			t.Errorf("%q is %v (%v), want %q", given, net, err, want)
		}
	}
}
