package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
)

// Auto is the protocol of a listener whose clients choose it with their first bytes.
const Auto = "auto"

// ListenOptions configure a listener. The zero value is that of Listen.
type ListenOptions struct {
	// Protocol is the only protocol of the listener: "telnet", "tls" (inside of it the
	// first bytes choose another one) or any other that the server has. It begins at
	// once, without the sniff window. "" and Auto: the first bytes choose.
	Protocol string
	// Proxies, unless nil, are the only addresses that may connect, and each connection
	// must begin with a header of the PROXY protocol (package proxyproto). Its address
	// is the one that is limited, banned and logged.
	Proxies []netip.Prefix
}

// A listener is one that was opened.
type listener struct {
	network, address string
	o                ListenOptions
}

// Listen is ListenWith without options.
func (s *Server) Listen(network, address string) (net.Addr, error) {
	return s.ListenWith(network, address, ListenOptions{})
}

// ListenWith opens a listener; network and address are those of eventloop.Net. The
// error says what a user can do about it.
func (s *Server) ListenWith(network, address string, o ListenOptions) (net.Addr, error) {
	offered, err := s.offer(o)
	if err != nil {
		return nil, fmt.Errorf("listen %s %s: %w", network, place(network, address), err)
	}
	ln, err := s.group.Listen(network, address, func(c *eventloop.Conn) eventloop.Handler { return s.accept(c, offered) })
	if err != nil {
		return nil, listenError(network, address, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, listener{network, ln.Addr().String(), o})
	return ln.Addr(), nil
}

// offer returns what a listener with these options offers.
func (s *Server) offer(o ListenOptions) (*offer, error) {
	if o.Protocol == "" || o.Protocol == Auto {
		if o.Proxies == nil {
			return s.auto, nil
		}
		return &offer{s.auto.protocols, s.auto.window, o.Proxies}, nil
	}
	names := []string{Auto}
	for i, p := range s.auto.protocols {
		if p.start == nil {
			continue
		}
		if p.name == o.Protocol {
			return &offer{protocols: s.auto.protocols[i : i+1], proxies: o.Proxies}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("the protocol %s is not available here (there are %s)", o.Protocol, strings.Join(names, ", "))
}

func addresses(all []listener) []string {
	texts := make([]string, len(all))
	for i, each := range all {
		texts[i] = each.network + " " + each.address
	}
	return texts
}

// logListener logs the options of a listener, if it has any.
func (s *Server) logListener(l listener) {
	if (l.o.Protocol == "" || l.o.Protocol == Auto) && l.o.Proxies == nil {
		return
	}
	attrs := []slog.Attr{
		slog.String("address", l.network+" "+l.address), slog.String("protocol", l.o.Protocol),
	}
	if l.o.Proxies != nil {
		attrs = append(attrs, slog.String("proxies", strings.Trim(fmt.Sprint(l.o.Proxies), "[]")))
	}
	s.ownLog.LogAttrs(context.Background(), slog.LevelInfo, "listener", attrs...)
}
