package config

import (
	"reflect"
	"strings"

	"github.com/sudoXpg/netloop/internal/secret"
)

// A Change is a setting that has another value than before.
type Change struct {
	// Name is the long flag without its dashes.
	Name string
	// From and To are the values as they could be typed, secrets redacted; ""
	// stands for none.
	From, To string
	// Origin is where the new value came from.
	Origin string
}

// Reload reads everything anew and compares it with s, which it leaves as it is.
// next has the new values of the settings that can change while the server runs,
// and the old ones of the others, which are in refused: those need a restart.
// With an error, which is Problems, s stays in force.
func (s *Settings) Reload(args []string, env func(name string) (string, bool)) (next *Settings, changed, refused []Change, err error) {
	next, err = load(s.rows, args, env)
	if err != nil {
		return nil, nil, nil, err
	}
	for i, r := range s.rows {
		before, after := s.values[i], next.values[i]
		switch {
		case r.same(before, after):
		case r.live:
			changed = append(changed, r.change(before, after))
		default:
			refused = append(refused, r.change(before, after))
			next.values[i] = before
		}
	}
	_ = next.apply() // each has been accepted before
	return next, changed, refused, nil
}

// same tells whether two values mean the same, however they are written.
func (r row) same(a, b value) bool {
	var before, after Config
	for _, text := range a.texts {
		_ = r.set(&before, text)
	}
	for _, text := range b.texts {
		_ = r.set(&after, text)
	}
	return reflect.DeepEqual(before, after)
}

func (r row) change(from, to value) Change {
	c := Change{Name: r.name, From: strings.Join(from.texts, ","), To: strings.Join(to.texts, ","), Origin: to.origin}
	if r.secret {
		c.From, c.To = redact(c.From), redact(c.To)
	}
	return c
}

func redact(text string) string {
	if text == "" {
		return ""
	}
	return secret.Redacted
}
