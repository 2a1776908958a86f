package nearest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/nearest"
)

func ExampleFind() {
	word, ok := nearest.Find("prot", []string{"bind", "port", "loops"})
	fmt.Println(word, ok)
	// Output: port true
}

func TestFindForgivesTheUsualMistakes(t *testing.T) {
	known := []string{"help", "list", "me", "nick", "quit", "max-per-ip", "login-timeout"}
	for word, want := range map[string]string{
		"hlep":          "help", // swapped
		"lst":           "list", // too few
		"quitt":         "quit", // too many
		"nack":          "nick", // wrong
		"QUIT":          "quit", // case
		"m":             "me",
		"max-perip":     "max-per-ip",
		"login_timeuot": "login-timeout",
	} {
		if got, ok := nearest.Find(word, known); !ok || got != want {
			t.Errorf("Find(%q) = %q, %v; want %q", word, got, ok, want)
		}
	}
}

func TestFindDoesNotSuggestDistantWords(t *testing.T) {
	known := []string{"help", "list", "quit", "port"}
	for _, word := range []string{"", "xyzzy", "plot9", strings.Repeat("help", 1000)} {
		if got, ok := nearest.Find(word, known); ok {
			t.Errorf("Find(%.20q) = %q; want nothing", word, got)
		}
	}
	if got, ok := nearest.Find("help", []string{strings.Repeat("help", 1000)}); ok {
		t.Errorf("Find in a list of one overlong word = %.20q; want nothing", got)
	}
}

func TestFindPrefersTheNearerThenTheEarlier(t *testing.T) {
	if got, _ := nearest.Find("max-lines", []string{"max-lags", "max-line", "max-lin"}); got != "max-line" {
		t.Errorf("got %q, want the one that is one mistake away", got)
	}
	if got, _ := nearest.Find("bine", []string{"bind", "line"}); got != "bind" {
		t.Errorf("got %q, want the first of two equally near ones", got)
	}
}

func TestFindTakesWordsOfAnyBytes(t *testing.T) {
	// Both grow when lowered: the first by half, the second threefold.
	for _, word := range []string{strings.Repeat("Ⱥ", 32), strings.Repeat("\xff", 64), "\x00"} {
		if got, ok := nearest.Find(word, []string{"aaa", strings.Repeat("\xfe", 60)}); ok {
			t.Errorf("Find(%q) = %q; want nothing", word, got)
		}
	}
}
