package flood

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table of limits into docs/operating.md")

const (
	page      = "../../docs/operating.md"
	pageBegin = "<!-- flood: written by go test ./internal/flood -update -->\n"
	pageEnd   = "<!-- end of flood -->\n"
)

// shortly formats a duration without its zero parts.
func shortly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (r Rate) inWords() string {
	return fmt.Sprintf("burst of %d, then one every %s", r.Burst, shortly(r.Per))
}

func limitsTable() string {
	l := Defaults()
	var b strings.Builder
	b.WriteString("| what | limit |\n|---|---|\n")
	for _, row := range [][2]string{
		{"lines in rooms", l.Messages.inWords()},
		{"private messages", l.Privates.inWords()},
		{"commands", l.Commands.inWords()},
		{"room joins", l.Joins.inWords()},
		{"identical lines", fmt.Sprintf("%d times in %s", l.Repeats, shortly(l.RepeatWindow))},
		{"capitals", fmt.Sprintf("%d percent of a line that has %d letters or more", l.CapsPercent, l.CapsLetters)},
		{"links from a new user", l.Links.inWords()},
		{"a user counts as new", "for " + shortly(l.NewcomerFor) + " after registration, or after a guest's first line"},
		{"each attempt that is too fast", fmt.Sprintf("lengthens the wait by %s, up to %s", shortly(l.Penalty), shortly(MaxPenalty))},
		{"refusals without a strike", l.Patience.inWords()},
		{"strikes", fmt.Sprintf("the user is kicked at %d; one is forgiven every %s", StrikesToKick, shortly(StrikeLife))},
		{"kicks", fmt.Sprintf("the user is banned for %[2]s at %[1]d; one is forgiven every %[3]s", KicksToBan, shortly(BanFor), shortly(KickLife))},
	} {
		b.WriteString("| " + row[0] + " | " + row[1] + " |\n")
	}
	return b.String()
}

func TestThePageListsTheLimits(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), pageBegin)
	listed, after, ok2 := strings.Cut(rest, pageEnd)
	want := limitsTable()
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has lost the lines around its table", page)
	case listed == want:
	case !*update:
		t.Fatalf("%s lists other limits than the defaults; run: go test ./internal/flood -update", page)
	default:
		if err := os.WriteFile(page, []byte(before+pageBegin+want+pageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
