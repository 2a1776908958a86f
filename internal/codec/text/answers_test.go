package text_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

var (
	addr  = netip.MustParseAddr("203.0.113.7")
	since = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	said  = []chat.Event{
		{ID: 7, Room: "#tea", Kind: chat.Say, Name: "bob", Body: "hello", Time: since},
		{ID: 9, Room: "#lobby", Kind: chat.Action, Name: "eve", Body: "waves", Time: since.Add(time.Hour)},
	}
	topics = []string{"rooms", "history"}
	list   = chat.Usage{Name: "list", Aliases: []string{"who", "names"}, Args: "[#ROOM]", Help: "List who is here."}
)

// answers are the texts for each kind of answer.
var answers = []struct {
	a    chat.Answer
	want string
}{
	{chat.Commands{List: []chat.Usage{list, {Name: "back", Help: "Say that you are there again."}}, Topics: topics, More: 2}, `
/list        List who is here. (also /who, /names)
/back        Say that you are there again.
/more shows 5 more lines`},
	{chat.Commands{List: []chat.Usage{list}, More: 1}, `
/list        List who is here. (also /who, /names)
/more shows 1 more line`},
	{chat.Commands{List: []chat.Usage{list}}, `
/list        List who is here. (also /who, /names)`},
	{chat.Commands{List: []chat.Usage{list}, Topics: topics}, `
/list        List who is here. (also /who, /names)
//TEXT       Send a line that begins with a slash.
/help COMMAND explains a command; /help TOPIC lists the commands for rooms, history.
Do other people's messages break up what you type? With telnet: /set editing on. With nc: rlwrap nc HOST PORT.`},
	{list, `
usage: /list [#ROOM]: List who is here. (also /who, /names)`},
	{chat.Usage{Name: "rooms", Help: "List the rooms."}, `
usage: /rooms: List the rooms.`},
	{chat.Rooms{List: []chat.RoomEntry{
		{Name: "#lobby", People: 1},
		{Name: "#tea", People: 2, MembersOnly: true, Keyed: true, Moderated: true, Slow: time.Minute, Topic: "{tea} [and] /cake"},
		{Name: "#überlange-teeküche", Topic: "Tee"},
	}}, `
#lobby           1 person
#tea             2 people, members only, needs a key, moderated, slow: 60 seconds: {tea} [and] /cake
#überlange-teeküche 0 people: Tee`},
	{chat.Topic{Room: "#tea", Text: "green"}, `
the topic of #tea is: green`},
	{chat.Topic{Room: "#tea"}, `
#tea has no topic`},
	{chat.Members{Room: "#tea", People: 9, Others: 3, List: []chat.MemberEntry{
		{Name: "ann"}, {Name: "bob", Away: true}, {Name: "carol", Away: true, Why: "tea", Idle: time.Hour}, {Name: "dave", Idle: 90 * time.Minute},
	}}, `
9 people here in #tea: ann, bob (away: no reason given), carol (away: tea), dave (idle 90 minutes) and 3 more`},
	{chat.Members{Room: "#tea", People: 1, List: []chat.MemberEntry{{Name: "ann"}}}, `
1 person here in #tea: ann`},
	{chat.Connections{List: []chat.Connection{{ID: 3, Name: "ann", Role: chat.Admin, From: addr, Idle: time.Minute}, {ID: 4, Name: "bob"}}}, `
2 connections
3 ann, admin, from 203.0.113.7, idle 60 seconds
4 bob, guest, from this machine, idle 0 seconds`},
	{chat.Connections{}, `
0 connections`},
	{chat.Person{Name: "bob", Here: 1}, `
bob is a guest, with 1 connection`},
	{chat.Person{
		Name: "ann", Registered: true, Role: chat.Moderator, Here: 2, Idle: time.Hour, Away: true, Why: "tea",
		Connections: []chat.Connection{{ID: 3, From: addr}, {ID: 4}},
	}, `
ann is a registered moderator, with 2 connections, idle 60 minutes, away: tea
connection 3 from 203.0.113.7
connection 4 from this machine`},
	{chat.Person{Name: "bob", Here: 1, Away: true}, `
bob is a guest, with 1 connection, away: no reason given`},
	{chat.Person{Name: "ann", Registered: true, Role: chat.User, Seen: 50 * time.Hour}, `
ann is a registered user and not here, last seen 3 days ago`},
	{chat.Self{Name: "bob", From: addr}, `
you are bob (a guest), in no room, from 203.0.113.7`},
	{chat.Self{Name: "ann", Registered: true, Role: chat.Admin, Rooms: []string{"#lobby", "#tea"}}, `
you are ann (registered, admin), in #lobby, #tea, from this machine`},
	{chat.Ignored{}, `
you are ignoring nobody`},
	{chat.Ignored{Names: []string{"ann", "bob"}}, `
you are ignoring ann, bob`},
	{chat.OwnSettings{List: []chat.SettingEntry{
		{Name: "bell", Value: true, Values: chat.NewNote("set-bell")},
		{Name: "zone", Value: "UTC", Values: chat.NewNote("set-zone")},
		{Name: "charset", Value: "utf-8", Values: chat.NewNote("set-charset", "charsets", []string{"utf-8", "latin1"})},
	}}, `
bell       on         on or off: ring the bell for private messages and for your name
zone       UTC        your time zone, for example Europe/Berlin
charset    utf-8      the character set of your terminal: utf-8, latin1`},
	{chat.RoomSettings{Room: "#tea", List: []chat.SettingEntry{
		{Name: "key", Value: false, Values: chat.NewNote("room-key")},
		{Name: "slow", Value: time.Duration(0), Values: chat.NewNote("room-slow")},
		{Name: "keep", Value: 720 * time.Hour, Values: chat.NewNote("room-keep")},
		{Name: "keep-size", Value: int64(5 << 20), Values: chat.NewNote("room-keep-size")},
	}}, `
key        off        one word that /join requires, or off
slow       off        seconds between two messages from the same user, or off
keep       30 days    how long to keep the history, for example 30d, or off for the server's limit
keep-size  5 MiB      how much history to keep, in MiB, or off for the server's limit`},
	{chat.RoomMembers{Room: "#tea", Owner: []string{"ann"}, Operators: []string{"bob", "carol"}, Members: []string{"dave"}, Voiced: []string{"eve"}}, `
owner: ann
operators: bob, carol
members: dave
users with voice: eve`},
	{chat.RoomMembers{Room: "#tea"}, `
#tea has no operators and no members`},
	{chat.Sanctions{}, `
nobody is banned or muted`},
	{chat.Sanctions{List: []chat.Sanction{
		{Kind: chat.Ban, Target: "bob", By: "ann", Since: since},
		{Kind: chat.Ban, Target: "bob", Net: netip.PrefixFrom(addr, 32), By: "ann", Since: since, Until: since.Add(time.Hour), Reason: "spam"},
		{Kind: chat.Mute, Target: "eve", Room: "#tea", By: "ann", Since: since},
		{Kind: chat.ShadowMute, Target: "eve", By: "ann", Since: since},
		{Kind: chat.Ban, Target: "192.0.2.0/24", Net: netip.MustParsePrefix("192.0.2.0/24"), By: "ann", Since: since},
	}, More: 1}, `
ban of bob by ann permanently
ban of bob at 203.0.113.7 by ann for 60 minutes, until 2030-01-02 04:04:05 UTC: spam
mute of eve in #tea by ann permanently
shadowmute of eve by ann permanently
ban of 192.0.2.0/24 by ann permanently
/more shows 1 more line`},
	{chat.Flags{}, `
no messages are waiting for review`},
	{chat.Flags{List: []chat.Flag{{ID: 7, Event: said[0], Why: "hello"}}}, `
#7 #tea bob: hello (hello)`},
	{chat.History{Room: "#tea", Events: said[:1]}, `
--- 1 line of #tea ---
[2030-01-02 03:04 #7] bob: hello
--- end of the history ---`},
	{chat.History{Room: "#tea", Events: said, Older: true}, `
--- 2 lines of #tea ---
[2030-01-02 03:04 #7] bob: hello
[2030-01-02 04:04 #9] * eve waves
--- /more shows older messages ---`},
	{chat.Found{Query: "hello"}, `
--- 0 lines with hello ---
--- end of the results ---`},
	{chat.Found{Query: "hello", Events: said, Rooms: true, Older: true}, `
--- 2 lines with hello ---
[2030-01-02 03:04 #7] #tea bob: hello
[2030-01-02 04:04 #9] #lobby * eve waves
--- /more shows older messages ---`},
	{chat.Saved{ID: 7, CID: "c", Stored: true}, `
saved #7`},
	{chat.Saved{Why: chat.NewNote("disk-full")}, `
your line was not saved: the disk is full`},
	{chat.ReadMark{Room: "#tea", Seq: 1}, ``},
	{chat.Resumable{Token: "t", For: time.Hour}, ``},
	{chat.Completions{Prefix: "t", Words: []string{"#tea"}}, ``},
	{chat.Statistics{Names: 1, Connections: 2, Rooms: 1, Accounts: 3, Flags: 1}, `
1 name at 2 connections, 1 room, 3 accounts
0 sanctions in force, 1 message waiting for review`},
	{chat.Statistics{Server: &chat.ServerStatistics{Up: 26 * time.Hour, Open: 1, Accepted: 5, Refused: 2, Slow: 1, Events: 8}}, `
0 names at 0 connections, 0 rooms, 0 accounts
0 sanctions in force, 0 messages waiting for review
up for 26 hours
1 connection open, 5 in all, 2 refused, 1 dropped for being too slow
8 events published`},
}

// lines returns what a reader sees, without the prefix of notices.
func lines(out []byte) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\r\n"), "\r\n") {
		b.WriteString("\n" + strings.TrimPrefix(line, "*** "))
	}
	return b.String()
}

func TestAnswersAreWrittenInWords(t *testing.T) {
	for _, c := range answers {
		got := text.Format{}.Answer([]byte("before\r\n"), c.a)
		if diff := cmp.Diff("\nbefore"+c.want, lines(got)); diff != "" {
			t.Errorf("%T: %s", c.a, diff)
		}
	}
}

func TestAnOperatorReadsCommandsWithoutASlash(t *testing.T) {
	got := lines(text.Format{Bare: true}.Answer(nil, chat.Commands{List: []chat.Usage{list}, Topics: topics}))
	want := `
list         List who is here. (also who, names)
Put in ROOM before a command to name the room for it.
help COMMAND explains a command; help TOPIC lists the commands for rooms, history.`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = lines(text.Format{Bare: true}.Answer(nil, list))
	if want := "\nusage: list [#ROOM]: List who is here. (also who, names)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every kind of answer has words, and a row in the test above.
func TestEveryKindOfAnswerIsTested(t *testing.T) {
	text.NeedsSource(t)
	tested := make(map[string]bool)
	for _, c := range answers {
		tested[reflect.TypeOf(c.a).Name()] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../chat/answer.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != "answer" {
			continue
		}
		kind, _ := f.Recv.List[0].Type.(*ast.Ident)
		if kinds++; !tested[kind.Name] {
			t.Errorf("nothing tests how %s is written", kind.Name)
		}
	}
	if kinds == 0 {
		t.Error("no kinds were found")
	}
}

func TestTextOfUsersStaysOnOneLineInAnAnswer(t *testing.T) {
	for _, evil := range []string{"a\r\n*** you are kicked", "\x1b[2J", "{names}[{?x}|/kick", "\u202e"} {
		out := text.Format{}.Answer(nil, chat.Members{Room: "#tea", People: 1, List: []chat.MemberEntry{{Name: "bob", Away: true, Why: evil}}})
		if got := lines(out); strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\r\x1b\u202e") {
			t.Errorf("%q became %q", evil, got)
		}
	}
	out := text.Format{}.Answer(nil, chat.Topic{Room: "#tea", Text: "{room}[x|y]"})
	if got := lines(out); got != "\nthe topic of #tea is: {room}[x|y]" {
		t.Errorf("%q", got)
	}
}
