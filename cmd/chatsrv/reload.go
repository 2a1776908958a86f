package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/server"
)

// A reloader holds the settings in force, and reads them anew when asked to.
type reloader struct {
	args  []string
	env   func(string) (string, bool)
	log   *journal
	files uint64 // the limit of descriptors
	srv   *server.Server

	mu       sync.Mutex // guards settings, and has one reload after the other
	settings *config.Settings
}

// rehash is server.Options.Rehash: it applies what can change, and logs each
// change, what needs a restart, and every mistake, for which nothing changes.
func (r *reloader) rehash() (report []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log.With(logs.In(logs.Config))
	next, changed, refused, err := r.settings.Reload(r.args, r.env)
	var words int
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
		report = append(report, c.Name+" is now "+shown(c.To)+", was "+shown(c.From))
	}
	for _, c := range refused {
		log.Warn("setting_needs_restart", attrs(c)...)
		report = append(report, c.Name+" stays "+shown(c.From)+": "+shown(c.To)+" needs a restart")
	}
	if next.Config.Words != "" {
		report = append(report, fmt.Sprintf("%s was read again: %d entries", next.Config.Words, words))
	}
	if len(report) == 0 {
		report = []string{"nothing has changed"}
	}
	log.Info("reloaded", slog.Int("changed", len(changed)), slog.Int("need_restart", len(refused)), slog.Int("words", words))
	return report, nil
}

func attrs(c config.Change) []any {
	return []any{slog.String("setting", c.Name), slog.String("from", c.From), slog.String("to", c.To), slog.String("origin", c.Origin)}
}

// shown is a value in a sentence.
func shown(value string) string {
	if value == "" {
		return "not set"
	}
	return value
}

// problems takes an error of several lines apart.
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
