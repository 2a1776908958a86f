package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
)

// readBuffer is how much is read from one connection at a time, in bytes: little
// enough that it does not fill the room's window even if it is all short lines,
// each of which is sent with a name.
const readBuffer = 16 << 10

// spareFiles is how many descriptors are kept for what is not a client.
const spareFiles = 64

// serve runs the server until it is told to stop.
func (p program) serve(args []string, s *config.Settings) error {
	c := s.Config
	backend, err := findBackend(c.Backend)
	if err != nil {
		return err
	}
	places, err := c.Listeners()
	if err != nil {
		return err
	}
	log, err := newLog(c, p.stderr)
	if err != nil {
		return err
	}
	defer log.close()
	data, err := openData(c, log)
	if err != nil {
		return err
	}
	end, err := p.serveWith(args, s, backend, places, data, log)
	if err = errors.Join(err, data.close(end)); err == nil {
		log.Info("stopped")
	}
	return err
}

// serveWith is serve with what is opened already. It returns the end of the run,
// which is to be kept, if it had one.
func (p program) serveWith(
	args []string, s *config.Settings, backend netloop.BackendInfo, places []config.Listen, data *keeper, log *journal,
) (*chat.End, error) {
	r := &reloader{args: args, env: p.env, log: log, settings: s}
	srv, err := newServer(r, backend, data)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		if _, err := srv.Listen(place.Network, place.Address); err != nil {
			return nil, errors.Join(err, srv.Close())
		}
	}
	stopMetrics, err := serveMetrics(s.Config, srv, data, log, backend.Name)
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	defer stopMetrics()
	stopAdmin, err := serveAdmin(data, srv, log)
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	defer stopAdmin()
	srv.LogStart(version(), backend.Name)
	done := make(chan struct{})
	defer close(done)
	go p.obeySignals(srv)
	go p.console(srv)
	go p.obeyHangups(srv, s.Config.File != "", done)
	if err := srv.Run(); err != nil {
		return nil, err
	}
	end := srv.End()
	return &end, nil
}

// newServer makes the server of the settings that r holds, and gives it to r.
func newServer(r *reloader, backend netloop.BackendInfo, data *keeper) (*server.Server, error) {
	c := r.settings.Config
	files, err := osutil.RaiseFileLimit()
	if err != nil {
		r.log.Warn("file_limit_not_raised", slog.String("cause", err.Error()), slog.Uint64("limit", files))
	}
	r.files = files
	o := options(c, backend, r.log.Logger)
	o.Limits, o.Rehash = limits(c, files), r.rehash
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

// obeySignals waits for the signals: the first one asks for a shutdown, the second is meant.
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

// obeyHangups reloads at each SIGHUP. Without a file there is nothing to reload,
// and the signal means what it means to any program: its terminal is gone.
func (p program) obeyHangups(srv *server.Server, file bool, done <-chan struct{}) {
	for {
		select {
		case s := <-p.hangups:
			switch {
			case file:
				_, _ = srv.Rehash(s.String()) // the log has it all
			case !p.nohup:
				srv.Shutdown(s.String())
			}
		case <-done:
			return
		}
	}
}

// options is the configuration in the server's words, without what can change.
func options(c config.Config, backend netloop.BackendInfo, log *slog.Logger) server.Options {
	style := text.Default
	if c.Style == config.StyleClassic {
		style = text.Classic
	}
	return server.Options{
		Loop: eventloop.Options{
			Open: backend.Open, Loops: c.Loops, StallTimeout: c.StallTimeout,
			ReadBuffer: readBuffer,
		},
		Style:       style,
		Name:        c.Name,
		Log:         log,
		Chat:        chat.Options{Epoch: uint64(time.Now().UnixMilli()), Nearest: nearest.Find},
		SniffWindow: c.SniffWindow,
	}
}

// limits is the part of the configuration that can change. files is how many
// descriptors there may be, 0 unknown.
func limits(c config.Config, files uint64) server.Limits {
	if c.MaxClients == 0 && files > 2*spareFiles {
		c.MaxClients = int(min(files-spareFiles, 1<<30))
	}
	return server.Limits{
		MaxLine: c.MaxLine, LoginTimeout: c.LoginTimeout, MaxLag: c.MaxLag,
		MaxClients: c.MaxClients, MaxPerIP: c.MaxPerIP, NewPerIP: c.NewPerIP,
		NewPerIPWindow: c.NewPerIPWindow, Grace: c.Grace,
	}
}
