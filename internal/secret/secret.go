// Package secret holds what must never be shown: passwords, tokens, keys.
//
// A Text prints as Redacted wherever it ends up by mistake: in a line of the log,
// in an error, in JSON. Only Reveal gives it away, so that one search finds every
// place that does.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Redacted stands where a secret would.
const Redacted = "[redacted]"

// A Text is a secret string; the zero value is none.
type Text struct {
	// Behind a pointer, because package fmt reads unexported fields past every
	// method, and prints of a pointer no more than the address.
	text *string
}

var (
	_ fmt.Formatter  = Text{}
	_ fmt.Stringer   = Text{}
	_ fmt.GoStringer = Text{}
	_ slog.LogValuer = Text{}
)

// New returns text as a secret.
func New(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{&text}
}

// Reveal returns the secret itself.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// IsZero tells whether there is no secret.
func (t Text) IsZero() bool { return t.text == nil }

// Equal compares two secrets in a time that does not depend on where they differ.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String implements fmt.Stringer.
func (t Text) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (t Text) GoString() string { return Redacted }

// Format implements fmt.Formatter, for every verb and flag.
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// LogValue implements slog.LogValuer.
func (t Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (t Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }
