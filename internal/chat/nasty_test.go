package chat_test

import (
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A user who is asked for a password while their account is removed can't continue,
// and what they type next is not chat.
func TestAnAccountRemovedDuringItsPasswordDialogueEndsIt(t *testing.T) {
	f, d := withAccounts(t)
	alice, admin := f.logsIn("alice"), f.logsIn("root2")
	f.hub.Arrive(&alice.Member, now)
	f.run(alice, "passwd", "")
	f.run(admin, "userdel", "alice")
	admin.resume()
	f.says(alice, "alice")
	alice.resume()
	for tries := 0; alice.answer != nil && tries < 5; tries++ {
		f.says(alice, "another one")
		alice.resume()
	}
	if a, ok := d.accounts()["alice"]; ok {
		t.Errorf("on disk again: %+v", a)
	}
	for _, e := range f.feed.events {
		if strings.Contains(e.Body, "another one") {
			t.Errorf("said aloud: %q", e.Body)
		}
	}
}

// Of two admins who reset one password at the same time the second is told that it was
// changed meanwhile, so that nobody is given a wrong password.
func TestOfTwoSimultaneousPasswordResetsOnlyOneSucceeds(t *testing.T) {
	f, d := withAccounts(t)
	one, two := f.logsIn("root2"), f.logsIn("root2")
	f.run(one, "passwd", "alice")
	f.run(two, "passwd", "alice")
	for range 2 {
		f.says(one, "first password")
		f.says(two, "second password")
	}
	one.resume()
	two.resume()
	if got := d.accounts()["alice"].Hash; got != "=first password" {
		t.Errorf("on disk is %q", got)
	}
	if a, b := one.lastTold().Body, two.lastTold().Body; a != "the password of alice was changed" || !strings.Contains(b, "changed in the meantime") {
		t.Errorf("told %q and %q", a, b)
	}
}

// Others can't tell that a shadow-muted user uses a command, and the user can't tell
// that they are muted.
func TestRoomCommandsOfShadowMutedUsersAreHiddenFromOthers(t *testing.T) {
	f, _ := withAccounts(t)
	ann, bob, mod := f.logsIn("alice"), f.logsIn("bobby"), f.logsIn("modo")
	for _, p := range []*person{ann, bob, mod} {
		f.hub.Arrive(&p.Member, now)
	}
	f.run(ann, "join", "#tea")
	f.run(bob, "join", "#tea")
	f.run(mod, "shadowmute", "alice")
	mod.resume()
	f.forgetAll(ann, bob, mod)
	tea := f.logs["#tea"]
	tea.events = nil
	for _, c := range []chat.Command{
		{Text: "a secret line"},
		{Name: "redact"},
		{Name: "topic", Text: "a secret topic"},
		{Name: "invite", Text: "modo"},
		{Name: "msg", Text: "bobby a secret message"},
		{Name: "away", Text: "a secret reason"},
	} {
		f.hub.Run(&ann.Member, c, now)
		ann.resume()
	}
	for _, e := range tea.events {
		t.Errorf("#tea sees %v %q", e.Kind, e.Body)
	}
	for _, p := range []*person{bob, mod} {
		if len(p.told) > 0 {
			t.Errorf("%s is told %v", p.Name(), p.told)
		}
	}
	for _, e := range ann.told {
		if e.Kind == chat.Refusal {
			t.Errorf("alice is told %q", e.Body)
		}
	}
}

// A banned account stays banned whatever its user tries, and a guest with a similar
// name can't register it.
func TestABannedAccountCannotLogInThroughAnyDialogue(t *testing.T) {
	f, d := withAccounts(t)
	mod, guest := f.logsIn("modo"), f.join("guesty")
	f.run(guest, "login", "alice")
	f.run(mod, "ban", "alice")
	mod.resume()
	f.says(guest, "alice")
	if got := guest.lastTold().Body; got != "you are banned" {
		t.Errorf("in the middle of a login: %q", got)
	}
	f.run(mod, "ban", "carol")
	mod.resume()
	for _, name := range []string{"carol", "CAROL", "alice"} {
		guest.answer = nil
		f.run(guest, "register", name)
		if guest.answer != nil {
			t.Errorf("/register %s asks %q", name, guest.asked)
		}
		f.run(guest, "nick", name)
		if guest.Name() == name {
			t.Errorf("a guest is called %s", name)
		}
	}
	f.run(guest, "register", "dave")
	f.run(mod, "ban", "dave")
	mod.resume()
	f.says(guest, "long enough")
	f.says(guest, "long enough")
	guest.resume()
	if _, ok := d.accounts()["dave"]; ok {
		t.Error("an account that was banned during its registration is on disk")
	}
}
