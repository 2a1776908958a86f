package chat_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

var update = flag.Bool("update", false, "write the table of commands into docs/protocol.md")

const (
	page      = "../../docs/protocol.md"
	pageBegin = "<!-- commands: written by go test ./internal/chat -update -->\n"
	pageEnd   = "<!-- end of commands -->\n"
)

// who returns who may use a verb, in the words of the page.
func who(v chat.Verb) string {
	switch {
	case v.Operator:
		return "operators, moderators"
	case v.Need == chat.Guest && v.Outside:
		return "everyone, even before giving a name"
	case v.Need == chat.Guest:
		return "everyone"
	case v.Need == chat.User:
		return "registered users"
	}
	return v.Need.String() + "s"
}

func TestThePageListsTheCommands(t *testing.T) {
	var b strings.Builder
	b.WriteString("| command | what it does | who can use it |\n|---|---|---|\n")
	for _, v := range chat.Verbs() {
		name := "`" + strings.ReplaceAll(strings.TrimSpace("/"+v.Name+" "+v.Args), "|", "\\|") + "`"
		for _, a := range v.Aliases {
			name += ", `/" + a + "`"
		}
		b.WriteString("| " + name + " | " + v.Help + " | " + who(v) + " |\n")
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), pageBegin)
	listed, after, ok2 := strings.Cut(rest, pageEnd)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has lost the lines around its table", page)
	case listed == b.String():
	case !*update:
		t.Fatalf("%s lists other commands than the table; run: go test ./internal/chat -update", page)
	default:
		if err := os.WriteFile(page, []byte(before+pageBegin+b.String()+pageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
