//go:build !aix

package tui

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// conversation lets some of everything happen.
func conversation(s *screen) {
	yesterday := s.message("bob", "see you tomorrow")
	yesterday.Time = noon.AddDate(0, 0, -1)
	ready := s.message("bob", "is the tea ready?")
	reply := s.message("alice", "It is: https://example.org/tea?a=1.")
	long := s.message("carol", "A long message, which has to be wrapped on a screen that is not wide enough for all of it, twice on a narrow one.")
	reply.ReplyTo = yesterday.ID
	action := s.message("bob", "puts the kettle on")
	action.Kind = "action"
	s.happen(
		yesterday, ready, reply, long, action,
		s.message("bob", "alice: 茶 for you, and 🍵 for carol"),
		s.message("a-name-of-29-letters-in-all-ok", "two\nlines"),
		client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "join", Name: "dave", Time: noon},
		client.Message{Private: true, From: "bob", Text: "psst", Time: noon, Number: 1},
		client.Notice{Code: "something-new", Text: "the server says something"},
		client.Failure{Code: "something-bad", Text: "that can't be done"},
	)
}

func TestScreens(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {80, 24}, {130, 30}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			s := newScreen(t, size[0], size[1])
			conversation(s)
			s.press("'tea for")
			s.golden(fmt.Sprintf("conversation-%dx%d", size[0], size[1]))
		})
	}
	t.Run("German, offline", func(t *testing.T) {
		s := newScreenIn(t, "de", 80, 12)
		s.happen(s.message("bob", "hallo"), client.Disconnected{Err: errLost, Retry: 7 * time.Second})
		s.session.offline = true
		s.press("'noch da?", "enter")
		s.golden("offline-de-80x12")
	})
	t.Run("help", func(t *testing.T) {
		s := newScreen(t, 80, 30)
		s.press("f1")
		s.golden("help-80x30")
	})
	t.Run("menu", func(t *testing.T) {
		s := newScreen(t, 60, 16)
		s.happen(s.message("alice", "a mistake"))
		s.press("shift+tab", "enter")
		s.golden("menu-60x16")
	})
}

func TestEveryScreenFits(t *testing.T) {
	for _, width := range []int{1, 2, 5, 17, 39, 40, 59, 60, 79, 80, 109, 110, 300} {
		for _, height := range []int{1, 2, 3, 4, 5, 10, 25, 80} {
			s := newScreen(t, width, height)
			conversation(s)
			s.rows()
			s.press("pgup")
			s.happen(client.Disconnected{Err: errLost, Retry: time.Second})
			s.rows()
			s.press("shift+tab")
			s.rows()
			s.press("enter", "esc", "f1")
			s.rows()
			s.press("esc", "'/", "ctrl+j", "'x", "ctrl+j", "'y")
			s.rows()
			s.press("ctrl+k", "'lob")
			s.rows()
			if t.Failed() {
				t.Fatalf("at %d by %d", width, height)
			}
		}
	}
}

func TestResizingLosesNothing(t *testing.T) {
	s := newScreen(t, 120, 30)
	conversation(s)
	s.press("'half a sentence")
	before := s.text()
	for _, size := range [][2]int{{40, 10}, {1, 1}, {300, 80}, {120, 30}} {
		s.update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		s.rows()
	}
	if after := s.text(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestLinksCanBeClicked(t *testing.T) {
	s := newScreen(t, 60, 20)
	s.happen(s.message("bob", "see https://example.org/a_(b)?c=d. or javascript:alert(1), http://x/"+strings.Repeat("y", 80)))
	content := s.View().Content
	for _, want := range []string{
		ansi.SetHyperlink("https://example.org/a_(b)?c=d"),
		ansi.SetHyperlink("http://x/" + strings.Repeat("y", 80)), // on both of its rows
	} {
		if !strings.Contains(content, want) {
			t.Errorf("no %q in %q", want, content)
		}
	}
	if strings.Contains(content, ansi.SetHyperlink("javascript:alert(1)")) {
		t.Error("javascript: can be clicked")
	}
	if n := strings.Count(content, ansi.SetHyperlink("http://x/"+strings.Repeat("y", 80))); n < 2 {
		t.Errorf("a link of two rows can be clicked on %d", n)
	}
}

func TestColoursHaveEnoughContrast(t *testing.T) {
	for name, palette := range map[string][]string{"#000000": namesOnDark, "#ffffff": namesOnLight} {
		for _, c := range palette {
			if got := contrast(lipgloss.Color(c), lipgloss.Color(name)); got < 4.5 {
				t.Errorf("%s on %s: %.2f", c, name, got)
			}
		}
	}
}

// contrast returns the contrast of two colours (WCAG 2.2).
func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

func TestHostileTextsStayTexts(t *testing.T) {
	hostile := []string{
		"\x1b[2J\x1b[H gone", "\x1b]0;title\a", "\x1b]52;c;aGk=\x1b\\", "\x9b31m", "a\rb", "\u202eevil\u202c", "\u2066x\u2069", "\x00\x07\b",
		"\x1bP+q\x1b\\", "x\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", strings.Repeat("A", 1<<20), strings.Repeat("\n", 5000), "\ufeff\u2028\u2029",
		"https://example.org/\x1b]8;;https://evil\x1b\\", "\xff\xfe\xc3", "\t\t\t\t\t",
	}
	s := newScreen(t, 80, 24)
	for _, h := range hostile {
		s.happen(
			s.message("mallory"+h, h), s.message("bob", "alice "+h),
			client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "join", Name: h, Time: noon},
			client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "notice", Code: "has-set-topic", Text: h, Args: map[string]any{"topic": h}, Time: noon},
			client.Notice{Code: h, Text: h, Args: map[string]any{"name": h}},
			client.Failure{Code: "x", Text: h},
			client.Message{Private: true, From: h, Text: h, Time: noon},
			client.Lost{Room: "#lobby", Text: h},
			client.Rollback{Room: h}, client.Gap{Room: "#lobby", Missed: 3},
			client.Disconnected{Err: fmt.Errorf("x %s", h), Retry: time.Second},
		)
		onlyOurs(t, s.View().Content)
		s.press("pgup", "pgup", "pgup")
		onlyOurs(t, s.View().Content)
		s.press("ctrl+k", "down")
		onlyOurs(t, s.View().Content)
		s.press("esc", "ctrl+f", "'x", "enter")
		s.happen(client.Connected{Server: h, Resumed: true, Commands: []client.Command{{Name: h, Args: h}}})
		s.press("esc", "'/")
		onlyOurs(t, s.View().Content)
		onlyOurs(t, s.View().WindowTitle)
		s.press("backspace")
	}
	s.rows()
}

// onlyOurs fails if there is something in a screen that controls the terminal, other than
// colours and links.
func onlyOurs(t rapid.TB, content string) {
	t.Helper()
	state := byte(0)
	for rest := content; rest != ""; {
		seq, width, n, next := ansi.DecodeSequence(rest, state, nil)
		state = next
		rest = rest[n:]
		link := strings.HasPrefix(seq, "\x1b]8;") && !strings.Contains(seq[4:len(seq)-1], "\x1b") &&
			(strings.HasPrefix(seq, "\x1b]8;;http") || strings.HasPrefix(seq, "\x1b]8;;\a") || strings.HasPrefix(seq, "\x1b]8;;\x1b"))
		style := strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m")
		if width == 0 && seq != "\n" && (seq[0] < ' ' || seq[0] == 0x7f) && !style && !link {
			t.Fatalf("the screen has %q", seq)
		}
		if strings.ContainsAny(seq, "\u202e\u2066\u2067\u2068\u202a\u202b\u202d") {
			t.Fatalf("the screen has %q", seq)
		}
	}
}

func TestLinesOfANoticeAreNotPadded(t *testing.T) {
	s := newScreen(t, 40, 24)
	s.happen(client.Notice{Code: "x", Text: "a\n" + strings.Repeat("word ", 30) + "\nb\nc"})
	if n := strings.Count(strings.TrimRight(s.text(), "\n"), "\n\n  c"); n > 0 || !strings.Contains(s.text(), "  b\n  c\n") {
		t.Errorf("there are empty rows:\n%s", s.text())
	}
}

// A server that makes conversations without end, and does not answer.
func TestWhatTheScreenKnowsIsBounded(t *testing.T) {
	s := newScreen(t, 80, 24)
	for n := range 700 { // more than the limits together
		s.happen(client.Message{Private: true, From: fmt.Sprint("n", n), Text: "x", Time: noon}, client.Notice{Code: "x", Text: "x"})
		s.press("alt+a")
		s.compose("draft")
		s.page(s.active, client.Request{Before: 1}, chatstate.Before)
	}
	most := chatstate.MaxPeople + chatstate.MaxRooms
	if len(s.views) > most || len(s.drafts) > most || len(s.loading) > most || len(s.asked) > maxAsked || len(s.reads) > most || len(s.history) > MaxHistory {
		t.Errorf("%d views, %d drafts, %d loading, %d asked, %d reads, %d lines", len(s.views), len(s.drafts), len(s.loading), len(s.asked), len(s.reads), len(s.history))
	}
}

func TestTypedControlCharactersAreNotShown(t *testing.T) {
	s := newScreen(t, 80, 24)
	for _, r := range "a\u202e\u0085\u2066b" { // as a terminal without brackets pastes
		s.update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	s.field("ab")
	s.press("ctrl+f")
	s.update(tea.PasteMsg{Content: "\u202ea\nb\x1b[2J"})
	s.shows("Search for: a b")
	onlyOurs(t, s.View().Content)
}
