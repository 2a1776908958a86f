package main

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/web"
)

// readBuffer is how much is read from one connection at a time, in bytes: few
// enough not to fill the room's window even with short lines only, each of which
// is sent with a name.
const readBuffer = 16 << 10

// lingerTimeout is how long a connection waits for its peer to close after goodbye: nc
// never does, and ends when it is reset.
const lingerTimeout = 2 * time.Second

// serve runs the server until it is told to stop.
func (p program) serve(args []string, s *config.Settings) error {
	c := s.Config
	if err := preflight(c); err != nil {
		return err
	}
	backend, err := findBackend(c.Backend)
	if err != nil {
		return err
	}
	places, err := c.Listeners()
	if err != nil {
		return err
	}
	osutil.IgnoreBrokenPipes() // the log may have lost its reader, but the chat continues
	log, err := newLog(c, p.stderr)
	if err != nil {
		return err
	}
	defer log.close()
	for _, line := range s.Warnings {
		log.With(logs.In(logs.Config)).Warn("setting_ignored", slog.String("cause", line))
	}
	err = p.serveData(args, s, backend, places, log)
	switch {
	case err == nil:
		log.Info("stopped")
	case c.LogFile != "": // the standard error of a service is not read
		log.Error("failed", slog.String("cause", err.Error()))
	}
	return err
}

// serveData is serve with an open log.
func (p program) serveData(
	args []string, s *config.Settings, backend netloop.BackendInfo, places []config.Listen, log *journal,
) error {
	data, err := openData(s.Config, log)
	if err != nil {
		return err
	}
	end, err := p.serveWith(args, s, backend, places, data, log)
	return errors.Join(err, data.close(end))
}

// serveWith is serve with an open store. It returns the end of the run, which
// must be stored, if there was a run.
func (p program) serveWith(
	args []string, s *config.Settings, backend netloop.BackendInfo, places []config.Listen, data *storage, log *journal,
) (*chat.End, error) {
	keeper, err := openCerts(s.Config, data.folder)
	if err != nil {
		return nil, err
	}
	r := &reloader{args: args, env: p.env, log: log, settings: s, certs: keeper}
	srv, err := newServer(r, backend, data)
	if err != nil {
		return nil, err
	}
	listening := &noted{listener: srv}
	if err := listenAll(places, listening); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	stopMetrics, err := serveMetrics(s.Config, srv, data, log, keeper, backend.Name)
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	defer stopMetrics()
	stopAdmin, err := serveAdmin(data, srv, log)
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	defer stopAdmin()
	srv.LogStart(version(), backend.Name, slog.String("data", cmp.Or(data.folder, config.DataNone)), slog.String("try", invitation(listening.opened)))
	if keeper != nil {
		logCert(log, keeper)
	}
	data.served = true
	if p.ready != nil {
		p.ready()
	}
	done := make(chan struct{})
	defer close(done)
	go p.obeySignals(srv)
	if keeper != nil {
		go keepCerts(log, keeper, done)
	}
	at := p.findConsole()
	go p.obeyConsole(at, srv)
	go p.obeyHangups(srv, at, rereads(s.Config), done)
	if err := srv.Run(); err != nil {
		return nil, err
	}
	end := srv.End()
	return &end, nil
}

// invitations are the commands with which a user can connect, by protocol, best first.
var invitations = []struct{ protocol, tcp, unix string }{
	{config.ProtocolAuto, "telnet", "nc -U"},
	{config.ProtocolTelnet, "telnet", "nc -U"},
	{config.ProtocolTLS, "openssl s_client -quiet -connect", "openssl s_client -quiet -unix"},
	{config.ProtocolJSON, "nc", "nc -U"},
}

// invitation returns the command with which a user can connect to the server, over TCP if
// possible; "" if only proxies can.
func invitation(all []opened) string {
	for _, remote := range []bool{true, false} {
		for _, kind := range invitations {
			for _, each := range all {
				host, port, err := net.SplitHostPort(each.addr.String())
				switch {
				case each.o.Protocol != kind.protocol || each.o.Proxies != nil || remote != (each.addr.Network() != "unix"):
				case !remote:
					return kind.unix + " " + each.addr.String()
				case err == nil && kind.protocol == config.ProtocolTLS:
					return kind.tcp + " " + net.JoinHostPort(named(host), port)
				case err == nil:
					return kind.tcp + " " + named(host) + " " + port
				}
			}
		}
	}
	return ""
}

// named returns the name of this machine for the unspecified address, and any other host
// as it is.
func named(host string) string {
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsUnspecified() {
		return host
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "localhost"
}

// newServer makes a server with the settings of r, and passes it to r.
func newServer(r *reloader, backend netloop.BackendInfo, data *storage) (*server.Server, error) {
	c := r.settings.Config
	files, err := osutil.RaiseFileLimit()
	if err != nil {
		r.log.Warn("file_limit_not_raised", slog.String("cause", err.Error()), slog.Uint64("limit", files))
	}
	r.files = files
	warnOfFewFiles(r.log.Logger, files, c.MaxClients)
	o := options(c, backend, r.log.Logger)
	o.Limits, o.Rehash = limits(c, files), r.rehash
	if c.Web && !o.Classic {
		site, err := web.New(certificates(r.certs))
		if err != nil {
			return nil, err
		}
		o.Site, o.Upgrader.Origins = site, c.AllowOrigins
	}
	if r.certs != nil {
		o.TLS, o.RequireTLSAuth = r.certs.Config(), c.RequireTLSAuth
	}
	if err := data.chat(&o, c); err != nil {
		return nil, err
	}
	srv, err := server.New(o)
	if err != nil {
		return nil, err
	}
	r.srv = srv
	data.srv.Store(srv)
	if _, err := police(srv, c); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	return srv, nil
}

// obeySignals waits for the signals: the first one asks for a graceful shutdown, the second
// exits at once.
func (p program) obeySignals(srv *server.Server) {
	s, ok := <-p.signals
	if !ok {
		return
	}
	srv.Shutdown(s.String())
	if _, ok := <-p.signals; ok {
		p.exit(exitFailure)
	}
}

// obeyHangups reloads at each SIGHUP, unless the signal means that the terminal
// for commands was closed, or there is nothing to read again. See
// docs/decisions/0010-sighup-reloads.md.
func (p program) obeyHangups(srv *server.Server, at *console, rereads bool, done <-chan struct{}) {
	for {
		select {
		case s := <-p.hangups:
			switch {
			case !p.nohup && (at.gone() || !rereads):
				srv.Shutdown(s.String())
			case rereads:
				_, _ = srv.Rehash(s.String()) // the result is in the log
			}
		case <-done:
			return
		}
	}
}

// rereads reports whether c names a file that others may have changed or moved.
func rereads(c config.Config) bool {
	return c.File != "" || c.Words != "" || c.LogFile != "" || c.ChatLog != "" || len(c.TLSCerts) > 0
}

// options returns the server's options, without the settings that can change.
func options(c config.Config, backend netloop.BackendInfo, log *slog.Logger) server.Options {
	return server.Options{
		Loop: eventloop.Options{
			Open: backend.Open, Loops: c.Loops, StallTimeout: c.StallTimeout,
			ReadBuffer: readBuffer, KeepAlive: keepAlive(c.KeepAlive), LingerTimeout: lingerTimeout,
		},
		Classic: c.Style == config.StyleClassic,
		Name:    c.Name,
		Log:     log,
		Chat: chat.Options{
			Epoch: uint64(time.Now().UnixMilli()), Nearest: nearest.Find, Local: newMachine().has,
			EditWindow: cmp.Or(c.EditWindow, -1),
			Resumption: chat.Resumption{Guests: c.ResumeGuests, Accounts: c.ResumeAccounts, Linger: c.Linger},
		},
		SniffWindow: c.SniffWindow, ResumePlain: c.ResumePlain,
	}
}

// keepAliveProbes is how many probes a vanished client leaves unanswered. Their
// interval is such that it is closed after twice the time of --keepalive.
const keepAliveProbes = 4

// keepAlive returns the loop's setting for --keepalive.
func keepAlive(idle time.Duration) eventloop.KeepAlive {
	if idle == 0 {
		return eventloop.KeepAlive{Idle: -1}
	}
	return eventloop.KeepAlive{Idle: idle, Interval: max(idle/keepAliveProbes, time.Second), Count: keepAliveProbes}
}

// limits returns the server's limits, which can change. files is how many
// descriptors there may be, 0 if unknown.
func limits(c config.Config, files uint64) server.Limits {
	clients, refused := shareFiles(files)
	if clients > 0 && (c.MaxClients == 0 || c.MaxClients > clients) {
		c.MaxClients = clients
	}
	return server.Limits{
		MaxRefused: refused,
		MaxLine:    c.MaxLine, LoginTimeout: c.LoginTimeout, MaxLag: c.MaxLag,
		MaxClients: c.MaxClients, MaxPerIP: c.MaxPerIP, NewPerIP: c.NewPerIP,
		NewPerIPWindow: c.NewPerIPWindow, Grace: c.Grace,
	}
}
