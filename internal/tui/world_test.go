//go:build !aix

package tui

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/texts"
)

var update = flag.Bool("update", false, "write the screens in testdata")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is a session without a server.
type fake struct {
	events  chan client.Event
	posts   []client.Post
	sent    []client.Request
	offline bool
	retries int
	n       int
	err     error
}

func (f *fake) Events() <-chan client.Event { return f.events }
func (f *fake) Err() error                  { return f.err }
func (f *fake) Retry()                      { f.retries++ }

func (f *fake) Post(p client.Post) (string, error) {
	if len(f.posts) >= client.MaxUnacked {
		return "", client.ErrQueueFull
	}
	f.n++
	f.posts = append(f.posts, p)
	return fmt.Sprint("c", f.n), nil
}

func (f *fake) Send(r client.Request) (string, error) {
	if f.offline {
		return "", client.ErrOffline
	}
	f.n++
	r.CID = fmt.Sprint("c", f.n)
	f.sent = append(f.sent, r)
	return r.CID, nil
}

// last returns the last request of a type.
func (f *fake) last(t rapid.TB, kind string) client.Request {
	t.Helper()
	for n := len(f.sent) - 1; n >= 0; n-- {
		if f.sent[n].Type == kind {
			return f.sent[n]
		}
	}
	t.Fatalf("no request %s was sent: %v", kind, f.sent)
	return client.Request{}
}

// A screen is a model with a fake session.
type screen struct {
	t rapid.TB
	*Model
	session *fake
	seq     uint64
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// newScreen returns a screen of a user called alice in #lobby.
func newScreen(t rapid.TB, width, height int) *screen {
	t.Helper()
	return newScreenIn(t, "en", width, height)
}

func newScreenIn(t rapid.TB, language string, width, height int) *screen {
	t.Helper()
	s := &screen{t: t, session: &fake{events: make(chan client.Event)}, seq: 10}
	o := Options{
		Session: s.session, Texts: texts.Choose(language), Zone: time.UTC, Now: func() time.Time { return noon },
		Reason: func(err error) string { return err.Error() },
		Fatal:  func(error) error { return nil },
		Answer: func(client.Raw) ([]string, bool) { return nil, false },
		Expand: texts.Expand,
		Emoji:  []Emoji{{"tea", "🍵"}, {"steak", "🥩"}},
	}
	s.Model = New(o)
	s.update(tea.WindowSizeMsg{Width: width, Height: height})
	s.happen(
		client.Connected{Server: "Tea House", MaxText: 4096, MaxLines: 64, Commands: []client.Command{
			{Name: "kick", Args: "USER [REASON]"}, {Name: "join", Args: "#ROOM", Aliases: []string{"j"}}, {Name: "who"},
		}},
		client.Joined{Room: "#lobby", Name: "alice", Topic: "Tea and biscuits", Place: s.place(), History: []client.Message{}},
	)
	s.answer("who", `{"type":"members","room":"#lobby","list":[{"name":"alice"},{"name":"bob","role":"operator"},{"name":"carol","away":true}]}`)
	return s
}

func (s *screen) update(msg tea.Msg) { s.Update(msg) }

func (s *screen) happen(events ...client.Event) { s.update(eventsMsg(events)) }

// kicked throws the user out of a room.
func (s *screen) kicked(room string) {
	s.happen(client.Notice{Code: "you-are", Text: "you are kicked", Args: map[string]any{"room": room}})
}

// joined has the user enter a room.
func (s *screen) joined(room string) {
	s.happen(client.Joined{Room: room, Name: "alice", Place: s.place()})
}

// place returns the next place in the order.
func (s *screen) place() client.Place {
	s.seq++
	return client.Place{Epoch: 1, Seq: s.seq}
}

// message returns a message in #lobby.
func (s *screen) message(from, text string) client.Message {
	at := s.place()
	return client.Message{Room: "#lobby", Place: at, ID: at.Seq, From: from, Text: text, Time: noon.Add(time.Duration(at.Seq) * time.Second)}
}

// answer answers the last request of a type with an object.
func (s *screen) answer(kind, object string) {
	s.t.Helper()
	r := client.Raw{CID: s.session.last(s.t, kind).CID, JSON: json.RawMessage(object)}
	var head struct{ Type string }
	if err := json.Unmarshal(r.JSON, &head); err != nil {
		s.t.Fatal(err)
	}
	r.Type = head.Type
	s.happen(r)
}

// press presses keys, given as tea.Key.Keystroke returns them, or types a text that begins with '.
func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		if text, ok := strings.CutPrefix(k, "'"); ok {
			for _, r := range text {
				s.update(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
			continue
		}
		s.update(keyOf(s.t, k))
	}
}

var codes = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "pgup": tea.KeyPgUp,
	"pgdown": tea.KeyPgDown, "end": tea.KeyEnd, "home": tea.KeyHome, "f1": tea.KeyF1, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
	"left": tea.KeyLeft, "right": tea.KeyRight,
}

func keyOf(t rapid.TB, stroke string) tea.KeyPressMsg {
	t.Helper()
	var key tea.KeyPressMsg
	parts := strings.Split(stroke, "+")
	for _, mod := range parts[:len(parts)-1] {
		key.Mod |= map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "alt": tea.ModAlt, "shift": tea.ModShift}[mod]
	}
	name := parts[len(parts)-1]
	if key.Code = codes[name]; key.Code == 0 {
		key.Code = []rune(name)[0]
		if key.Mod == 0 {
			key.Text = name
		}
	}
	if key.Keystroke() != stroke {
		t.Fatalf("%q is pressed as %q", stroke, key.Keystroke())
	}
	return key
}

// rows returns the rows of the screen without styles.
func (s *screen) rows() []string {
	s.t.Helper()
	v := s.View()
	rows := strings.Split(ansi.Strip(v.Content), "\n")
	if len(rows) > max(1, s.height) {
		s.t.Errorf("%d rows on a screen of %d", len(rows), s.height)
	}
	for n, row := range rows {
		if w := s.words.measure.StringWidth(row); w > s.width {
			s.t.Errorf("row %d has %d columns on a screen of %d: %q", n, w, s.width, row)
		}
		rows[n] = strings.TrimRight(row, " ")
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.X >= max(1, s.width) || c.Y < 0 || c.Y >= max(1, s.height)) {
		s.t.Errorf("the cursor is at %d, %d of a screen of %d by %d", c.X, c.Y, s.width, s.height)
	}
	return rows
}

// field fails the test if something else is typed than wanted.
func (s *screen) field(want string) {
	s.t.Helper()
	if got := s.input.Value(); got != want {
		s.t.Errorf("the field has %q, want %q", got, want)
	}
}

func (s *screen) text() string { s.t.Helper(); return strings.Join(s.rows(), "\n") }

func (s *screen) shows(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if all := s.text(); !strings.Contains(all, part) {
			s.t.Errorf("the screen does not show %q:\n%s", part, all)
		}
	}
}

func (s *screen) hides(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if all := s.text(); strings.Contains(all, part) {
			s.t.Errorf("the screen shows %q:\n%s", part, all)
		}
	}
}

// golden compares the screen with a file.
func (s *screen) golden(name string) {
	s.t.Helper()
	file := filepath.Join("testdata", name+".txt")
	got := s.text() + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if d := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); d != "" {
		s.t.Errorf("%s (-want +got), written by go test ./internal/tui -update:\n%s", file, d)
	}
}

var errLost = errors.New("connection reset by peer")
