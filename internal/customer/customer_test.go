package customer_test

import (
	"net/netip"
	"testing"

	"github.com/sudoXpg/netloop/internal/customer"
)

func TestAddressesAreCountedByCustomer(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1",
		"::ffff:192.0.2.1":    "192.0.2.1",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::",
		"fe80::1:2:3:4%eth0":  "fe80::",
		"127.1.2.3":           "",
		"::1":                 "",
		"::ffff:127.0.0.1":    "",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::",
	} {
		key, counted := customer.Of(netip.MustParseAddr(given))
		if counted != (want != "") || counted && key.String() != want {
			t.Errorf("%s counts as %s, %v; want %q", given, key, counted, want)
		}
	}
}

func TestAUnixSocketIsNotCounted(t *testing.T) {
	if _, counted := customer.Of(netip.Addr{}); counted {
		t.Error("no address is counted as one")
	}
}
