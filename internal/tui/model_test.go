//go:build !aix

package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/client"
)

func TestWhatIsTypedIsPosted(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'one :tea:, please", "enter")
	if p := s.session.posts[0]; p.Text != "one 🍵, please" {
		t.Errorf("%+v", p)
	}
	s.session.posts = nil
	s.press("'hello", "alt+enter", "'there", "enter", "'//slash", "enter", "'/me waves", "enter", "'/msg bob psst", "enter")
	want := []client.Post{
		{Room: "#lobby", Text: "hello\nthere"}, {Room: "#lobby", Text: "/slash"}, {Room: "#lobby", Text: "waves", Action: true}, {To: "bob", Text: "psst"},
	}
	if d := cmp.Diff(want, s.session.posts); d != "" {
		t.Error(d)
	}
}

func TestAMessageIsShownOnceWhileItIsOnItsWay(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'my words", "enter")
	s.shows("my words (Sending …)")
	m := s.message("alice", "my words")
	s.happen(m)
	if n := strings.Count(s.text(), "my words"); n != 1 {
		t.Errorf("it is shown %d times:\n%s", n, s.text())
	}
	s.hides("Sending")
	s.happen(client.Ack{CID: "c" + fmt.Sprint(s.session.n), Room: "#lobby", ID: m.ID, Stored: true})
	if s.chat.Unacked() != 0 {
		t.Error("it is not acknowledged")
	}
}

func TestWithoutAConnection(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.session.offline = true
	s.happen(client.Disconnected{Err: errLost, Retry: 7 * time.Second})
	s.shows("connection reset by peer", "7 s")
	s.press("'first", "enter", "'second", "enter")
	s.shows("first (Waiting", "second (Waiting", "2 ")
	s.press("'/who", "enter")
	s.shows("/who", "There is no connection")
	s.field("/who")
	s.press("backspace", "backspace", "backspace", "backspace", "enter")
	if s.session.retries != 1 {
		t.Errorf("Enter tried %d times", s.session.retries)
	}
	s.session.offline = false
	s.happen(client.Connected{Resumed: true}, s.message("alice", "first"), s.message("alice", "second"))
	s.hides("connection reset", "Waiting")
}

func TestQuittingWithMessagesThatAreNotAcknowledgedAsks(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'unsent", "enter", "ctrl+c")
	if s.quitting || s.dialog == nil {
		t.Fatal("it does not ask")
	}
	s.press("enter") // cancel is first
	if s.quitting || s.dialog != nil {
		t.Fatal("it does not stay")
	}
	s.press("ctrl+c", "y")
	if !s.quitting {
		t.Error("it does not leave")
	}
}

func TestARefusedMessageIsNotLost(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'shout", "enter")
	s.happen(client.Failure{CID: fmt.Sprint("c", s.session.n), Code: "flooding", Text: "you are too fast"})
	s.shows("you are too fast")
	s.field("shout")
	s.press("' more", "enter", "'another", "enter", "'draft")
	s.happen(client.Failure{CID: fmt.Sprint("c", s.session.n), Code: "flooding", Text: "no"})
	s.shows("another")
	if !strings.Contains(s.text(), "  Not sent: another\n") { // what was not sent begins a row
		t.Errorf("the reason and the text are in one row:\n%s", s.text())
	}
	s.field("draft")
}

func TestAMessageThatIsHeldIsShown(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'fishy words", "enter")
	s.happen(client.Held{CID: fmt.Sprint("c", s.session.n), Room: "#lobby", Code: "held-now", Text: "it waits for a review"})
	s.shows("it waits for a review: fishy words")
	s.hides("Sending")
	if s.chat.Unacked() != 0 {
		t.Error("it is sent again")
	}
}

func TestUpEditsTheLastMessage(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("alice", "helo"), s.message("bob", "hi"))
	id := s.seq - 1
	s.press("up", "backspace", "'lo", "enter")
	if r := s.session.last(t, "edit"); r.ID != id || r.Text != "hello" || r.Room != "#lobby" {
		t.Errorf("%+v", r)
	}
	s.happen(client.RoomEvent{Room: "#lobby", What: "edit", Edited: id, Name: "alice", Text: "hello", Time: noon})
	s.shows("hello (edited)")
	s.press("up", "esc")
	if s.input.Value() != "" || s.purpose != nil {
		t.Error("Escape does not end the edit")
	}
}

func TestAMessageIsAnsweredAndDeleted(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("bob", "a question?"), s.message("alice", "oops"))
	question, oops := s.seq-1, s.seq
	s.press("shift+tab", "up", "r")
	s.shows("Reply to bob:")
	s.press("'yes", "enter")
	if p := s.session.posts[0]; p.ReplyTo != question || p.Text != "yes" {
		t.Errorf("%+v", p)
	}
	s.happen(s.message("alice", "yes"))
	s.press("shift+tab", "up", "enter", "d", "y")
	if r := s.session.last(t, "redact"); r.ID != oops {
		t.Errorf("%+v", r)
	}
	s.happen(client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "redact", Redacted: oops, Time: noon})
	s.hides("oops")
	s.shows("This message was deleted.")
}

func TestOthersMessagesCannotBeEditedOrDeleted(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("bob", "mine"))
	s.press("shift+tab", "e", "d")
	for _, r := range s.session.sent {
		if r.Type == "edit" || r.Type == "redact" {
			t.Errorf("%+v", r)
		}
	}
	s.press("shift+tab", "enter")
	s.hides("[e]", "[d]", "[k]")
}

func TestCompletion(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(client.Joined{Room: "#teahouse", Name: "alice", Place: s.place()})
	for typed, want := range map[string]string{
		"bo": "bob: ", "hi @car": "hi carol ", "so :te": "so 🍵 ", "/ki": "/kick ", "/j": "/join ", "see #tea": "see #teahouse ", "zzz": "zzz", "//ki": "//ki",
	} {
		s.compose("")
		s.press("'"+typed, "tab")
		if got := s.input.Value(); got != want {
			t.Errorf("%q becomes %q instead of %q", typed, got, want)
		}
	}
	s.compose("")
	s.press("':te", "down", "tab")
	if got := s.input.Value(); got != "🥩 " {
		t.Errorf("the second one is %q", got)
	}
}

func TestPastingManyLinesAsks(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.update(tea.PasteMsg{Content: "1\r\n2\r\n3"})
	s.field("1\n2\n3")
	s.compose("")
	s.update(tea.PasteMsg{Content: "1\n2\n3\n4\n5\n6"})
	if s.input.Value() != "" {
		t.Fatal("six lines are inserted without being asked")
	}
	s.press("y")
	s.field("1\n2\n3\n4\n5\n6")
	s.compose("")
	s.update(tea.PasteMsg{Content: "\x1b[31mred\x1b[0m\x07"})
	s.field("red")
	s.update(tea.PasteMsg{Content: strings.Repeat("x", 1<<20)})
	if s.input.Value() != "red" {
		t.Error("a megabyte is inserted")
	}
}

func TestBackspaceDeletesWhatAUserSees(t *testing.T) {
	s := newScreen(t, 80, 24)
	for _, typed := range []string{"é", "👩‍👧", "🇩🇪", "世", "x"} {
		s.press("'a"+typed, "backspace")
		if s.input.Value() != "a" {
			t.Errorf("of %q, %q is left", "a"+typed, s.input.Value())
		}
		s.compose("")
	}
}

func TestTheSwitcherJoinsRoomsAndWritesToPeople(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("ctrl+k", "'garden", "enter")
	if r := s.session.last(t, "join"); r.Room != "#garden" {
		t.Errorf("%+v", r)
	}
	s.happen(client.Joined{CID: s.session.last(t, "join").CID, Room: "#garden", Name: "alice", Place: s.place()})
	if s.active.Name != "#garden" {
		t.Errorf("%s is shown", s.active.Name)
	}
	s.press("ctrl+k", "'@bob", "enter", "'psst", "enter")
	if p := s.session.posts[0]; p.To != "bob" {
		t.Errorf("%+v", p)
	}
	s.press("alt+w")
	if s.chat.Find("@bob") != nil {
		t.Error("the conversation is not closed")
	}
}

func TestHistoryOfTheInput(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.press("'one", "enter", "'two", "enter", "ctrl+p", "ctrl+p")
	s.field("one")
	s.press("ctrl+n")
	s.field("two")
	s.press("ctrl+n", "ctrl+n")
	s.field("")
}

func TestDraftsBelongToConversations(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.press("'for the lobby", "alt+down", "'for tea", "alt+up")
	if s.input.Value() != "for the lobby" || s.active.Name != "#lobby" {
		t.Errorf("%s: %q", s.active.Name, s.input.Value())
	}
	s.press("ctrl+k", "'te", "enter")
	s.field("for tea")
}

func TestUnreadMessages(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.chat.Me.Registered = true
	s.joined("#tea")
	tea1 := s.message("bob", "one")
	tea1.Room = "#tea"
	tea2 := s.message("bob", "alice, two")
	tea2.Room = "#tea"
	s.happen(tea1, tea2)
	s.shows("#tea", "*2 !1")
	s.press("alt+a")
	s.shows("New messages")
	s.hides("*2")
	s.update(readMsg{})
	if r := s.session.last(t, "read"); r.Room != "#tea" || r.Seq != tea2.Seq || *r.Epoch != 1 {
		t.Errorf("%+v", r)
	}
	// Another device has read further.
	s.press("alt+up")
	tea3 := s.message("bob", "three")
	tea3.Room = "#tea"
	s.happen(tea3)
	s.shows("*1")
	s.happen(client.RoomEvent{Room: "#tea", What: "read", Place: tea3.Place})
	s.hides("*1")
}

func TestAScreenThatIsNotWatchedReadsNothing(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.chat.Me.Registered = true
	s.update(tea.BlurMsg{})
	s.happen(s.message("bob", "are you there?"))
	if s.active.Unread != 1 {
		t.Errorf("%d are unread", s.active.Unread)
	}
	s.update(tea.FocusMsg{})
	s.shows("New messages")
	if s.active.Unread != 0 {
		t.Errorf("%d are unread", s.active.Unread)
	}
}

func TestHistoryIsLoadedWithoutAJump(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.seq = 1000
	s.active.Older = true
	for n := range 100 {
		s.happen(s.message("bob", fmt.Sprint("line ", n)))
	}
	for range 20 {
		s.press("pgup")
	}
	r := s.session.last(t, "history")
	if r.Before != 1001 || r.Room != "#lobby" {
		t.Fatalf("%+v", r)
	}
	before := s.rows()
	older := client.History{CID: r.CID, Room: "#lobby", Older: true}
	for n := range 100 {
		older.Events = append(older.Events, client.Message{Room: "#lobby", Place: client.Place{Epoch: 1, Seq: uint64(900 + n)}, ID: uint64(900 + n), From: "bob", Text: fmt.Sprint("older ", n), Time: noon})
	}
	s.happen(older)
	after := s.rows()
	// The day's name is above the oldest line only.
	if d := cmp.Diff(before[2:], after[1:len(after)-1]); d != "" && !slices.Equal(before[3:], after[3:]) {
		t.Errorf("the screen jumps:\n%s\n---\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	s.happen(s.message("bob", "meanwhile"))
	s.hides("meanwhile")
	s.press("ctrl+end")
	s.shows("meanwhile")
}

func TestSearchJumpsToAMessageInItsPlace(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.seq = 5000
	for n := range 50 {
		s.happen(s.message("bob", fmt.Sprint("line ", n)))
	}
	s.press("ctrl+f", "'kettle", "enter")
	if r := s.session.last(t, "search"); r.Query != "kettle" {
		t.Errorf("%+v", r)
	}
	s.answer("search", `{"type":"results","query":"kettle","events":[{"room":"#lobby","epoch":1,"seq":77,"id":"77","from":"bob","text":"the kettle!","time":"2026-03-01T10:00:00Z"}]}`)
	s.shows("the kettle!")
	s.press("enter")
	r := s.session.last(t, "history")
	if r.Around != 77 {
		t.Fatalf("%+v", r)
	}
	page := client.History{CID: r.CID, Room: "#lobby", Older: true, Newer: true}
	for n := uint64(60); n < 95; n++ {
		page.Events = append(page.Events, client.Message{Room: "#lobby", Place: client.Place{Epoch: 1, Seq: n}, ID: n, From: "bob", Text: fmt.Sprint("event ", n), Time: noon})
	}
	s.happen(page)
	s.shows("event 77")
	s.hides("line 49")
	if c := s.view(s.active).cursor; c == nil || c.ID != 77 {
		t.Errorf("selected: %+v", c)
	}
	s.happen(s.message("carol", "live")) // belongs after what is not here
	s.press("esc", "ctrl+end")
	if r := s.session.last(t, "history"); r.After != 0 || r.Before != 0 || r.Around != 0 {
		t.Errorf("%+v", r)
	}
}

func TestQuestionsHideSecrets(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(client.Raw{Type: "question", JSON: []byte(`{"type":"question","code":"ask-password","text":"Password","hidden":true}`)})
	s.press("'secret")
	s.hides("secret")
	s.press("enter")
	if r := s.session.last(t, "answer"); r.Text != "secret" {
		t.Errorf("%+v", r)
	}
	s.happen(client.Raw{Type: "question", JSON: []byte(`{"type":"question","code":"ask-again","text":"Again","hidden":true}`)})
	s.press("'half")
	s.happen(client.Disconnected{Err: errLost})
	if s.dialog != nil || s.input.Value() != "" {
		t.Error("a question of a lost connection is still asked")
	}
	s.happen(client.Raw{Type: "question", JSON: []byte(`{"type":"question","code":"ask-again","text":"Again","hidden":true}`)})
	s.press("esc")
	if r := s.session.last(t, "answer"); r.Text != "/cancel" {
		t.Errorf("%+v", r)
	}
}

func TestGapsAndRollbacksAreShown(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("bob", "one"), client.Gap{Room: "#lobby", Missed: 12})
	s.shows("12")
	fill := client.History{CID: "fill", Room: "#lobby", Events: []client.Message{s.message("bob", "missed")}}
	s.happen(s.message("bob", "after"), fill, client.Filled{Room: "#lobby"})
	rows := s.text()
	if a, b, c := strings.Index(rows, "one"), strings.Index(rows, "missed"), strings.Index(rows, "after"); a > b || b > c {
		t.Errorf("the order is wrong:\n%s", rows)
	}
	s.hides("12 ")
	s.happen(client.Rollback{Room: "#lobby", Epoch: 1, KeptTo: s.seq - 2})
	s.hides("after", "missed")
	s.shows("#lobby")
}

func TestAPrivateConversationFollowsANick(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(client.Message{Private: true, From: "bob", Text: "psst", Time: noon})
	s.happen(client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "nick", Name: "bob", NewName: "rob", Time: noon})
	s.shows("@rob")
	s.hides("@bob")
	s.press("alt+down", "'yes?", "enter")
	if p := s.session.posts[0]; p.To != "rob" {
		t.Errorf("%+v", p)
	}
}

func TestOperatorsModerate(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("mallory", "spam"), client.RoomEvent{Room: "#lobby", Place: s.place(), ID: s.seq, What: "notice", Code: "op", Text: "alice is an operator now", Args: map[string]any{"name": "alice"}, Time: noon})
	s.press("shift+tab", "up", "enter")
	s.shows("[k]", "[b]", "[d]")
	s.press("k", "'spam", "enter")
	if r := s.session.last(t, "command"); r.Line != "/kick mallory spam" || r.Room != "#lobby" {
		t.Errorf("%+v", r)
	}
}

func TestLeavingARoomShowsAnother(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.press("alt+down", "'/leave", "enter")
	s.happen(client.Notice{Code: "left-room", Args: map[string]any{"room": "#tea"}})
	if s.active == nil || s.active.Name != "#lobby" || s.chat.Find("#tea") != nil {
		t.Errorf("%+v", s.active)
	}
}

func TestTheServersGoodbyeEndsTheScreen(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.session.err = client.Bye{Code: "kicked", Text: "out"}
	s.update(endMsg{})
	if s.Err() == nil {
		t.Error("there is no reason")
	}
}

func TestTheMouse(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	for n := range 60 {
		s.happen(s.message("bob", fmt.Sprint("line ", n, ".")))
	}
	s.update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	s.hides("line 59.")
	s.update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	s.shows("line 59.")
	rows := s.rows()
	for y, row := range rows {
		if strings.Contains(row, "line 50.") {
			s.update(tea.MouseClickMsg{Button: tea.MouseLeft, X: 40, Y: y})
		}
	}
	if c := s.view(s.active).cursor; c == nil || c.Text != "line 50." {
		t.Errorf("selected: %+v", c)
	}
	s.update(tea.MouseClickMsg{Button: tea.MouseLeft, X: 3, Y: 2})
	if s.active.Name != "#tea" {
		t.Errorf("%s is shown", s.active.Name)
	}
}

func TestAnEditKeepsTheDraft(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.happen(s.message("alice", "helo"))
	s.press("'draft", "shift+tab", "e")
	s.press("backspace", "'lo")
	s.press("alt+down")
	if s.input.Value() != "" || s.purpose != nil {
		t.Errorf("#tea has %q", s.input.Value())
	}
	s.press("alt+up")
	if s.purpose == nil || s.input.Value() != "hello" {
		t.Fatalf("the edit has become %q", s.input.Value())
	}
	s.press("enter")
	if r := s.session.last(t, "edit"); r.Text != "hello" || len(s.session.posts) != 0 {
		t.Errorf("%+v, %v", r, s.session.posts)
	}
	s.field("draft")
	s.press("shift+tab", "e", "esc")
	s.field("draft")
	s.press("ctrl+p", "ctrl+n")
	s.field("draft")
}

func TestAQuestionGivesTheDialogBack(t *testing.T) {
	s := newScreen(t, 80, 24)
	question := client.Raw{Type: "question", JSON: []byte(`{"type":"question","code":"ask","text":"Really?"}`)}
	s.press("ctrl+f", "'tea")
	s.happen(question, question)
	s.press("'yes", "enter")
	s.shows("Search for: tea")
	s.happen(question)
	s.happen(client.Disconnected{Err: errLost})
	s.shows("Search for: tea")
}

func TestTheCountdownHasOneClock(t *testing.T) {
	s := newScreen(t, 80, 24)
	started := 0
	for range 100 { // the server accepts, and goes away at once
		if s.disconnected(client.Disconnected{Err: errLost, Retry: time.Second}) != nil {
			started++
		}
		s.happen(client.Connected{Resumed: true})
	}
	if started != 1 {
		t.Errorf("%d clocks", started)
	}
	s.happen(client.Disconnected{Err: errLost, Retry: time.Second})
	s.Update(secondMsg{})
	if !s.ticking {
		t.Error("the countdown stands still")
	}
}

func TestASelectionThatIsTakenBackMoves(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("bob", "one"), s.message("bob", "two"), s.message("alice", "three"))
	s.press("shift+tab")
	s.happen(client.Rollback{Room: "#lobby", Epoch: 1, KeptTo: s.seq - 1})
	if c := s.view(s.active).cursor; c == nil || c.Text == "three" {
		t.Errorf("selected: %+v", c)
	}
	s.happen(client.Rollback{Room: "#lobby", Epoch: 1, KeptTo: 0})
	s.press("up", "down", "enter", "r")
	s.rows()
}
