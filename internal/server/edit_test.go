package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

func TestAnEditIsSeenByAllAndKept(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.programNamed("ada")
	alice.reads()
	alice.sends("helo\r\n")
	said := only(t, "the message", except(ada.objects(), "session"), fields{"text": "helo"})
	alice.sends("/edit hello\r\n")
	id, _ := said["id"].(string)
	alice.sees("*** edited #" + id + "\r\n")
	only(t, "the edit", ada.objects(), fields{"type": "event", "what": "edit", "edited": id, "name": "alice", "text": "hello"})
	page := only(t, "history", ada.asks(fields{"type": "history"}), fields{"type": "history"})
	events, _ := page["events"].([]any)
	if e, ok := events[len(events)-1].(map[string]any); !ok || e["text"] != "hello" || e["edited"] == nil || e["id"] != id {
		t.Errorf("the history has %v", events)
	}

	own := ada.asks(fields{"type": "post", "text": "mine", "cid": "c"})
	alice.sees("ada: mine\r\n")
	only(t, "an edit in JSON", ada.asks(fields{"type": "edit", "id": own[0]["id"], "text": "mine, too", "cid": "e"}),
		fields{"type": "event", "what": "edit", "edited": own[0]["id"], "text": "mine, too"})
	alice.sees("* ada: mine, too (edited)\r\n")
	only(t, "another's", ada.asks(fields{"type": "edit", "id": id, "text": "x", "cid": "e"}), fields{"type": "error", "code": "edit-not-yours", "cid": "e"})
	only(t, "no such message", ada.asks(fields{"type": "edit", "id": "999999", "text": "x"}), fields{"type": "error", "code": "no-message"})
	only(t, "no text", ada.asks(fields{"type": "edit", "text": " "}), fields{"type": "error", "code": "no-text"})
	f.advance(chat.DefaultEditWindow + time.Second)
	only(t, "too late", ada.asks(fields{"type": "edit", "text": "x"}), fields{"type": "error", "code": "edit-too-late"})
	bob := f.dial()
	bob.sends("bob\r\n")
	if got := bob.reads(); !strings.Contains(got, "alice: hello (edited)\r\nada: mine, too (edited)\r\n") {
		t.Errorf("a newcomer sees %q", got)
	}
}

// Edits do not get around a mute, a shadow-mute, the word filter or a deletion.
func TestEditsAreModerated(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.programNamed("ada")
	own := ada.asks(fields{"type": "post", "text": "mine", "cid": "c"})
	alice.reads()
	f.operates("in #lobby mute ada")
	alice.reads()
	ada.objects()
	only(t, "muted", ada.asks(fields{"type": "edit", "text": "x"}), fields{"type": "error", "code": "muted"})
	f.operates("in #lobby unmute ada")
	f.operates("in #lobby shadowmute ada")
	alice.reads()
	ada.objects()
	only(t, "shadow-muted", ada.asks(fields{"type": "edit", "text": "unseen"}), fields{"type": "event", "what": "edit", "text": "unseen", "edited": own[0]["id"]})
	alice.sees("")
	f.operates("in #lobby unmute ada")
	id, _ := own[0]["id"].(string)
	f.operates("in #lobby redact " + id)
	alice.reads()
	ada.objects()
	only(t, "deleted", ada.asks(fields{"type": "edit", "id": id, "text": "x"}), fields{"type": "error", "code": "no-message"})
	alice.sees("")
}

func TestReadPositionsReachTheOtherConnections(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	one := f.program()
	const password = "correct horse battery"
	one.asks(fields{"type": "register", "name": "ada", "password": password})
	two := f.program()
	two.asks(fields{"type": "login", "name": "ada", "password": password})
	one.objects()
	said := one.asks(fields{"type": "post", "text": "x", "cid": "c"})
	two.objects()
	at := fields{"type": "read", "room": "#lobby", "epoch": said[0]["epoch"], "seq": said[0]["seq"]}
	if got := one.asks(at); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	only(t, "the other", two.objects(), fields{"type": "event", "what": "read", "room": "#lobby", "epoch": at["epoch"], "seq": at["seq"]})
	one.asks(at)
	if got := two.objects(); len(got) != 0 {
		t.Errorf("again: %v", got)
	}
	three := f.program()
	got := three.asks(fields{"type": "login", "name": "ada", "password": password})
	has(t, "at the next login", got[1], fields{"type": "joined", "read": map[string]any{"epoch": at["epoch"], "seq": at["seq"]}})
	seq, _ := said[0]["seq"].(float64)
	at["seq"] = seq + 1000
	only(t, "ahead", one.asks(at), fields{"type": "error", "code": "read-ahead"})
	only(t, "a guest", f.programNamed("bob").asks(fields{"type": "read", "room": "#lobby", "epoch": 1, "seq": 1}), fields{"type": "error", "code": "needs-account"})
}
