package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// machine is a machine with some interfaces, one of them without an address.
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
		{"eth0:1", addrs("198.51.100.2")}, // an alias, as Linux names them
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
		"-b *:80":                "tcp :80",
		"-4 -b *:0":              "tcp4 :0",
		"-b lo:80":               "tcp4 127.0.0.1:80, tcp6 [::1]:80",
		"-b eth0:1":              "tcp4 198.51.100.2:9034",
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
		"-b localhost":           "host names are not looked up; interfaces here: lo, eth0, tun0, dummy0, eth0:1",
		"-b 300.1.1.1":           `"300.1.1.1" is neither an IP address nor an interface`,
		"-b [lo]":                `"[lo]" is neither`,
		"-b [127.0.0.1]":         "is neither",
		"-b fe80::1":             "fe80::1%eth0",
		"-b unix:":               "has no path",
		"-b :80":                 "for all addresses write *:80",
		"-b lo:x":                `"lo:x" is neither`,
		"-b *:65536":             `"*:65536" has the port "65536", which is not a number from 1 to 65535`,
		"-b 127.0.0.1:80000":     `"127.0.0.1:80000" has the port "80000"`,
		"-b [::1]:x":             `"[::1]:x" has the port "x"`,
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
	four, six := Listen{Network: "tcp4", Address: "127.0.0.1:9034"}, Listen{Network: "tcp6", Address: "[::1]:9034"}
	if !slices.ContainsFunc(all, four.sameAddress) && !slices.ContainsFunc(all, six.sameAddress) {
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

func TestListenersOfOneProtocol(t *testing.T) {
	for args, want := range map[string]string{
		"--listen auto://*":                                            "auto tcp :9034",
		"--listen auto://* -4 -p 1":                                    "auto tcp4 :1",
		"--listen telnet://127.0.0.1 --listen tls://*:2":               "telnet tcp4 127.0.0.1:9034, tls tcp :2",
		"--listen tls://[::1]:2 --listen json://lo":                    "tls tcp6 [::1]:2, json tcp4 127.0.0.1:9034, json tcp6 [::1]:9034",
		"--listen json://unix:/s":                                      "json unix /s",
		"--listen telnet://lo:80 -6":                                   "telnet tcp6 [::1]:80",
		"--listen auto://tun0?proxy=10.0.0.1,::1":                      "auto tcp4 198.51.100.1:9034 from 10.0.0.1/32 ::1/128",
		"--listen tls://*?proxy=10.1.2.3/8&proxy=::ffff:192.0.2.0/120": "tls tcp :9034 from 10.0.0.0/8 192.0.2.0/24",
		// The same listener twice, and two with a free port each.
		"--listen tls://lo --listen tls://127.0.0.1 -4": "tls tcp4 127.0.0.1:9034",
		"--listen tls://::1 --listen auto://::1 -p 0":   "tls tcp6 [::1]:0, auto tcp6 [::1]:0",
		"--listen tls://0.0.0.0 --listen telnet://::":   "tls tcp4 0.0.0.0:9034, telnet tcp6 [::]:9034",
		"--listen tls://unix:/s --listen auto://*":      "tls unix /s, auto tcp :9034",
		"--listen tls://*:0 --listen telnet://*:0":      "tls tcp :0, telnet tcp :0",
	} {
		all, err := parse(t, strings.Fields(args)).listeners(machine)
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		var texts []string
		for _, l := range all {
			text := l.Protocol + " " + l.Network + " " + l.Address
			if l.Proxies != nil {
				text += " from " + strings.Trim(fmt.Sprint(l.Proxies), "[]")
			}
			texts = append(texts, text)
		}
		if text := strings.Join(texts, ", "); text != want {
			t.Errorf("%q listens on %s; want %s", args, text, want)
		}
	}
}

func TestListenersOfOneProtocolExplainMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--listen tls://eht0":                                        `"tls://eht0": "eht0" is neither an IP address nor an interface of this machine (did you mean eth0?)`,
		"--listen tls://localhost":                                   "host names are not looked up",
		"--listen tls://:9035":                                       "for all addresses write *:9035",
		"--listen tls://127.0.0.1 -6":                                `"tls://127.0.0.1": "127.0.0.1" is an IPv4 address, which --ipv6 excludes`,
		"--listen tls://unix:":                                       "has no path",
		"--listen tls://lo --listen telnet://127.0.0.1":              `"telnet://127.0.0.1": tcp4 127.0.0.1:9034 already belongs to "tls://lo": give one of them another port`,
		"--listen tls://* --listen tls://*?proxy=::1":                `tcp :9034 already belongs to "tls://*"`,
		"--listen tls://unix:/s --listen telnet://unix:/s":           `unix /s already belongs to "tls://unix:/s"`,
		"--listen tls://*:1 --listen json://*:2 --listen auto://*:1": `"auto://*:1": tcp :1 already belongs to "tls://*:1"`,
		"--listen tls://* --listen telnet://127.0.0.1":               `"telnet://127.0.0.1": tcp4 127.0.0.1:9034 already belongs to "tls://*"`,
		"--listen tls://[::1]:1 --listen tls://*:1":                  `"tls://*:1": tcp :1 already belongs to "tls://[::1]:1"`,
		"--listen tls://0.0.0.0 --listen tls://lo":                   `"tls://lo": tcp4 127.0.0.1:9034 already belongs to "tls://0.0.0.0"`,
		"--listen tls://* --bind lo":                                 `"tls://*" can't be combined with --bind: use --listen auto://lo instead of --bind lo`,
	} {
		got, err := parse(t, strings.Fields(args)).listeners(machine)
		var usage *UsageError
		if !errors.As(err, &usage) || usage.Where != "--listen" || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v; want %q", args, got, err, want)
		}
	}
}
