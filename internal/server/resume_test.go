package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// token returns that of the only session message among objects.
func token(t *testing.T, got []fields) string {
	t.Helper()
	for _, o := range got {
		if o["type"] == "session" {
			text, _ := o["token"].(string)
			return text
		}
	}
	t.Fatalf("no session in %v", got)
	return ""
}

// named is programNamed that returns the token, too.
func (f *fixture) resumable(name string) (*program, string) {
	f.t.Helper()
	p := f.program()
	return p, token(f.t, p.asks(fields{"type": "login", "name": name}))
}

// seen returns the place of the last event of a room.
func seen(o fields) fields { return fields{"epoch": o["epoch"], "seq": o["seq"]} }

// except returns the objects that have no such type.
func except(got []fields, kinds ...string) (rest []fields) {
	for _, o := range got {
		skip := false
		for _, kind := range kinds {
			skip = skip || o["type"] == kind
		}
		if !skip {
			rest = append(rest, o)
		}
	}
	return rest
}

func TestAClientComesBackUnnoticedAndMissesNothing(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	ada.asks(fields{"type": "join", "room": "#tea"})
	alice.sends("before\r\n")
	last := only(t, "the last", except(ada.objects(), "joined"), fields{"text": "before"})
	alice.reads()
	_ = ada.c.Close()
	f.settle()
	alice.sees("")
	alice.sends("meanwhile\r\n")
	alice.sends("/msg ada psst\r\n")
	alice.sees("[you -> ada] psst\r\n")

	back := f.program()
	got := back.asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(last)}, "cid": "r"})
	next := token(t, got)
	if next == key {
		t.Error("the token is the same")
	}
	got = except(got, "session")
	if len(got) != 3 {
		t.Fatalf("got %v", got)
	}
	has(t, "the lobby", got[0], fields{"type": "joined", "room": "#lobby", "resumed": true, "name": "ada", "cid": "r"})
	missed, _ := got[0]["history"].([]any)
	if len(missed) != 1 {
		t.Errorf("missed %v", missed)
	}
	has(t, "the other room", got[1], fields{"type": "joined", "room": "#tea"})
	has(t, "the private message", got[2], fields{"type": "message", "private": true, "text": "psst"})
	alice.sees("")
	alice.sends("after\r\n")
	only(t, "afterwards", back.objects(), fields{"type": "message", "text": "after"})
	f.advance(2 * time.Minute)
	alice.sees("")
	back.asks(fields{"type": "post", "room": "#lobby", "text": "still here"})
	alice.sees("ada: still here\r\n")
	back.asks(fields{"type": "quit"})
	alice.sees("*** ada left\r\n")
	other := f.program()
	only(t, "after the end", other.asks(fields{"type": "resume", "token": next}), fields{"type": "error", "code": "resume-unknown"})
}

// What was deleted while a client was away is deleted there, too.
func TestDeletionsMeanwhileAreMadeUpFor(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	said := ada.asks(fields{"type": "post", "text": "oops", "cid": "c1"})
	alice.reads()
	_ = ada.c.Close()
	f.settle()
	id, _ := said[0]["id"].(string)
	f.operates("in #lobby redact " + id)
	alice.sees("*** root deleted message #" + id + "\r\n")
	got := except(f.program().asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(said[0])}}), "session")
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	has(t, "the deletion", got[0], fields{"type": "event", "what": "redact", "room": "#lobby", "redacted": id})
	has(t, "the room", got[1], fields{"type": "joined", "resumed": true, "history": []any{}})
	// The same once more, because the answer was lost.
	f.advance(time.Second)
	got = f.program().asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(said[0])}})
	has(t, "the deletion again", got[0], fields{"type": "event", "what": "redact", "redacted": id})
	// But not when it was not.
	f.advance(time.Second)
	got = f.program().asks(fields{"type": "resume", "token": token(t, got), "rooms": fields{"#lobby": seen(said[0])}})
	has(t, "no deletion", got[0], fields{"type": "joined"})
}

// Of two resumes with the same token the later one counts, even if the archive answers the
// earlier one later.
func TestTheLaterOfTwoResumesCounts(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	ada, key := f.resumable("ada")
	said := ada.asks(fields{"type": "post", "text": "hello", "cid": "c1"})
	f = startOn(t, s, speaksJSON)
	first, second := f.program(), f.program()
	resume := fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(said[0])}}
	line, _ := json.Marshal(resume)
	if _, err := first.c.Write(append(line, '\n')); err != nil { // both are received at the same time
		t.Fatal(err)
	}
	got := second.asks(resume)
	has(t, "the later one", got[0], fields{"type": "joined", "name": "ada"})
	old := first.objects()
	if len(old) != 2 || old[0]["code"] != "resumed-elsewhere" || old[1]["type"] != "bye" {
		t.Errorf("the earlier one got %v", old)
	}
	first.isClosed()
	second.asks(fields{"type": "ping"})
}

// Who comes back to a room does not see what was said in an earlier room of that name.
func TestAnEarlierRoomOfThatNameIsNotShown(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	ada := f.programNamed("ada")
	ada.asks(fields{"type": "join", "room": "#tea"})
	ada.asks(fields{"type": "post", "room": "#tea", "text": "secret"})
	ada.asks(fields{"type": "leave", "room": "#tea"})
	f.advance(time.Minute)
	bob, key := f.resumable("bob")
	bob.asks(fields{"type": "join", "room": "#tea"})
	said := bob.asks(fields{"type": "post", "room": "#tea", "text": "ours"})
	_ = bob.c.Close()
	f.settle()
	got := f.program().asks(fields{"type": "resume", "token": key, "rooms": fields{"#tea": fields{"epoch": said[0]["epoch"], "seq": 0}}})
	for _, o := range got {
		if o["room"] != "#tea" || o["type"] != "joined" {
			continue
		}
		if events, _ := o["history"].([]any); len(events) != 1 || events[0].(map[string]any)["text"] != "ours" {
			t.Errorf("the history is %v", events)
		}
		return
	}
	t.Errorf("got %v", got)
}

// Mail waits for a user whose connections are lost.
func TestMailForAUserWithoutAConnection(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.program()
	key := token(t, ada.asks(fields{"type": "register", "name": "ada", "password": "correct horse battery"}))
	_ = ada.c.Close()
	f.settle()
	alice.reads()
	alice.sends("/msg ada psst\r\n")
	alice.reads()
	got := except(f.program().asks(fields{"type": "resume", "token": key}), "session", "joined", "event")
	only(t, "the mail", got, fields{"type": "message", "private": true, "mailed": true, "text": "psst"})
}

func TestWhoDoesNotComeBackHasLeft(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	alice.reads()
	_ = ada.c.Close()
	f.advance(chat.DefaultLinger - time.Second)
	alice.sees("")
	f.advance(2 * time.Second)
	alice.sees("*** ada left (connection closed)\r\n")
	back := f.program()
	got := except(back.asks(fields{"type": "resume", "token": key}), "session")
	has(t, "later", got[0], fields{"type": "joined", "room": "#lobby", "name": "ada"})
	alice.sees("*** ada joined\r\n")
	_ = back.c.Close()
	f.advance(chat.DefaultResumeGuests + time.Minute)
	only(t, "too late", f.program().asks(fields{"type": "resume", "token": key}), fields{"type": "error"})
}

// The connection that a session had is closed when it continues on another one.
func TestTheHalfOpenConnectionIsClosed(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	alice.reads()
	back := f.program()
	got := back.asks(fields{"type": "resume", "token": key})
	has(t, "resumed", got[0], fields{"type": "joined", "name": "ada"})
	old := ada.objects()
	if len(old) != 2 || old[0]["code"] != "resumed-elsewhere" || old[1]["type"] != "bye" {
		t.Errorf("the old connection got %v", old)
	}
	ada.isClosed()
	alice.sees("")
	f.advance(2 * time.Minute)
	alice.sees("")
	alice.sends("/list\r\n")
	alice.sees("*** 2 people here in #lobby: ada, alice\r\n")
}

// A token that was used before ends the session: somebody else may have it.
func TestASpentTokenEndsTheSession(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	_, first := f.resumable("ada")
	second := f.program()
	token(t, second.asks(fields{"type": "resume", "token": first}))
	// Its client may not have received the second one.
	third := f.program()
	next := token(t, third.asks(fields{"type": "resume", "token": first}))
	third.objects()
	fourth := f.program()
	last := token(t, fourth.asks(fields{"type": "resume", "token": next}))
	fourth.objects()
	thief := f.program()
	only(t, "the first once more", thief.asks(fields{"type": "resume", "token": first}), fields{"type": "error", "code": "resume-reused"})
	only(t, "the user", fourth.objects(), fields{"type": "error", "code": "resume-reused-yours"})
	only(t, "the last", thief.asks(fields{"type": "resume", "token": last}), fields{"type": "error", "code": "resume-unknown"})
}

func TestThePreviousTokenIsSpentAfterAMinute(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	_, first := f.resumable("ada")
	second := f.program()
	token(t, second.asks(fields{"type": "resume", "token": first}))
	f.advance(time.Minute + time.Second)
	only(t, "the first", f.program().asks(fields{"type": "resume", "token": first}), fields{"type": "error", "code": "resume-reused"})
}

// What ends a session: leaving, logging out, another password, being kicked or banned.
func TestWhatEndsASession(t *testing.T) {
	const password = "correct horse battery"
	for what, end := range map[string]func(*fixture, *program){
		"quit":   func(_ *fixture, p *program) { p.asks(fields{"type": "quit"}) },
		"logout": func(_ *fixture, p *program) { p.asks(fields{"type": "logout"}) },
		"passwd": func(_ *fixture, p *program) {
			p.asks(fields{"type": "command", "line": "passwd"})
			p.asks(fields{"type": "answer", "text": password})
			p.asks(fields{"type": "answer", "text": "a much better one"})
			p.asks(fields{"type": "answer", "text": "a much better one"})
		},
		"kick":    func(f *fixture, _ *program) { f.operates("in #lobby kick ada") },
		"ban":     func(f *fixture, _ *program) { f.operates("ban ada") },
		"userdel": func(f *fixture, _ *program) { f.operates("userdel ada") },
	} {
		t.Run(what, func(t *testing.T) {
			f := startWithAccounts(t, speaksJSON)
			ada := f.program()
			key := token(t, ada.asks(fields{"type": "register", "name": "ada", "password": password}))
			end(f, ada)
			_ = ada.c.Close()
			f.advance(2 * time.Minute)
			got := f.program().asks(fields{"type": "resume", "token": key})
			if len(got) != 1 || got[0]["type"] != "error" {
				t.Errorf("resumed: %v", got)
			}
		})
	}
}

// After a crash a client has its name, its rooms, what it missed, and what was never saved is
// taken back; and a message that it sends again is stored once.
func TestASessionSurvivesACrash(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	keys := map[string]string{}
	bob := f.program()
	keys["bob"] = token(t, bob.asks(fields{"type": "register", "name": "bob", "password": "correct horse battery"}))
	bob.asks(fields{"type": "join", "room": "#tea"})
	ada.objects()
	said := ada.asks(fields{"type": "post", "text": "saved", "cid": "c1"})
	alice.sends("also saved\r\n")
	ada.objects()
	bob.objects()

	f = startOn(t, s, speaksJSON)
	carol := f.join("carol")
	back := f.program()
	beyond := fields{"epoch": said[0]["epoch"], "seq": said[0]["seq"].(float64) + 100}
	got := back.asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": beyond}})
	next := token(t, got)
	if got = except(got, "session"); len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	has(t, "a rollback", got[0], fields{"type": "rollback", "room": "#lobby", "epoch": said[0]["epoch"], "keptTo": said[0]["seq"].(float64) + 1})
	has(t, "the room", got[1], fields{"type": "joined", "room": "#lobby", "resumed": true, "name": "ada"})
	carol.sees("")
	ack := only(t, "the same message again", back.asks(fields{"type": "post", "text": "saved", "cid": "c1"}), fields{"type": "ack", "id": said[0]["id"]})
	has(t, "its ack", ack, fields{"seq": said[0]["seq"], "epoch": said[0]["epoch"], "stored": true})
	carol.sees("")

	other := f.program()
	got = except(other.asks(fields{"type": "resume", "token": keys["bob"], "rooms": fields{"#lobby": seen(said[0])}}), "session")
	if len(got) != 2 || got[1]["room"] != "#tea" {
		t.Fatalf("bob got %v", got)
	}
	missed, _ := got[0]["history"].([]any)
	if len(missed) != 1 || missed[0].(map[string]any)["text"] != "also saved" {
		t.Errorf("bob missed %v", missed)
	}
	carol.sees("")

	// Once more, later than others would not notice.
	f = startOn(t, s, speaksJSON)
	carol = f.join("carol")
	f.advance(2 * chat.DefaultLinger)
	got = f.program().asks(fields{"type": "resume", "token": next})
	has(t, "much later", got[0], fields{"type": "joined", "name": "ada"})
	carol.sees("*** ada joined\r\n")
}

// Messages of before a restart are in memory, too, but not sent again.
func TestAfterARestartOnlyWhatWasMissedIsSent(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	f.join("alice").sends("before the restart\r\n")
	f = startOn(t, s, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	alice.sends("seen\r\n")
	last := only(t, "the last", except(ada.objects(), "event"), fields{"text": "seen"})
	_ = ada.c.Close()
	f.settle()
	back := f.program()
	got := back.asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(last)}})
	has(t, "without a message meanwhile", except(got, "session")[0], fields{"type": "joined", "history": []any{}})
	_ = back.c.Close()
	f.settle()
	alice.sends("missed\r\n")
	got = except(f.program().asks(fields{"type": "resume", "token": token(t, got), "rooms": fields{"#lobby": seen(last)}}), "session")
	missed, _ := got[0]["history"].([]any)
	if len(got) != 1 || len(missed) != 1 || missed[0].(map[string]any)["text"] != "missed" {
		t.Errorf("got %v", got)
	}
}

// A restart does not prolong a session that nobody has come back to.
func TestARestartDoesNotProlongASession(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	ada, key := f.resumable("ada")
	_ = ada.c.Close()
	f.advance(time.Minute)
	later := func(o *server.Options) {
		now := o.Loop.Now
		o.Loop.Now = func() time.Time { return now().Add(chat.DefaultResumeGuests + 2*time.Minute) }
	}
	f = startOn(t, s, speaksJSON, later)
	only(t, "too late", f.program().asks(fields{"type": "resume", "token": key}), fields{"type": "error", "code": "resume-unknown"})
	state, err := s.Load(f.world.Now())
	if err != nil || len(state.Sessions) != 0 {
		t.Errorf("%d sessions are stored, %v", len(state.Sessions), err)
	}
}

// After a resume, guests can still edit and delete their earlier messages.
func TestMessagesStayAGuestsOwnAfterAResume(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	ada, key := f.resumable("ada")
	said := ada.asks(fields{"type": "post", "text": "helo", "cid": "c"})
	_ = ada.c.Close()
	f.settle()
	back := f.program()
	back.asks(fields{"type": "resume", "token": key, "rooms": fields{"#lobby": seen(said[0])}})
	only(t, "the edit", back.asks(fields{"type": "edit", "id": said[0]["id"], "text": "hello"}), fields{"type": "event", "what": "edit", "text": "hello"})
	only(t, "the deletion", back.asks(fields{"type": "redact", "id": said[0]["id"]}), fields{"type": "event", "what": "redact", "redacted": said[0]["id"]})
	only(t, "another guest's", f.programNamed("bob").asks(fields{"type": "redact", "id": "1"}), fields{"type": "error"})
}

// A guest's ignore list outlives the connection and a restart of the server.
func TestAGuestIgnoresTheSamePeopleAfterAResume(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	ada, key := f.resumable("ada")
	only(t, "the answer", ada.asks(fields{"type": "command", "line": "/ignore alice"}), fields{"type": "notice", "code": "ignores"})
	_ = ada.c.Close()
	f.settle()
	for _, when := range []string{"after a cut", "after a restart"} {
		alice, bob := f.join("alice"), f.join("bob")
		alice.sends("nobody hears it\r\n/msg ada psst\r\n")
		bob.sends("hello\r\n")
		f.settle()
		back := f.program()
		got := back.asks(fields{"type": "resume", "token": key, "rooms": fields{}})
		key = token(t, got)
		alice.sends("nor this\r\n/msg ada psst\r\n")
		bob.sends("good morning\r\n")
		got = append(got, back.objects()...)
		if text := fmt.Sprint(got); strings.Contains(text, "nobody hears") || strings.Contains(text, "nor this") || strings.Contains(text, "psst") {
			t.Errorf("%s: %s", when, text)
		}
		only(t, when, except(got, "session", "joined"), fields{"text": "good morning"})
		only(t, when, back.asks(fields{"type": "command", "line": "/ignore"}), fields{"type": "ignored", "names": []any{"alice"}})
		f = startOn(t, s, speaksJSON)
	}
}

// A guest keeps operator status and voice across a resume.
func TestAGuestHasTheSameRoleAfterAResume(t *testing.T) {
	for _, halfOpen := range []bool{false, true} {
		t.Run(fmt.Sprint("half-open: ", halfOpen), func(t *testing.T) {
			f := startWithAccounts(t, speaksJSON)
			ada, adas := f.resumable("ada")
			bob, bobs := f.resumable("bob")
			ada.asks(fields{"type": "join", "room": "#den"})
			bob.asks(fields{"type": "join", "room": "#den"})
			ada.asks(fields{"type": "command", "line": "/moderated on"})
			ada.asks(fields{"type": "command", "line": "/voice bob"})
			den := func(got []fields) (joined []fields) {
				for _, o := range got {
					if o["type"] == "joined" && o["room"] == "#den" {
						joined = append(joined, o)
					}
				}
				return joined
			}
			for _, cid := range []string{"first", "second"} {
				if !halfOpen {
					_ = ada.c.Close()
					_ = bob.c.Close()
					f.settle()
				}
				ada, bob = f.program(), f.program()
				got := ada.asks(fields{"type": "resume", "token": adas})
				only(t, "the creator's role", den(got), fields{"role": "operator"})
				adas = token(t, got)
				got = bob.asks(fields{"type": "resume", "token": bobs})
				only(t, "the role of a guest with voice", den(got), fields{"role": "voiced"})
				bobs = token(t, got)
				f.advance(2 * time.Minute) // others no longer wait
				only(t, "a message", except(bob.asks(fields{"type": "post", "room": "#den", "text": "hello", "cid": cid}), "ack"), fields{"text": "hello"})
				ada.objects()
				only(t, "a command", ada.asks(fields{"type": "command", "room": "#den", "line": "/topic ours"}), fields{"code": "has-set-topic"})
				bob.objects()
			}
		})
	}
}

// Logging out and reconnecting does not end a mute.
func TestAMuteOutlivesALogoutAndAResume(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	ada := f.program()
	ada.asks(fields{"type": "register", "name": "ada", "password": "correct horse battery"})
	f.operates("in #lobby mute ada")
	ada.objects()
	key := token(t, ada.asks(fields{"type": "logout"}))
	for _, when := range []string{"after a cut", "after a restart"} {
		_ = ada.c.Close()
		f.settle()
		ada = f.program()
		key = token(t, ada.asks(fields{"type": "resume", "token": key, "rooms": fields{}}))
		only(t, when, ada.asks(fields{"type": "post", "room": "#lobby", "text": "free", "cid": when}), fields{"type": "error", "code": "muted"})
		f = startOn(t, s, speaksJSON)
	}
}

// A session can't be had, nor resumed, without TLS from another machine.
func TestTokensDoNotCrossANetworkInTheClear(t *testing.T) {
	f := startWithAccounts(t, func(o *server.Options) { o.SniffWindow = 150 * time.Millisecond })
	p := f.program()
	if got := p.asks(fields{"type": "login", "name": "ada"}); len(except(got, "joined", "event")) != 0 {
		t.Errorf("without TLS: %v", got)
	}
	only(t, "resume", f.program().asks(fields{"type": "resume", "token": "x"}), fields{"type": "error", "code": "resume-plain"})
}

// What the archive does not have is recognized when it is sent again, too: private messages, and
// those of a shadow-muted user. Their sender was without a connection meanwhile, also for longer
// than others wait.
func TestMessagesThatAreNotInTheArchiveAreSentAgain(t *testing.T) {
	for what, sends := range map[string]fields{
		"a private message": {"type": "post", "to": "alice", "text": "psst", "cid": "p1"},
		"a hidden message":  {"type": "post", "room": chat.Lobby, "text": "psst", "cid": "p1"},
	} {
		for _, login := range []fields{
			{"type": "login", "name": "ada"},
			{"type": "register", "name": "ada", "password": "correct horse battery"},
		} {
			for _, away := range []time.Duration{0, 2 * chat.DefaultLinger} {
				t.Run(fmt.Sprint(what, ", ", login["type"], ", ", away), func(t *testing.T) {
					f := startWithAccounts(t, speaksJSON)
					alice := f.join("alice")
					ada := f.program()
					key := token(t, ada.asks(login))
					if sends["to"] == nil {
						f.operates("shadowmute ada")
					}
					got := ada.asks(sends)
					if len(got) != 2 || got[1]["type"] != "ack" {
						t.Fatalf("at first: %v", got)
					}
					ack := got[1]
					_ = ada.c.Close()
					f.advance(away)
					alice.reads()
					again := f.program()
					again.asks(fields{"type": "resume", "token": key})
					alice.reads()
					only(t, "again", again.asks(sends), ack)
					alice.sees("")
				})
			}
		}
	}
}

// Private messages wait for a guest as long as the session can be resumed.
func TestPrivateMessagesWaitLongerThanOthersDo(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	_ = ada.c.Close()
	f.settle()
	alice.reads()
	alice.sends("/msg ada psst\r\n")
	alice.sees("[you -> ada] psst\r\n")
	f.advance(2 * chat.DefaultLinger)
	got := except(f.program().asks(fields{"type": "resume", "token": key}), "session", "joined", "event")
	only(t, "the message", got, fields{"type": "message", "private": true, "text": "psst"})
}

// What waits for a client without a connection is bounded.
func TestPrivateMessagesThatWaitAreBounded(t *testing.T) {
	for what, c := range map[string]struct {
		size, want int
	}{"many": {1, 100}, "long": {3000, 10}} {
		t.Run(what, func(t *testing.T) {
			f := startWithAccounts(t, speaksJSON)
			alice := f.join("alice")
			ada, key := f.resumable("ada")
			_ = ada.c.Close()
			f.settle()
			for i := range 110 {
				alice.sends(fmt.Sprintf("/msg ada %04d%s\r\n", i, strings.Repeat("x", c.size-1)))
				alice.reads()
			}
			got := except(f.program().asks(fields{"type": "resume", "token": key}), "session", "joined", "event")
			if len(got) != c.want {
				t.Errorf("%d messages, want %d", len(got), c.want)
			}
			for i, o := range got {
				if text, _ := o["text"].(string); !strings.HasPrefix(text, fmt.Sprintf("%04d", i)) {
					t.Errorf("message %d is %.10q", i, text)
				}
			}
		})
	}
}

// A resuming is a client that resumes, on a server that stores nothing before save.
type resuming struct {
	*fixture
	writer    *store.Writer
	alice     *peer
	ada, back *program
	key       string // of ada
}

func newResuming(t *testing.T, halfOpen bool) *resuming {
	w := &resuming{}
	w.fixture = startOn(t, memory.New(), speaksJSON, func(o *server.Options) {
		w.writer = o.Chat.Journal.(stepped).Writer
		o.Chat.Journal = w.writer
	})
	w.alice, w.ada = w.join("alice"), w.program()
	w.ada.asks(fields{"type": "login", "name": "ada"})
	w.save()
	w.key = token(t, w.ada.objects())
	if !halfOpen {
		_ = w.ada.c.Close()
	}
	w.save()
	w.alice.reads()
	w.back = w.program()
	if got := w.back.asks(fields{"type": "resume", "token": w.key}); len(got) > 0 {
		t.Fatalf("before the session is saved: %v", got)
	}
	return w
}

func (w *resuming) save() {
	for range 5 {
		w.settle()
		for w.writer.Step() {
		}
	}
}

// A private message that arrives while a client resumes is received once, on the new connection,
// whether the server has noticed the end of the old one or not.
func TestAPrivateMessageDuringAResumeIsReceivedOnce(t *testing.T) {
	for _, halfOpen := range []bool{false, true} {
		t.Run(fmt.Sprint("half-open: ", halfOpen), func(t *testing.T) {
			w := newResuming(t, halfOpen)
			w.alice.sends("/msg ada psst\r\n")
			w.save()
			got := except(w.back.objects(), "session", "joined")
			only(t, "the message", got, fields{"type": "message", "private": true, "text": "psst"})
			w.alice.sends("/msg ada again\r\n")
			only(t, "afterwards", w.back.objects(), fields{"type": "message", "private": true, "text": "again"})
		})
	}
}

// If the client goes away before it has resumed, the connection that it had has the message, or
// the next one.
func TestAPrivateMessageDuringAResumeThatEnds(t *testing.T) {
	for _, halfOpen := range []bool{false, true} {
		t.Run(fmt.Sprint("the first is open: ", halfOpen), func(t *testing.T) {
			w := newResuming(t, halfOpen)
			w.alice.sends("/msg ada psst\r\n")
			_ = w.back.c.Reset()
			w.save()
			want := fields{"type": "message", "private": true, "text": "psst"}
			if halfOpen {
				only(t, "the first connection", w.ada.objects(), want)
				w.alice.sends("/msg ada again\r\n")
				only(t, "afterwards", w.ada.objects(), fields{"text": "again"})
				return
			}
			next := w.program()
			next.asks(fields{"type": "resume", "token": w.key})
			w.save()
			only(t, "the next connection", except(next.objects(), "session", "joined"), want)
		})
	}
}

// A private message that was sent on a connection that nobody reads is received after a resume,
// once, if the client says which one it has received last.
func TestPrivateMessagesOnAHalfOpenConnection(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	for _, login := range []fields{
		{"type": "login", "name": "ada"},
		{"type": "register", "name": "bob", "password": "correct horse battery"},
	} {
		name, _ := login["name"].(string)
		says := func(text string) {
			t.Helper()
			alice.reads()
			alice.sends("/msg " + name + " " + text + "\r\n")
			alice.sees("[you -> " + name + "] " + text + "\r\n")
		}
		resumes := func(key string, private any) (*program, string, []any) {
			p := f.program()
			r := fields{"type": "resume", "token": key, "rooms": fields{}}
			if private != nil {
				r["private"] = private
			}
			got := p.asks(r)
			var texts []any
			for _, o := range got {
				if o["private"] == true {
					texts = append(texts, o["text"])
				}
			}
			return p, token(t, got), texts
		}
		expect := func(what string, got []any, want ...any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: %s", name, what, diff)
			}
		}
		p := f.program()
		key := token(t, p.asks(login))
		says("one")
		only(t, "the first", p.objects(), fields{"number": 1.0})
		says("two") // which nobody reads
		p, key, got := resumes(key, 1)
		expect("resumes", got, "two")
		says("three")
		only(t, "the third", p.objects(), fields{"number": 3.0})
		_, key, got = resumes(key, 3)
		expect("has all", got)
		says("four")
		_, key, got = resumes(key, nil)
		expect("does not say", got)
		p, key, got = resumes(key, 0)
		expect("has only what is remembered", got, "four")
		_ = p.c.Close()
		f.settle()
		if name == "ada" { // otherwise it is mail
			says("five")
			_, key, got = resumes(key, 3)
			expect("was away", got, "four", "five")
		}
		p, _, _ = resumes(key, 99)
		p.asks(fields{"type": "quit"})
	}
}

// The server does not know the numbers of before a restart, and continues them.
func TestNumbersOfPrivateMessagesContinueAfterARestart(t *testing.T) {
	s := memory.New()
	f := startOn(t, s, speaksJSON)
	alice := f.join("alice")
	ada, key := f.resumable("ada")
	alice.sends("/msg ada one\r\n")
	only(t, "before", except(ada.objects(), "event"), fields{"number": 1.0})
	f = startOn(t, s, speaksJSON)
	ada = f.program()
	ada.asks(fields{"type": "resume", "token": key, "private": 1})
	alice = f.join("alice")
	alice.sends("/msg ada two\r\n")
	only(t, "after", except(ada.objects(), "event"), fields{"number": 2.0, "text": "two"})
}
