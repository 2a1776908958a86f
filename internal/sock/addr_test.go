package sock

import (
	"math"
	"testing"
	"time"
)

func TestAddressesAreParsedWithoutNames(t *testing.T) {
	for _, c := range []struct{ network, address, want, target string }{
		{"tcp", "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:80"},
		{"tcp", "[::1]:80", "[::1]:80", "[::1]:80"},
		{"tcp", "[fe80::1%7]:80", "[fe80::1%7]:80", "[fe80::1%7]:80"},
		{"tcp4", "[::ffff:10.0.0.1]:1", "10.0.0.1:1", "10.0.0.1:1"},
		{"tcp", ":9", "invalid AddrPort", "127.0.0.1:9"},
		{"tcp6", ":9", "invalid AddrPort", "[::1]:9"},
		{"tcp", "[::]:9", "[::]:9", "[::1]:9"},
		{"tcp4", "0.0.0.0:9", "0.0.0.0:9", "127.0.0.1:9"},
	} {
		a, err := parseTCP(c.network, c.address)
		if err != nil || a.String() != c.want {
			t.Errorf("parseTCP(%s, %s) = %v, %v, want %s", c.network, c.address, a, err, c.want)
		}
		if got := a.target(c.network).String(); got != c.target {
			t.Errorf("target of %s %s = %s, want %s", c.network, c.address, got, c.target)
		}
	}
	for _, c := range [][2]string{
		{"tcp", "localhost:80"},
		{"tcp", "127.0.0.1:http"},
		{"tcp", "127.0.0.1"},
		{"tcp", ":65536"},
		{"tcp6", "127.0.0.1:80"},
		{"tcp6", "[::ffff:127.0.0.1]:80"},
		{"tcp4", "[::1]:80"},
		{"udp", ":80"},
	} {
		if a, err := parseTCP(c[0], c[1]); err == nil {
			t.Errorf("parseTCP(%s, %s) = %v, want an error", c[0], c[1], a)
		}
	}
}

func TestTimeoutsAreRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]int{
		-1:                               -1,
		0:                                0,
		1:                                1,
		time.Millisecond:                 1,
		time.Millisecond + 1:             2,
		2500 * time.Microsecond:          3,
		math.MaxInt64:                    math.MaxInt32,
		math.MaxInt32 * time.Millisecond: math.MaxInt32,
	} {
		if got := Milliseconds(d); got != want {
			t.Errorf("Milliseconds(%v) = %d, want %d", d, got, want)
		}
	}
}
