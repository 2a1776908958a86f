package logs_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/sudoXpg/netloop/internal/logs"
)

func TestLevelsAreReadByArea(t *testing.T) {
	for text, want := range map[string]map[string]slog.Level{
		"warn":                        {logs.Net: slog.LevelWarn, logs.Server: slog.LevelWarn},
		"info,chat=debug,net=warn":    {logs.Chat: slog.LevelDebug, logs.Net: slog.LevelWarn, logs.Store: slog.LevelInfo},
		"chat=debug, error":           {logs.Chat: slog.LevelDebug, logs.Admin: slog.LevelError},
		"config=error , server=debug": {logs.Config: slog.LevelError, logs.Server: slog.LevelDebug, logs.Net: slog.LevelInfo},
	} {
		got, err := logs.ParseLevels(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		for i, area := range logs.Areas() {
			if level, ok := want[area.Name]; ok && got[i] != level {
				t.Errorf("%q: %s is at %v, want %v", text, area.Name, got[i], level)
			}
		}
	}
}

func TestWrongLevelsAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `"" is no level of the log (debug, info, warn, error)`,
		"inof":                `"inof" is no level of the log (debug, info, warn, error; did you mean info?)`,
		"info,chta=debug":     `"chta" is no area of the log (server, net, chat, store, admin, config; did you mean chat?)`,
		"chat=loud":           `"loud" is no level`,
		"info,warn":           `"info,warn" has two levels for all areas`,
		"net=info,net=debug":  `has two levels for net`,
		"info,":               `"" is no level`,
		"=debug":              `"" is no area`,
		"chat=debug\x1b[2J":   `"debug\x1b[2J" is no level`,
		"chat=debug=info,net": `"debug=info" is no level`,
	} {
		if _, err := logs.ParseLevels(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v lacks %q", text, err, want)
		}
	}
}

// lines is a log in memory.
func lines(l logs.Levels) (*slog.Logger, *logs.Filter, func() string) {
	var out bytes.Buffer
	f := logs.NewFilter(l)
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(f.Handler(h)), f, func() string { defer out.Reset(); return out.String() }
}

func TestEveryLineNamesItsAreaOnce(t *testing.T) {
	log, _, read := lines(logs.Levels{})
	log.Info("a")
	net := log.With(slog.Int("x", 1), logs.In(logs.Net))
	net.Info("b")
	net.With(logs.In(logs.Chat), slog.Int("y", 2)).Info("c")
	net.WithGroup("g").With(slog.String(logs.Key, "mine")).Info("d")
	log.With(logs.In("nonesuch")).Info("e")
	net.WithGroup("").Info("f")
	want := `level=INFO msg=a area=server
level=INFO msg=b x=1 area=net
level=INFO msg=c x=1 y=2 area=chat
level=INFO msg=d x=1 area=net g.area=mine
level=INFO msg=e area=server
level=INFO msg=f x=1 area=net
`
	if got := read(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTheLevelOfAnAreaCanBeChanged(t *testing.T) {
	log, f, read := lines(logs.All(slog.LevelWarn))
	chat, net := log.With(logs.In(logs.Chat)), log.With(logs.In(logs.Net))
	levels, err := logs.ParseLevels("chat=debug,net=error")
	if err != nil {
		t.Fatal(err)
	}
	chat.Info("dropped")
	f.Set(levels)
	chat.Debug("said")
	net.Warn("dropped")
	log.Info("said")
	if got := read(); strings.Contains(got, "dropped") || strings.Count(got, "said") != 2 {
		t.Error(got)
	}
	if !chat.Enabled(t.Context(), slog.LevelDebug) || net.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("Enabled does not know the levels")
	}
}

func TestTheHandlerKeepsTheRulesOfSlog(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return logs.NewFilter(logs.Levels{}).Handler(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	})
}
