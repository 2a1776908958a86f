package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// The log. The checks come first: attributes cost more than a level that is off.

func on(log *slog.Logger) bool { return log.Enabled(context.Background(), slog.LevelInfo) }

func (s *Server) logConnect(c *eventloop.Conn, id uint64) {
	if on(s.log) {
		s.log.LogAttrs(context.Background(), slog.LevelInfo, "connect", connID(id), address(c))
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

func (s *Server) logRefused(c *eventloop.Conn, id uint64, reason string) {
	silent, log := s.admission.report(c.RemoteAddrPort().Addr(), reason, c.Loop().Now())
	if !log {
		return
	}
	attrs := []slog.Attr{connID(id), address(c), slog.String("reason", reason)}
	if slices.Contains(reasons, reason) {
		attrs = append(attrs, slog.String("remedy", "raise --"+strings.ReplaceAll(reason, "_", "-")+" if they are welcome"))
	}
	if silent > 0 {
		attrs = append(attrs, slog.Uint64("not_logged", silent))
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "refused", attrs...)
}

// address is the peer's address; a Unix socket has none.
func address(c *eventloop.Conn) slog.Attr {
	if addr := c.RemoteAddrPort(); addr.IsValid() {
		return slog.String("address", addr.String())
	}
	return slog.String("address", "unix")
}
