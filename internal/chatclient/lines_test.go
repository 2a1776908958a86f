package chatclient_test

import (
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/codec/json"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

var (
	now  = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	addr = netip.MustParseAddr("203.0.113.7")
	said = []chat.Event{
		{ID: 7, Room: "#tea", Kind: chat.Say, Name: "bob", Body: "hello", Time: now},
		{ID: 9, Room: "#lobby", Kind: chat.Action, Name: "eve", Body: "waves", Time: now.Add(time.Hour), Edited: now.Add(2 * time.Hour)},
	}
	usage = chat.Usage{Name: "list", Aliases: []string{"who", "names"}, Args: "[#ROOM]", Help: "List who is here."}
)

func lines() *chatclient.Lines {
	return &chatclient.Lines{Zone: time.UTC, Now: func() time.Time { return now }}
}

func TestAnswersAreShownAsTelnetShowsThem(t *testing.T) {
	for name, all := range map[string][]chat.Answer{
		"commands": {chat.Commands{List: []chat.Usage{usage}, Topics: []string{"rooms", "history"}, More: 2}, chat.Commands{List: []chat.Usage{usage}}},
		"usage":    {usage},
		"rooms": {chat.Rooms{List: []chat.RoomEntry{
			{Name: "#lobby", People: 1}, {Name: "#tea", People: 2, MembersOnly: true, Keyed: true, Moderated: true, Slow: time.Minute, Topic: "tea"},
		}}},
		"topic": {chat.Topic{Room: "#tea", Text: "green"}, chat.Topic{Room: "#tea"}},
		"members": {chat.Members{Room: "#tea", People: 9, Others: 3, List: []chat.MemberEntry{
			{Name: "ann"}, {Name: "bob", Away: true}, {Name: "carol", Away: true, Why: "tea", Idle: time.Hour}, {Name: "dave", Idle: 90 * time.Minute},
		}}},
		"connections": {chat.Connections{List: []chat.Connection{{ID: 3, Name: "ann", Role: chat.Admin, From: addr, Idle: time.Minute}, {ID: 4, Name: "bob"}}}},
		"whois": {
			chat.Person{Name: "ann", Registered: true, Role: chat.Moderator, Here: 2, Idle: time.Hour, Away: true, Why: "tea", Connections: []chat.Connection{{ID: 3, From: addr}, {ID: 4}}},
			chat.Person{Name: "ann", Registered: true, Role: chat.User, Seen: 50 * time.Hour},
		},
		"whoami":  {chat.Self{Name: "bob", From: addr}, chat.Self{Name: "ann", Registered: true, Role: chat.Admin, Rooms: []string{"#lobby", "#tea"}}},
		"ignored": {chat.Ignored{}, chat.Ignored{Names: []string{"ann", "bob"}}},
		"settings": {chat.OwnSettings{List: []chat.SettingEntry{
			{Name: "bell", Value: true, Values: chat.NewNote("set-bell")},
			{Name: "colour", Value: false, Values: chat.NewNote("set-colour")},
			{Name: "zone", Value: "UTC", Values: chat.NewNote("set-zone")},
		}}},
		"roomSettings": {chat.RoomSettings{Room: "#tea", List: []chat.SettingEntry{
			{Name: "slow", Value: time.Duration(0), Values: chat.NewNote("room-slow")},
			{Name: "keep", Value: 720 * time.Hour, Values: chat.NewNote("room-keep")},
			{Name: "keep-size", Value: int64(5 << 20), Values: chat.NewNote("room-keep-size")},
		}}},
		"roomMembers": {chat.RoomMembers{Room: "#tea", Owner: []string{"ann"}, Operators: []string{"bob"}, Members: []string{"dave"}, Voiced: []string{"eve"}}, chat.RoomMembers{Room: "#tea"}},
		"sanctions": {chat.Sanctions{}, chat.Sanctions{More: 1, List: []chat.Sanction{
			{Kind: chat.Ban, Target: "bob", Net: netip.PrefixFrom(addr, 32), By: "ann", Since: now, Until: now.Add(time.Hour), Reason: "spam"},
			{Kind: chat.Mute, Target: "eve", Room: "#tea", By: "ann", Since: now},
			{Kind: chat.ShadowMute, Target: "eve", By: "ann", Since: now},
		}}},
		"flags":   {chat.Flags{}, chat.Flags{List: []chat.Flag{{ID: 7, Event: said[0], Why: "hello"}}}},
		"results": {chat.Found{Query: "hello", Events: said, Rooms: true, Older: true}},
		"stats": {
			chat.Statistics{Names: 1, Connections: 2, Rooms: 1, Accounts: 3, Flags: 1},
			chat.Statistics{Server: &chat.ServerStatistics{Up: 26 * time.Hour, Open: 1, Accepted: 5, Refused: 2, Slow: 1, Events: 8}},
		},
	} {
		for _, a := range all {
			object := json.Format{}.Answer(nil, a)
			want := strings.ReplaceAll(string(text.Format{}.Answer(nil, a)), "\r\n", "\n")
			got := lines().Append(nil, client.Raw{Type: name, JSON: object})
			if diff := cmp.Diff(want, string(got)); diff != "" || want == "" {
				t.Errorf("%s: %s", object, diff)
			}
		}
	}
}

// shows returns the lines of events in #lobby, where the user is ada.
func shows(events ...client.Event) string {
	l := lines()
	l.Append(nil, client.Joined{Room: "#lobby", Name: "ada"})
	var out []byte
	for _, e := range events {
		out = l.Append(out, e)
	}
	return string(out)
}

func TestEventsAreShown(t *testing.T) {
	for _, c := range []struct {
		e    client.Event
		want string
	}{
		{client.Message{Room: "#lobby", ID: 1, From: "bob", Text: "hello"}, "bob: hello\n"},
		{client.Message{Room: "#lobby", ID: 1, From: "bob", Text: "one\ntwo"}, "bob: one\nbob: two\n"},
		{client.Message{Room: "#lobby", ID: 1, From: "bob", Kind: "action", Text: "waves"}, "* bob waves\n"},
		{client.Message{Room: "#tea", ID: 1, From: "bob", Text: "hello"}, "#tea bob: hello\n"},
		{client.Message{Private: true, From: "bob", Text: "psst"}, "[bob -> you] psst\n"},
		{client.Message{Private: true, To: "bob", Text: "psst"}, "[you -> bob] psst\n"},
		{client.Message{Private: true, Mailed: true, From: "bob", Text: "psst", Time: now}, "[bob -> you, sent 2030-01-02 03:04] psst\n"},
		{client.RoomEvent{Room: "#lobby", What: "join", Name: "bob"}, "*** bob joined\n"},
		{client.RoomEvent{Room: "#lobby", What: "leave", Name: "bob", Text: "tea"}, "*** bob left (tea)\n"},
		{client.RoomEvent{Room: "#tea", What: "leave", Name: "bob"}, "#tea *** bob left\n"},
		{client.RoomEvent{Room: "#lobby", What: "nick", Name: "bob", NewName: "rob"}, "*** bob is now known as rob\n"},
		{client.RoomEvent{Room: "#lobby", What: "edit", Name: "bob", Text: "hi"}, "* bob: hi (edited)\n"},
		{client.RoomEvent{Room: "#lobby", What: "redact", Text: "bob deleted message #7"}, "*** bob deleted message #7\n"},
		{client.RoomEvent{Room: "#lobby", What: "announcement", Text: "tea"}, "*** tea\n"},
		{client.RoomEvent{Room: "#tea", What: "announcement", Text: "tea"}, ""},
		{client.RoomEvent{Room: "#lobby", What: "read"}, ""},
		{client.Failure{Text: "you are muted"}, "*** you are muted\n"},
		{client.Notice{Text: "announced"}, "*** announced\n"},
		{client.Gap{Room: "#lobby", Missed: 3}, "*** you missed 3 lines\n"},
		{client.Gap{Room: "#lobby"}, "*** messages in #lobby were missed\n"},
		{client.Rollback{Room: "#lobby"}, "*** the server has lost its latest messages in #lobby, also some that were shown here\n"},
		{client.Lost{Text: "a\nb"}, "*** the session has ended, so it is unknown whether this message has arrived: a b\n"},
		{client.Bye{Text: "server shutdown"}, "*** server shutdown\n"},
		{client.Ack{CID: "1"}, ""},
		{client.Raw{Type: "pong", JSON: []byte(`{"type":"pong"}`)}, ""},
		{client.Raw{Type: "of a later version", JSON: []byte(`{}`)}, ""},
		{
			client.History{Room: "#tea", Events: []client.Message{{ID: 7, From: "bob", Text: "hello", Time: now, Edited: now}}},
			"*** --- 1 line of #tea ---\n[2030-01-02 03:04 #7] bob: hello (edited)\n*** --- end of the history ---\n",
		},
		{
			client.Joined{Room: "#tea", Name: "ada", Others: 1, History: []client.Message{{ID: 7, From: "bob", Text: "hello", Time: now}}},
			"*** --- the last line ---\nbob: hello\n*** --- end of the last lines ---\n*** you are in #tea as ada, with 1 other; /help lists the commands\n",
		},
		{client.Joined{Room: "#lobby", Resumed: true, Name: "ada", History: []client.Message{{Room: "#lobby", ID: 8, From: "bob", Text: "missed"}}}, "bob: missed\n"},
	} {
		if diff := cmp.Diff(c.want, shows(c.e)); diff != "" {
			t.Errorf("%+v: %s", c.e, diff)
		}
	}
}

func TestReconnectsAreSaid(t *testing.T) {
	got := shows(client.Connected{}, client.Disconnected{Retry: time.Second}, client.Disconnected{Err: io.EOF}, client.Connected{Resumed: true}, client.Connected{})
	want := "*** the connection is lost: the connection was closed; trying again in 1s\n*** there is still no connection: the server has closed the connection; trying again in 100ms\n*** connected again\n*** connected again, in a new session: the old one has ended\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// After a new session the room's latest messages come again.
func TestMessagesAreShownOnce(t *testing.T) {
	m := client.Message{Room: "#lobby", ID: 5, From: "bob", Text: "old"}
	again := client.Joined{Room: "#lobby", Name: "ada", History: []client.Message{{ID: 5, From: "bob", Text: "old"}, {ID: 6, From: "bob", Text: "new"}}}
	got := shows(m, again)
	if strings.Count(got, "old") != 1 || strings.Count(got, "new") != 1 {
		t.Error(got)
	}
}

func TestOwnMessagesAreLeftOutOnce(t *testing.T) {
	l := lines()
	l.Append(nil, client.Joined{Room: "#lobby", Name: "ada"})
	l.Posted("1", client.Post{Room: "#lobby", Text: "hello"})
	m := client.Message{Room: "#lobby", ID: 1, From: "ada", Text: "hello"}
	if got := l.Append(nil, m); len(got) != 0 {
		t.Errorf("shown: %q", got)
	}
	if got := l.Append(nil, m); string(got) != "ada: hello\n" { // of another connection
		t.Errorf("%q", got)
	}
}

func TestTheCurrentRoomFollowsTheServer(t *testing.T) {
	l := lines()
	for _, step := range []struct {
		e    client.Event
		want string
	}{
		{client.Joined{Room: "#lobby", Name: "ada"}, "#lobby"},
		{client.Joined{Room: "#tea", Name: "ada"}, "#lobby"}, // a room of the account
		{client.Notice{Code: "talking-in", Args: map[string]any{"room": "#tea"}}, "#tea"},
		{client.Notice{Code: "left-room", Args: map[string]any{"room": "#tea", "current": "#lobby"}}, "#lobby"},
		{client.Notice{Code: "talking-in", Args: map[string]any{"room": 1}}, "#lobby"},
		{client.Connected{}, "#lobby"},
	} {
		if l.Append(nil, step.e); l.Room() != step.want {
			t.Errorf("%+v: %s, want %s", step.e, l.Room(), step.want)
		}
	}
}

// nasty is text of a hostile server, and of the lines that it would make.
const nasty = "a\x1b[31mb\x1b]0;t\x07\u202ec\r\n*** d\u2028e\x00\u009bf\x7f"

// Whatever the server sends, a line is printable, and a text can't make a line that looks
// like somebody else's.
func TestAHostileServerCantControlTheTerminal(t *testing.T) {
	quoted := func(s string) string {
		return string(json.Format{}.Notice(nil, chat.NewNote("announcement", "text", s)))
	}
	for _, e := range []client.Event{
		client.Message{Room: nasty, ID: 1, From: nasty, Text: nasty},
		client.Message{Private: true, From: nasty, Text: nasty},
		client.Message{Private: true, To: nasty, Text: nasty},
		client.Message{Room: "#lobby", From: nasty, Kind: "action", Text: nasty},
		client.Joined{Room: nasty, Name: nasty, Others: -1, History: []client.Message{{From: nasty, Text: nasty}}},
		client.Joined{Room: nasty, Name: nasty, Resumed: true, History: []client.Message{{From: nasty, Text: nasty}}},
		client.RoomEvent{Room: nasty, What: "join", Name: nasty},
		client.RoomEvent{Room: nasty, What: "leave", Name: nasty, Text: nasty},
		client.RoomEvent{Room: nasty, What: "nick", Name: nasty, NewName: nasty},
		client.RoomEvent{Room: nasty, What: "edit", Name: nasty, Text: nasty},
		client.RoomEvent{Room: nasty, What: "notice", Text: nasty},
		client.Failure{Text: nasty},
		client.Notice{Text: nasty},
		client.Bye{Text: nasty},
		client.Gap{Room: nasty},
		client.Rollback{Room: nasty},
		client.Lost{Text: nasty},
		client.Disconnected{Err: client.Bye{Text: nasty}},
		client.History{Room: nasty, Events: []client.Message{{From: nasty, Text: nasty}}},
		client.Raw{Type: "topic", JSON: json.Format{}.Answer(nil, chat.Topic{Room: nasty, Text: nasty})},
		client.Raw{Type: "rooms", JSON: json.Format{}.Answer(nil, chat.Rooms{List: []chat.RoomEntry{{Name: nasty, Topic: nasty}}})},
		client.Raw{Type: "settings", JSON: []byte(`{"list":[{"name":"x","value":{"a":"\u001b"},"values":` + strings.TrimSpace(quoted(nasty)) + `}]}`)},
		client.Raw{Type: "stats", JSON: []byte(`{"names":"x\u001b"}`)},
		client.Raw{Type: "rooms", JSON: []byte(`{"list":[{"slow":1e300,"people":-1}]}`)},
		client.Raw{Type: "whois", JSON: []byte(`{"role":"\u001b","idle":-1e300,"connections":[{"id":"x"}]}`)},
		client.Raw{Type: "members", JSON: []byte(`[]`)},
		client.Raw{Type: "members", JSON: []byte(`null`)},
		client.Raw{Type: "flags", JSON: []byte(`{"list":[{"event":{"id":"\u001b"}}]}`)},
		client.Raw{Type: "sanctions", JSON: []byte(`{"list":[{"kind":"x","net":"y","since":"2030-01-02T03:04:05Z"}]}`)},
	} {
		out := shows(e)
		for line := range strings.Lines(out) {
			if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return unicode.IsControl(r) || r >= 0x2028 && r <= 0x202e }); i >= 0 {
				t.Errorf("%T: %q", e, line)
			}
			if strings.HasPrefix(line, "*** d") {
				t.Errorf("%T: a line of its own: %q", e, out)
			}
		}
	}
}
