package config

import (
	"reflect"
	"strings"
)

// A Change is a setting whose value has changed.
type Change struct {
	// Name is the long flag without its dashes.
	Name string
	// From and To are the values as they could be typed, with secrets redacted;
	// "" means none.
	From, To string
	// Origin is the origin of the new value.
	Origin string
}

// Reload reads everything again and compares it with s, which it does not
// change. next has the new values of the settings that can change while the
// server runs, and the old ones of the others, which are in refused because
// they need a restart. With an error, which is Problems, s stays in force.
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
	_ = next.apply() // each value was accepted before
	return next, changed, refused, nil
}

// same reports whether two values mean the same, however they are written.
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

// redacted is shown instead of a secret.
const redacted = "[redacted]"

func redact(text string) string {
	if text == "" {
		return ""
	}
	return redacted
}
