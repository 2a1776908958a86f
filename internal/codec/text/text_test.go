package text_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

func TestDefaultStyleWritesEveryKindAsOneLine(t *testing.T) {
	for _, c := range []struct {
		e    chat.Event
		want string
	}{
		{chat.Event{Kind: chat.Say, Name: "bob", Body: "hello\tyou"}, "bob: hello\tyou\r\n"},
		{chat.Event{Kind: chat.Say, Name: "zoë", Body: "grüße"}, "zoë: grüße\r\n"},
		{chat.Event{Kind: chat.Action, Name: "bob", Body: "waves"}, "* bob waves\r\n"},
		{chat.Event{Kind: chat.Join, Name: "bob"}, "*** bob joined\r\n"},
		{chat.Event{Kind: chat.Leave, Name: "bob"}, "*** bob left\r\n"},
		{chat.Event{Kind: chat.Leave, Name: "bob", Note: chat.NewNote("quit", "reason", "tea")}, "*** bob left (tea)\r\n"},
		{chat.Event{Kind: chat.Rename, Name: "bob", Body: "rob"}, "*** bob is now known as rob\r\n"},
		{chat.Event{Kind: chat.Notice, Note: chat.NewNote("announcement", "text", "back soon")}, "*** back soon\r\n"},
		{chat.Event{Kind: chat.Refusal, Note: chat.NewNote("muted")}, "*** you are muted\r\n"},
		{chat.Event{Kind: chat.Private, Action: true, Name: "bob", Body: "waves"}, "[bob -> you] * bob waves\r\n"},
		{chat.Event{Kind: chat.Sent, Action: true, Name: "bob", Body: "waves"}, "[you -> bob] * waves\r\n"},
		{chat.Event{Name: "no", Body: "kind"}, ""},
	} {
		if got := string(text.Format{}.Event(nil, c.e)); got != c.want {
			t.Errorf("Append(%+v) = %q, want %q", c.e, got, c.want)
		}
	}
}

// An announcement is shown in the current room; lines of other rooms have the name of the
// room before them.
func TestAnAnnouncementIsWrittenOnce(t *testing.T) {
	e := chat.Event{Room: "#tea", Kind: chat.Announcement, Note: chat.NewNote("announcement", "text", "back soon")}
	if got := string(text.Format{}.Event(nil, e)); got != "*** back soon\r\n" {
		t.Errorf("%q", got)
	}
	if got := string(text.Format{Room: true}.Event(nil, e)); got != "" {
		t.Errorf("%q", got)
	}
}

func TestClassicStyleKnowsMessagesOnly(t *testing.T) {
	for kind := chat.Kind(0); kind <= chat.Announcement; kind++ {
		want := ""
		if kind == chat.Say {
			want = "bob: hello\n"
		}
		got := string(text.Classic{}.Event(nil, chat.Event{Kind: kind, Name: "bob", Body: "hello"}))
		if got != want {
			t.Errorf("kind %d: %q, want %q", kind, got, want)
		}
	}
	if got := string(text.Classic{}.Event(nil, chat.Event{Kind: chat.Say})); got != ": \n" {
		t.Errorf("nothing said by nobody: %q", got)
	}
}

// history returns the history of a reader at noon on 2026-02-01, UTC.
func history(events []chat.Event, zone *time.Location) []byte {
	return text.Format{Zone: zone}.History(nil, events, time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC))
}

func TestHistoryHasALineBetweenDays(t *testing.T) {
	late := time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)
	events := []chat.Event{
		{Kind: chat.Say, Name: "a", Body: "1", Time: late.AddDate(0, 0, -1)},
		{Kind: chat.Say, Name: "a", Body: "2", Time: late},
		{Kind: chat.Say, Name: "a", Body: "3", Time: late.Add(time.Hour)},
	}
	want := "*** --- the last 3 lines ---\r\n*** --- Friday, 2026-01-30 ---\r\na: 1\r\n*** --- Saturday, 2026-01-31 ---\r\na: 2\r\n" +
		"*** --- Sunday, 2026-02-01 ---\r\na: 3\r\n*** --- end of the last lines ---\r\n"
	if got := string(history(events, time.UTC)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// An hour east of UTC, late messages are from the next day.
	want = "*** --- the last 2 lines ---\r\na: 2\r\na: 3\r\n*** --- end of the last lines ---\r\n"
	if got := string(history(events[1:], time.FixedZone("", 3600))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHistoryStandsBetweenTwoMarkers(t *testing.T) {
	if got := history(nil, time.UTC); len(got) != 0 {
		t.Errorf("empty history: %q", got)
	}
	now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	one := []chat.Event{{Kind: chat.Say, Name: "a", Body: "1", Time: now}}
	want := "*** --- the last line ---\r\na: 1\r\n*** --- end of the last lines ---\r\n"
	if got := string(history(one, time.UTC)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	two := append(one, chat.Event{Kind: chat.Action, Name: "b", Body: "2", Time: now})
	want = "*** --- the last 2 lines ---\r\na: 1\r\n* b 2\r\n*** --- end of the last lines ---\r\n"
	if got := string(history(two, time.UTC)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestControlCharactersAreLeftOut(t *testing.T) {
	for in, want := range map[string]string{
		"a\rb":               "ab",
		"a\x1b[2Jb":          "a[2Jb",
		"a\x00\x07\x7fb":     "ab",
		"a\u0085\u009bb":     "ab",
		"a\u2028b\u2029c":    "abc",
		"a\u202eb\u2066c":    "abc",
		"a\xffb":             "a\ufffdb",
		"tab\tstays":         "tab\tstays",
		"emoji 👩\u200d🚀 too": "emoji 👩\u200d🚀 too",
	} {
		e := chat.Event{Kind: chat.Say, Name: "n" + in, Body: in}
		if got := string(text.Format{}.Event(nil, e)); got != "n"+want+": "+want+"\r\n" {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// Each line of a text has the name before it, so that none can look like somebody else's.
func TestEachLineOfAMessageHasItsPrefix(t *testing.T) {
	e := chat.Event{Kind: chat.Say, Room: "#tea", Name: "bob", Body: "a\r\n\nann: b", Time: time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)}
	want := "[12:00] #tea bob: a\r\n[12:00] #tea bob: \r\n[12:00] #tea bob: ann: b\r\n"
	if got := string(text.Format{Room: true, Times: true}.Event(nil, e)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := string(text.Classic{}.Event(nil, e)); got != "bob: a\nbob: \nbob: ann: b\n" {
		t.Errorf("in the classic style: %q", got)
	}
}

func TestParseTellsCommandsFromText(t *testing.T) {
	for line, want := range map[string]chat.Command{
		"hello":        {Text: "hello"},
		"":             {},
		"a /me b":      {Text: "a /me b"},
		"/me waves":    {Name: "me", Text: "waves"},
		"/me\twaves":   {Name: "me", Text: "waves"},
		"/me  two  ":   {Name: "me", Text: " two  "},
		"/quit":        {Name: "quit"},
		"//etc/passwd": {Text: "/etc/passwd"},
		"///":          {Text: "//"},
		"/":            {Text: "/"},
		"/ me":         {Text: "/ me"},
		" /me":         {Text: " /me"},
	} {
		if got := text.Parse(line); got != want {
			t.Errorf("Parse(%q) = %+v, want %+v", line, got, want)
		}
	}
}

func TestAMessageIsWrittenWithoutAllocating(t *testing.T) {
	dst := make([]byte, 0, 128)
	e := chat.Event{Kind: chat.Say, Name: "bob", Body: "grüße"}
	if n := testing.AllocsPerRun(100, func() { dst = text.Format{}.Event(dst[:0], e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type renderer interface {
	Event(dst []byte, e chat.Event, bold ...chat.Span) []byte
}

// Whatever an event holds, it becomes at most one line, without a control
// character in it but TAB, and in valid UTF-8.
func FuzzRender(f *testing.F) {
	f.Add(uint8(1), "bob", "hello")
	f.Add(uint8(5), "a\r\nb", "\x1b]0;x\x07\xff\u202e\u2028")
	f.Add(uint8(4), "\u009b31m", "x\x00y")
	f.Fuzz(func(t *testing.T, kind uint8, name, body string) {
		e := chat.Event{Kind: chat.Kind(kind % 13), Name: name, Body: body, Note: chat.NewNote("kicked", "by", name, "reason", body)}
		for format, end := range map[renderer]string{text.Format{}: "\r\n", text.Classic{}: "\n"} {
			line, ok := bytes.CutPrefix(format.Event([]byte("kept"), e), []byte("kept"))
			if !ok {
				t.Fatal("what was in dst before is gone")
			}
			if len(line) == 0 {
				continue
			}
			inner, ok := strings.CutSuffix(string(line), end)
			if !ok {
				t.Fatalf("%q does not end the line", line)
			}
			if !utf8.ValidString(inner) {
				t.Fatalf("%q is no UTF-8", inner)
			}
			for _, r := range inner {
				if r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 {
					t.Fatalf("%q has %U", inner, r)
				}
			}
		}
	})
}

// A message that is written and parsed again is the same text, slashes included.
func FuzzParse(f *testing.F) {
	f.Add("hello")
	f.Add("//x")
	f.Add("/me waves")
	f.Fuzz(func(t *testing.T, line string) {
		c := text.Parse(line)
		if strings.ContainsAny(c.Name, " \t") || strings.HasPrefix(c.Name, "/") {
			t.Fatalf("%q has the name %q", line, c.Name)
		}
		if c.Name == "" && c.Text != line && "/"+c.Text != line {
			t.Fatalf("%q says %q", line, c.Text)
		}
		if !strings.HasPrefix(line, "/") && c.Name != "" {
			t.Fatalf("%q is the command %q", line, c.Name)
		}
	})
}
