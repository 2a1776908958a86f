package main

import (
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/server"
)

// A reloader holds the settings in force, and reads them again on request.
type reloader struct {
	args  []string
	env   func(string) (string, bool)
	log   *journal
	files uint64 // the limit of descriptors
	srv   *server.Server
	certs *certs.Keeper // nil without TLS

	mu       sync.Mutex // guards settings, and serializes reloads
	settings *config.Settings
}

// rehash is server.Options.Rehash: it applies the settings that can change, and
// logs each change, the settings that need a restart, and every mistake. With a
// mistake nothing changes.
func (r *reloader) rehash() (report []*chat.Note, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log.With(logs.In(logs.Config))
	next, changed, refused, err := r.settings.Reload(r.args, r.env)
	var words int
	if err == nil {
		err = r.renewCerts()
	}
	if err == nil {
		words, err = police(r.srv, next.Config)
	}
	if err != nil {
		for _, each := range problems(err) {
			log.Error("reload_problem", slog.String("cause", each))
		}
		log.Error("reload_failed", slog.String("remedy", "put the above right and reload again; the old settings stay in force"))
		return nil, err
	}
	r.settings = next
	r.log.levels.Set(next.Config.LogLevels)
	r.srv.Reconfigure(limits(next.Config, r.files))
	for _, c := range changed {
		log.Info("setting_changed", attrs(c)...)
		report = append(report, chat.NewNote("setting-changed", "setting", c.Name, "to", c.To, "from", c.From))
	}
	for _, c := range refused {
		log.Warn("setting_needs_restart", attrs(c)...)
		report = append(report, chat.NewNote("setting-needs-restart", "setting", c.Name, "from", c.From, "to", c.To))
	}
	if next.Config.Words != "" {
		report = append(report, chat.NewNote("words-read", "file", next.Config.Words, "entries", words))
	}
	log.Info("reloaded", slog.Int("changed", len(changed)), slog.Int("need_restart", len(refused)), slog.Int("words", words))
	return report, nil
}

// renewCerts reads the certificates again, if there are any.
func (r *reloader) renewCerts() error {
	if r.certs == nil {
		return nil
	}
	before := r.certs.Leaf()
	err := r.certs.Reload()
	if !r.certs.Leaf().Equal(before) {
		logCert(r.log, r.certs)
	}
	return err
}

func attrs(c config.Change) []any {
	return []any{slog.String("setting", c.Name), slog.String("from", c.From), slog.String("to", c.To), slog.String("origin", c.Origin)}
}

// problems splits an error of several lines.
func problems(err error) []string {
	if all, ok := errors.AsType[config.Problems](err); ok {
		lines := make([]string, len(all))
		for i, each := range all {
			lines[i] = each.Error()
		}
		return lines
	}
	return strings.Split(err.Error(), "\n")
}
