package config

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// machine is a machine with three interfaces, one of them without an address.
func machine() ([]iface, error) {
	addrs := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	return []iface{
		{"lo", addrs("127.0.0.1", "::1")},
		{"eth0", addrs("192.0.2.7", "2001:db8::7", "fe80::7%eth0")},
		{"tun0", addrs("198.51.100.1")},
		{"dummy0", nil},
	}, nil
}

func TestListenersResolvesEveryKindOfEntry(t *testing.T) {
	for args, want := range map[string]string{
		"":                       "tcp :9034",
		"-4":                     "tcp4 :9034",
		"-6":                     "tcp6 :9034",
		"-4 -6":                  "tcp :9034",
		"-6 -port 0":             "tcp6 :0",
		"-b *":                   "tcp :9034",
		"-6 -b * -b unix:/s":     "tcp6 :9034, unix /s",
		"-b 127.0.0.1":           "tcp4 127.0.0.1:9034",
		"-b 127.0.0.1:80":        "tcp4 127.0.0.1:80",
		"-b ::1 -p 1":            "tcp6 [::1]:1",
		"-b [::1]":               "tcp6 [::1]:9034",
		"-b [::1]:80":            "tcp6 [::1]:80",
		"-b [fe80::1%eth0]":      "tcp6 [fe80::1%eth0]:9034",
		"-b fe80::1%eth0":        "tcp6 [fe80::1%eth0]:9034",
		"-b 0.0.0.0 -b ::":       "tcp4 0.0.0.0:9034, tcp6 [::]:9034",
		"-4 -b ::ffff:127.0.0.1": "tcp4 127.0.0.1:9034",
		"-b lo":                  "tcp4 127.0.0.1:9034, tcp6 [::1]:9034",
		"-4 -b lo":               "tcp4 127.0.0.1:9034",
		"-6 -b eth0":             "tcp6 [2001:db8::7]:9034, tcp6 [fe80::7%eth0]:9034",
		"-b lo -b 127.0.0.1":     "tcp4 127.0.0.1:9034, tcp6 [::1]:9034",
		"-b unix:a b":            "unix a b",
		"-4 -b unix:/s":          "unix /s",
		"-b=unix:C:\\chat.sock":  `unix C:\chat.sock`,
	} {
		fields := strings.Split(strings.ReplaceAll(args, "a b", "a_b"), " ")
		for i := range fields {
			fields[i] = strings.ReplaceAll(fields[i], "a_b", "a b")
		}
		if args == "" {
			fields = nil
		}
		got, err := parse(t, fields).listeners(machine)
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		var texts []string
		for _, l := range got {
			texts = append(texts, l.Network+" "+l.Address)
		}
		if text := strings.Join(texts, ", "); text != want {
			t.Errorf("%q listens on %s; want %s", args, text, want)
		}
	}
}

func TestListenersExplainsInvalidEntries(t *testing.T) {
	for args, want := range map[string]string{
		"-6 -b 127.0.0.1":        `"127.0.0.1" is an IPv4 address, which --ipv6 excludes`,
		"-6 -b ::ffff:127.0.0.1": "is an IPv4 address, which --ipv6 excludes",
		"-4 -b ::1":              `"::1" is an IPv6 address, which --ipv4 excludes`,
		"-6 -b tun0":             `"tun0" is an interface without an address that --ipv6 allows`,
		"-b dummy0":              `"dummy0" is an interface without an address`,
		"-b eht0":                "did you mean eth0?",
		"-b localhost":           "host names are not looked up; interfaces here: lo, eth0, tun0, dummy0",
		"-b 300.1.1.1":           `"300.1.1.1" is neither an IP address nor an interface`,
		"-b [lo]":                `"[lo]" is neither`,
		"-b [127.0.0.1]":         "is neither",
		"-b fe80::1":             "fe80::1%eth0",
		"-b unix:":               "has no path",
		"-b lo -b unix:":         "has no path",
	} {
		got, err := parse(t, strings.Fields(args)).listeners(machine)
		var usage *UsageError
		if !errors.As(err, &usage) || usage.Where != "--bind" || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v; want %q", args, got, err, want)
		}
	}
}

func TestListenersReturnsErrorsOfTheSystem(t *testing.T) {
	broken := errors.New("no such system call")
	_, err := parse(t, []string{"-b", "lo"}).listeners(func() ([]iface, error) { return nil, broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), `"lo"`) {
		t.Errorf("error %v", err)
	}
}

func TestInterfacesOfThisMachineAreFound(t *testing.T) {
	nics, err := net.Interfaces()
	if err != nil && socktest.Wine() {
		t.Skipf("this version of Wine lists no interfaces: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(nics, func(nic net.Interface) bool { return nic.Flags&net.FlagLoopback != 0 && nic.Flags&net.FlagUp != 0 })
	if i < 0 {
		t.Skip("this machine has no loopback interface that is up")
	}
	all, err := parse(t, []string{"-b", nics[i].Name}).Listeners()
	if err != nil {
		t.Fatal(err)
	}
	four, six := Listen{"tcp4", "127.0.0.1:9034"}, Listen{"tcp6", "[::1]:9034"}
	if !slices.Contains(all, four) && !slices.Contains(all, six) {
		t.Errorf("%s gives %v; want %v or %v among them", nics[i].Name, all, four, six)
	}
}

func TestLinkLocalAddressesGetTheirZone(t *testing.T) {
	got := addrsOf("eth0", []net.Addr{
		&net.IPNet{IP: net.ParseIP("fe80::7"), Mask: net.CIDRMask(64, 128)},
		&net.IPNet{IP: net.ParseIP("192.0.2.7"), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.IP{1, 2, 3}},
		&net.UnixAddr{Name: "no IP at all"},
	})
	want := []netip.Addr{netip.MustParseAddr("fe80::7%eth0"), netip.MustParseAddr("192.0.2.7")}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
