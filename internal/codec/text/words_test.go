package text

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// fill is a template with arguments in it.
func fill(template string, bare bool, args ...any) string {
	w := writer{note: chat.NewNote("test", args...), format: Format{Bare: bare}}
	w.fill(template)
	return string(w.dst)
}

func TestTemplatesAreFilledIn(t *testing.T) {
	at := time.Date(2030, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		template, want string
		args           []any
	}{
		{"plain words", "plain words", nil},
		{"{a} and {b}", "1 and x", []any{"a", 1, "b", "x"}},
		{"{a} is not said", " is not said", nil},
		{"{n|line}, {m|line}, {k|person|people}, {j|person|people}", "1 line, 0 lines, 1 person, 3 people", []any{"n", 1, "m", uint64(0), "k", 1, "j", 3}},
		{"{r}, {r|a}, {s|a}", "admin, an admin, a user", []any{"r", chat.Admin, "s", chat.User}},
		{"{d} until {t}", "2 minutes until 2030-01-02 03:04:05 UTC", []any{"d", 2 * time.Minute, "t", at}},
		{"{l}; {size}; {on}", "a, b; 3 MiB; on", []any{"l", []string{"a", "b"}, "size", int64(3 << 20), "on", true}},
		{"you[ in {room}][ for {d}]", "you in #tea", []any{"room", "#tea", "d", time.Duration(0)}},
		{"you[ in {room} for {d}]", "you", []any{"room", "#tea", "d", time.Duration(0)}},
		{"[{why}|no reason]", "no reason", []any{"why", ""}},
		{"[{why}|no reason]", "tea", []any{"why", "tea"}},
		{"[{a|line}|{b|line}|none]", "2 lines", []any{"a", 0, "b", 2}},
		{"[{?yes}, away: {why}|{?yes}, away]", ", away", []any{"yes", true, "why", ""}},
		{"[{?yes}, away]", "", []any{"yes", false}},
		{"[[N | since]", "[N | since]", nil},
		{"{done}, but {why}", "you are muted: tea, but saved #7", []any{
			"done", chat.NewNote("muted", "reason", "tea"), "why", chat.NewNote("saved", "id", uint64(7)),
		}},
		{"{done}[: {why}]", "x", []any{"done", "x", "why", (*chat.Note)(nil)}},
	} {
		if got := fill(c.template, false, c.args...); got != c.want {
			t.Errorf("%q with %v: %q, want %q", c.template, c.args, got, c.want)
		}
	}
}

func TestBareFormatsLeaveOutTheSlashBeforeCommands(t *testing.T) {
	for template, want := range map[string]string{
		"/help lists them (/quit leaves)":                       "help lists them (quit leaves)",
		"usage: /{command}, and /{command}":                     "usage: kick, and kick",
		"[did you mean /{other}?|/help lists them] (//{other})": "help lists them (//)",
		"2001:db8::/64 and Europe/Berlin, on/off, 1 / 2":        "2001:db8::/64 and Europe/Berlin, on/off, 1 / 2",
	} {
		if got := fill(template, true, "command", "kick"); got != want {
			t.Errorf("%q: %q, want %q", template, got, want)
		}
		if got := fill(template, false, "command", "kick"); strings.Count(got, "/") < strings.Count(want, "/") {
			t.Errorf("%q lost a slash: %q", template, got)
		}
	}
	for _, typed := range []string{"/kick me", "say /quit now"} { // what people wrote stays
		if got := fill("{text}", true, "text", typed); got != typed {
			t.Errorf("%q became %q", typed, got)
		}
	}
}

func TestACodeWithoutWordsIsShownItself(t *testing.T) {
	if got := Words(chat.NewNote("no-such-code", "a", 1)); got != "no-such-code" {
		t.Errorf("%q", got)
	}
	if got := Words(nil); got != "" {
		t.Errorf("nothing is said as %q", got)
	}
}

// Whatever people write, it is in the words as it is, and changes nothing else in them.
func FuzzArguments(f *testing.F) {
	f.Add("bob", "tea")
	f.Add("{reason}", "[{by}|x]")
	f.Add("%s\x00", "{?by}]")
	f.Fuzz(func(t *testing.T, by, why string) {
		want := "kicked by " + by
		if why != "" {
			want += ": " + why
		}
		if got := Words(chat.NewNote("kicked", "by", by, "reason", why)); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}
