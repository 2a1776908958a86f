package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/clientaddr"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// The protocols of a listener.
const (
	ProtocolAuto   = "auto" // the first bytes choose
	ProtocolTelnet = "telnet"
	ProtocolTLS    = "tls"
	ProtocolJSON   = "json"
)

var protocols = []string{ProtocolAuto, ProtocolTelnet, ProtocolTLS, ProtocolJSON}

// optionProxy is the one option of an entry.
const optionProxy = "proxy"

// An entry is one value of --listen: PROTOCOL://ADDRESS, or
// PROTOCOL://ADDRESS?proxy=NETWORK,NETWORK. Nothing in it is escaped.
type entry struct {
	protocol string
	address  string // in a form of --bind
	proxies  []netip.Prefix
}

// parseEntry parses an entry, but not its address. An error begins with the entry.
func parseEntry(text string) (entry, error) {
	e, problem := cutEntry(text)
	if problem != "" {
		return entry{}, fmt.Errorf("%s: %s", quote(text), problem)
	}
	return e, nil
}

func cutEntry(text string) (e entry, problem string) {
	protocol, rest, found := strings.Cut(text, "://")
	if !found {
		return e, "the protocol is missing (as in auto://*, telnet://127.0.0.1:9034 or tls://[::1]:9035)"
	}
	if !slices.Contains(protocols, protocol) {
		return e, "the protocol " + notOneOf(protocol, protocols).Error()
	}
	address, query, options := strings.Cut(rest, "?")
	unix := strings.HasPrefix(address, "unix:")
	switch {
	case address == "":
		return e, "the address is missing (as in " + protocol + "://127.0.0.1:9034, or " + protocol + "://* for all addresses)"
	case strings.HasSuffix(address, "/") && !unix:
		return e, "nothing follows the address but options: leave out the / at its end"
	}
	e = entry{protocol: protocol, address: address}
	if !options {
		return e, ""
	}
	for option := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(option, "=")
		if name != optionProxy {
			return e, unknownOption(name)
		}
		if unix {
			return e, "the clients of a Unix socket have no address, so proxy= would refuse them all: have the proxy connect over loopback"
		}
		for text := range strings.SplitSeq(value, ",") {
			net, err := clientaddr.ParseNet(text)
			if err != nil {
				return e, "proxy: " + quote(text) + " is not an address or a network (as in 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32)"
			}
			e.proxies = append(e.proxies, net)
		}
	}
	return e, ""
}

func unknownOption(name string) string {
	hint := "the only one is proxy=NETWORK"
	if near, ok := nearest.Find(name, []string{optionProxy}); ok {
		hint = "did you mean " + near + "?"
	}
	return "unknown option " + quote(name) + " (" + hint + ")"
}

// splitEntries splits the value of a variable at its commas, except for those between
// the networks of an option.
func splitEntries(text string) []string {
	var entries []string
	for piece := range strings.SplitSeq(text, ",") {
		if last := len(entries) - 1; last >= 0 && !strings.Contains(piece, "://") && strings.Contains(entries[last], "?") {
			entries[last] += "," + strings.TrimSpace(piece)
			continue
		}
		entries = append(entries, strings.TrimSpace(piece))
	}
	return entries
}

// entries returns the listeners of --listen.
func (c Config) entries(interfaces func() ([]iface, error)) ([]Listen, error) {
	var all []Listen
	var from []string // the entry of each
	for _, text := range c.Listen {
		e, err := parseEntry(text)
		if err != nil {
			return nil, listenError(err.Error())
		}
		some, err := c.resolve(e.address, interfaces)
		if usage, ok := errors.AsType[*UsageError](err); ok {
			return nil, listenError(quote(text) + ": " + usage.Problem)
		}
		if err != nil {
			return nil, err
		}
		for _, l := range some {
			l.Protocol, l.Proxies = e.protocol, e.proxies
			i := slices.IndexFunc(all, l.overlaps)
			switch {
			case i < 0 || l.anyPort():
				all, from = append(all, l), append(from, text)
			case !all[i].sameAddress(l) || all[i].Protocol != l.Protocol || !slices.Equal(all[i].Proxies, l.Proxies):
				return nil, listenError(fmt.Sprintf("%s: %s %s already belongs to %s: give one of them another port",
					quote(text), l.Network, l.Address, quote(from[i])))
			}
		}
	}
	return all, nil
}

func listenError(problem string) error { return &UsageError{Where: "--listen", Problem: problem} }
