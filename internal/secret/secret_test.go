package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/secret"
)

const canary = "canary-7Qx"

// hidden is somebody's struct with a secret in it, where no method is asked.
type hidden struct {
	name string
	key  secret.Text
}

// holders are the ways in which a secret is carried about.
func holders() map[string]any {
	s := secret.New(canary)
	return map[string]any{
		"itself":             s,
		"pointer":            &s,
		"exported field":     struct{ Key secret.Text }{s},
		"unexported field":   hidden{"a", s},
		"pointer to struct":  &hidden{"a", s},
		"deep":               []any{map[string]any{"a": []hidden{{"b", s}}}},
		"slice":              []secret.Text{s},
		"array":              [1]secret.Text{s},
		"map value":          map[string]secret.Text{"a": s},
		"map key":            map[secret.Text]int{s: 1},
		"any":                []any{s},
		"error":              fmt.Errorf("cause: %v", s),
		"joined error":       errors.Join(fmt.Errorf("%s", s), fmt.Errorf("%v", hidden{"a", s})),
		"pointer to pointer": func() any { p := &s; return &p }(),
	}
}

// clean checks that nothing of the canary is in text, in no spelling.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for _, spelling := range []string{
		canary, hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))),
		base64.StdEncoding.EncodeToString([]byte(canary)), fmt.Sprintf("% x", []byte(canary)), fmt.Sprintf("%d", []byte(canary)),
	} {
		if strings.Contains(text, spelling) {
			t.Errorf("%s gives the secret away: %s", what, text)
		}
	}
}

func TestNoVerbOfFmtShowsASecret(t *testing.T) {
	for name, holder := range holders() {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flag := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#"} {
				format := "%" + flag + string(verb)
				clean(t, name+" with "+format, fmt.Sprintf(format, holder))
			}
		}
		clean(t, name, fmt.Sprint(holder)+fmt.Sprintln(holder))
	}
	if got := fmt.Sprintf("%v %s %d", secret.New(canary), secret.New(canary), secret.Text{}); got != "[redacted] [redacted] [redacted]" {
		t.Error(got)
	}
}

func TestNoWayOfLoggingShowsASecret(t *testing.T) {
	var out bytes.Buffer
	o := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, o), slog.NewJSONHandler(&out, o)} {
		for name, holder := range holders() {
			log := slog.New(h)
			//nolint:sloglint // every way there is, the discouraged ones too
			for _, say := range []func(){
				func() { log.Info("a", "key", holder) },
				func() { log.Info("a", slog.Any("key", holder)) },
				func() { log.With("key", holder).Warn("a") },
				func() { log.With(slog.Group("g", slog.Any("key", holder))).Error("a") },
				func() { log.WithGroup("g").Debug("a", "key", holder) },
				func() { log.Info("a", slog.Group("g", slog.Group("h", slog.Any("key", holder)))) },
				func() { log.Info(fmt.Sprint(holder)) },
				func() { log.Info("a", "b", slog.AnyValue(holder)) },
				func() { log.LogAttrs(t.Context(), slog.LevelInfo, "a", slog.Any("key", holder)) },
			} {
				out.Reset()
				say()
				if out.Len() == 0 {
					t.Fatal("nothing was logged")
				}
				clean(t, name, out.String())
			}
		}
	}
}

func TestNoEncodingShowsASecret(t *testing.T) {
	for name, holder := range holders() {
		text, _ := json.Marshal(holder) // some of them have no JSON
		clean(t, name+" as JSON", string(text))
		text, _ = xml.Marshal(holder)
		clean(t, name+" as XML", string(text))
	}
	if text, err := json.Marshal(map[string]any{"a": secret.New(canary)}); err != nil || string(text) != `{"a":"[redacted]"}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestOnlyRevealTellsAndEqualCompares(t *testing.T) {
	s := secret.New(canary)
	if s.Reveal() != canary || s.IsZero() || !(secret.Text{}).IsZero() || !secret.New("").IsZero() || (secret.Text{}).Reveal() != "" {
		t.Error("a secret is not kept")
	}
	if !s.Equal(secret.New(canary)) || s.Equal(secret.New("other")) || s.Equal(secret.Text{}) || !(secret.Text{}).Equal(secret.New("")) {
		t.Error("Equal is wrong")
	}
}
