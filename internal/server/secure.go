package server

import (
	"errors"
	"io"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/internal/chat"
)

// tlsProtocol is a layer: inside of it another protocol is chosen.
var tlsProtocol = protocol{name: "tls", match: isTLS, start: startTLS}

// onlyHTTP is for clients that have chosen HTTP in their handshake (ALPN), even if they
// send no request yet, as browsers do.
var onlyHTTP = offer{protocols: []protocol{httpProtocol}}

// startTLS begins a handshake. After it the first bytes inside TLS choose a protocol,
// like those outside.
func startTLS(srv *Server, c *eventloop.Conn, in arrival) eventloop.Handler {
	in.secure = true
	inside := &detector{srv: srv, in: in, offer: srv.inside}
	accept := func(c *eventloop.Conn) eventloop.Handler {
		if state, ok := tlsfilter.State(c); ok {
			srv.logSecured(in.id, state)
			if state.NegotiatedProtocol == "http/1.1" {
				inside.offer = &onlyHTTP
			}
		}
		return inside
	}
	failed := func(c *eventloop.Conn, err error) {
		if !errors.Is(err, io.EOF) && !errors.Is(err, eventloop.ErrClosed) {
			inside.why = chat.NewNote("tls-failed", "why", strings.TrimPrefix(err.Error(), "tls: "))
		}
		inside.Closed(c, err)
	}
	return srv.handshakes.Server(srv.o.TLS, accept, failed)(c)
}

// Handshakes returns how many TLS handshakes are in progress.
func (s *Server) Handshakes() int { return s.handshakes.InProgress() }
