package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// The log. The checks come first: attributes cost more than a level that is off.

func on(log *slog.Logger) bool { return log.Enabled(context.Background(), slog.LevelInfo) }

func (s *Server) logConnect(c *eventloop.Conn, in *arrival) {
	if on(s.log) {
		s.log.LogAttrs(context.Background(), slog.LevelInfo, "connect", in.attrs(c)...)
	}
}

// logSecured logs what a TLS handshake has negotiated.
func (s *Server) logSecured(id uint64, state tls.ConnectionState) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.LogAttrs(context.Background(), slog.LevelDebug, "tls", connID(id),
			slog.String("version", tls.VersionName(state.Version)), slog.String("suite", tls.CipherSuiteName(state.CipherSuite)),
			slog.String("alpn", state.NegotiatedProtocol), slog.Bool("resumed", state.DidResume))
	}
}

func (s *Server) logLogin(id uint64, name string) {
	if on(s.chatLog) {
		s.chatLog.LogAttrs(context.Background(), slog.LevelInfo, "login", connID(id), slog.String("name", name))
	}
}

func (s *Server) logLeave(id uint64, name string, why *chat.Note, age time.Duration) {
	if on(s.chatLog) {
		s.chatLog.LogAttrs(context.Background(), slog.LevelInfo, "leave", connID(id), slog.String("name", name),
			slog.String("reason", text.Words(why)), slog.Duration("duration", age.Round(time.Millisecond)))
	}
}

// connID is the number of a connection in every line of the log.
func connID(id uint64) slog.Attr { return slog.Uint64("conn", id) }

func (s *Server) logRefused(c *eventloop.Conn, in *arrival, reason string, more ...slog.Attr) {
	silent, log := s.admission.report(in.from(c).Addr(), reason, c.Loop().Now())
	if !log {
		return
	}
	attrs := append(in.attrs(c), slog.String("reason", reason))
	attrs = append(attrs, more...)
	if remedy := remedies[reason]; remedy != "" {
		attrs = append(attrs, slog.String("remedy", remedy))
	}
	if silent > 0 {
		attrs = append(attrs, slog.Uint64("not_logged", silent))
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "refused", attrs...)
}

// attrs returns the number and the address of a client, and its proxy if it has one. A
// Unix socket has no address.
func (in *arrival) attrs(c *eventloop.Conn) []slog.Attr {
	attrs := []slog.Attr{connID(in.id), slog.String("address", "unix")}
	if addr := in.from(c); addr.IsValid() {
		attrs[1] = slog.String("address", addr.String())
	}
	if in.client != nil {
		attrs = append(attrs, slog.String("proxy", c.RemoteAddrPort().String()))
	}
	return attrs
}
