package config

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryLongFlagTakesOneDash(t *testing.T) {
	for _, r := range table {
		text := r.example()
		if r.isSwitch() {
			text = "true"
		}
		want := []string{"--" + r.name + "=" + text}
		if got := normalise([]string{"-" + r.name + "=" + text}); !slices.Equal(got, want) {
			t.Errorf("-%s=%s becomes %q, want %q", r.name, text, got, want)
		}
		if r.isSwitch() {
			text = "-port" // the next flag, not a value
		}
		got, want := normalise([]string{"-" + r.name, text}), []string{"--" + r.name, text}
		if r.isSwitch() {
			want[1] = "--port"
		}
		if !slices.Equal(got, want) {
			t.Errorf("-%s %s becomes %q, want %q", r.name, text, got, want)
		}
	}
}

func TestNormaliseCopiesValuesUnchanged(t *testing.T) {
	for _, r := range table {
		if r.isSwitch() {
			continue
		}
		flags := []string{"-" + r.name, "--" + r.name}
		if r.short != "" {
			flags = append(flags, "-"+r.short, "-4"+r.short, "-46"+r.short)
		}
		for _, flag := range flags {
			for _, value := range []string{"-port", "-6", "--", "--help", "", "-bind=x"} {
				got := normalise([]string{flag, value, "-port=1"})
				if len(got) != 3 || got[1] != value || got[2] != "--port=1" {
					t.Errorf("%q %q -port=1 becomes %q", flag, value, got)
				}
			}
		}
	}
}

func TestNormaliseLeavesEverythingElseAlone(t *testing.T) {
	for _, args := range []string{
		"", "-p 9034", "-p9034", "-p=9034", "-46", "-4p 1", "--port 1", "--port=1", "-x -y", "-", "port", "-=3", "---port",
		"-portal 3", "-4=true --ipv6", "--unknown -6",
	} {
		want := strings.Fields(args)
		if got := normalise(want); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q", want, got)
		}
	}
}

func TestNormaliseStopsAtTwoDashes(t *testing.T) {
	got := normalise([]string{"-ipv4", "--", "-port", "-bind=x"})
	if want := []string{"--ipv4", "--", "-port", "-bind=x"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFlagWithoutItsValueIsRewrittenToo(t *testing.T) {
	if got := normalise([]string{"-port"}); !slices.Equal(got, []string{"--port"}) {
		t.Errorf("got %q", got)
	}
}

// Rewriting "-name" must not change a valid bundle of the shorthands "n", "a",
// "m", "e": one that consists of switches, or of switches and a shorthand with
// the rest as a valid value.
func TestNoLongNameIsALegalBundleOfShorthands(t *testing.T) {
	for _, r := range table {
		for rest := r.name; ; {
			short, known := shorthand(rest[:1])
			if !known {
				break
			}
			rest = rest[1:]
			if short.isSwitch() && rest != "" {
				continue
			}
			// --bind takes any text, because an interface may have any name.
			// Interfaces called "ind" and "ackend" need a space: -b ind.
			if short.isSwitch() || (short.name != "bind" && short.set(&Config{}, rest) == nil) {
				t.Errorf("-%s could also be meant as shorthands, ending in --%s %q", r.name, short.name, rest)
			}
			break
		}
	}
}
