package chat_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// disk is a Journal and an Archive that stores everything at once, or nothing.
type disk struct {
	chat.Archive // for what is not below

	records []chat.Record
	err     error
	posts   []chat.Event
	mail    []chat.Mail
}

func (d *disk) Write(done func(error), records ...chat.Record) {
	if d.err == nil {
		d.records = append(d.records, records...)
	}
	for _, r := range records {
		if p, ok := r.(chat.Post); ok {
			d.posts = append(d.posts, p.Event)
		}
	}
	if done != nil {
		done(d.err)
	}
}

func (d *disk) Full(func()) bool { return false }

func (d *disk) History(chat.HistoryQuery) ([]chat.Event, error) { return slices.Clone(d.posts), nil }

func (d *disk) Search(q chat.SearchQuery) ([]chat.Event, error) {
	var found []chat.Event
	for _, e := range d.posts {
		if slices.Contains(q.Rooms, e.Room) && strings.Contains(e.Body, q.Words[0]) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (d *disk) Mail(uint64, int) ([]chat.Mail, error) { return d.mail, nil }

// accounts returns the accounts on disk after all writes, by name.
func (d *disk) accounts() map[string]chat.Account {
	byID := map[uint64]chat.Account{}
	for _, r := range d.records {
		switch r := r.(type) {
		case chat.Account:
			byID[r.ID] = r
		case chat.DropAccount:
			delete(byID, r.ID)
		}
	}
	byName := map[string]chat.Account{}
	for _, a := range byID {
		byName[a.Name] = a
	}
	return byName
}

// plain uses passwords as their own hashes; those that begin with "old-" are
// hashed again.
type plain struct{}

func (plain) Hash(password string) (string, error) { return "=" + password, nil }

func (plain) Match(hash, password string) (match, again bool) {
	return strings.TrimPrefix(hash, "old-") == "="+password, strings.HasPrefix(hash, "old-")
}

func (plain) Check(_, password string) error {
	if len(password) < 4 {
		return errors.New("too short")
	}
	return nil
}

// withAccounts returns a server on which alice, bob, mod and root have accounts, with
// their names as passwords, and the disk under it.
func withAccounts(t *testing.T) (*fixture, *disk) {
	t.Helper()
	d := &disk{}
	state := &chat.State{LastID: 100}
	for i, a := range []chat.Account{
		{Name: "alice"}, {Name: "bobby"}, {Name: "modo", Role: chat.Moderator}, {Name: "root2", Role: chat.Admin},
	} {
		a.ID, a.Hash, a.Role = uint64(i+1), "="+a.Name, max(a.Role, chat.User)
		state.Accounts = append(state.Accounts, a)
		d.records = append(d.records, a)
	}
	f := newFixtureWith(t, func(o *chat.Options) {
		o.State, o.Journal, o.Archive, o.Passwords = state, d, d, plain{}
	})
	return f, d
}

// says answers p's last question.
func (f *fixture) says(p *person, line string) {
	f.t.Helper()
	if p.answer == nil {
		f.t.Fatalf("%s was asked nothing, but told %v", p.Name(), p.told)
	}
	answer := p.answer
	p.answer = nil
	answer(line)
}

// logsIn logs a user in who has an account.
func (f *fixture) logsIn(name string) *person {
	f.t.Helper()
	p := f.admit()
	f.hub.Authenticate(&p.Member, name)
	f.says(p, name)
	p.resume()
	if p.Name() != name {
		f.t.Fatalf("%s can't log in: %v", name, p.told)
	}
	return p
}

func (f *fixture) whoami(p *person) chat.Self {
	f.run(p, "whoami", "")
	return lastAnswer[chat.Self](p)
}

// An act of an admin or a moderator while a password is being hashed takes effect.
func TestALogInInProgressDoesNotUndoChangesToTheAccount(t *testing.T) {
	for name, c := range map[string]struct {
		by, verb, text string
		want           string // of the user who logs in
		in             bool
		role           chat.Role
	}{
		"removed":         {"root2", "userdel", "alice", "wrong name or password: try again (an empty line cancels)", false, 0},
		"banned":          {"modo", "ban", "alice", "you are banned", false, 0},
		"server locked":   {"modo", "lock", "staff", "the server is open only to its staff at the moment: try again later", false, 0},
		"made moderator":  {"root2", "role", "alice moderator", "you are logged in as alice", true, chat.Moderator},
		"nothing happens": {"root2", "whoami", "", "you are logged in as alice", true, chat.User},
	} {
		t.Run(name, func(t *testing.T) {
			f, d := withAccounts(t)
			staff := f.logsIn(c.by)
			guest := f.join("guesty")
			f.run(guest, "login", "alice")
			guest.slow = true
			f.says(guest, "alice")
			f.run(staff, c.verb, c.text)
			staff.resume()
			written := len(d.records)
			guest.resume()
			if got := guest.lastTold().Body; got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
			guest.slow = false
			if is := f.whoami(guest).Registered; is != c.in {
				t.Errorf("registered: %v, want %v", is, c.in)
			}
			if c.in {
				if got := d.accounts()["alice"].Role; got != c.role {
					t.Errorf("on disk as %v, want %v", got, c.role)
				}
				return
			}
			for _, r := range d.records[written:] {
				if a, ok := r.(chat.Account); ok {
					t.Errorf("written again: %+v", a)
				}
			}
		})
	}
}

func TestAnAdminDemotedDuringALogInHasTheNewRole(t *testing.T) {
	f, d := withAccounts(t)
	first := f.logsIn("root2")
	f.run(first, "role", "modo admin")
	first.resume()
	second := f.logsIn("modo")
	again := f.admit()
	f.hub.Authenticate(&again.Member, "modo")
	again.slow = true
	f.says(again, "modo")
	f.run(first, "role", "modo user")
	first.resume()
	again.resume()
	for _, p := range []*person{second, again} {
		if got := f.whoami(p); !got.Registered || got.Role != chat.User {
			t.Errorf("%+v", got)
		}
		f.run(p, "set", "bell on")
	}
	if got := d.accounts()["modo"].Role; got != chat.User {
		t.Errorf("on disk as %v", got)
	}
}

func TestALogInUsesAPasswordThatWasResetMeanwhile(t *testing.T) {
	f, d := withAccounts(t)
	admin, guest := f.logsIn("root2"), f.join("guesty")
	f.run(guest, "login", "alice")
	guest.slow = true
	f.says(guest, "alice")
	f.run(admin, "passwd", "alice")
	f.says(admin, "fresh-one")
	f.says(admin, "fresh-one")
	admin.resume()
	guest.resume()
	if got := guest.lastTold().Body; !strings.HasPrefix(got, "wrong name or password") {
		t.Errorf("logged in with the old password: %q", got)
	}
	if got := d.accounts()["alice"].Hash; got != "=fresh-one" {
		t.Errorf("on disk is %q", got)
	}
}

// A login that hashes the password again, with new parameters, writes it only
// if it is still the account's password.
func TestARehashDoesNotOverwriteANewerPassword(t *testing.T) {
	d := &disk{}
	state := &chat.State{Accounts: []chat.Account{
		{ID: 1, Name: "alice", Role: chat.User, Hash: "old-=alice"}, {ID: 2, Name: "root2", Role: chat.Admin, Hash: "=root2"},
	}}
	f := newFixtureWith(t, func(o *chat.Options) { o.State, o.Journal, o.Archive, o.Passwords = state, d, d, plain{} })
	admin, guest := f.logsIn("root2"), f.join("guesty")
	f.run(guest, "login", "alice")
	guest.slow = true
	f.says(guest, "alice")
	f.run(admin, "passwd", "alice")
	f.says(admin, "fresh-one")
	f.says(admin, "fresh-one")
	admin.resume()
	guest.resume()
	if got := d.accounts()["alice"].Hash; got != "=fresh-one" {
		t.Errorf("on disk is %q", got)
	}
	guest.slow = false
	again := f.admit()
	f.hub.Authenticate(&again.Member, "alice")
	f.says(again, "fresh-one")
	if again.Name() != "alice" {
		t.Errorf("the new password is none: %v", again.told)
	}
}

// A removed user may still be connected for a moment.
func TestARemovedUserCannotCauseTheAccountToBeWritten(t *testing.T) {
	for name, do := range map[string]func(f *fixture, p *person){
		"/set":      func(f *fixture, p *person) { f.run(p, "set", "bell on") },
		"/ignore":   func(f *fixture, p *person) { f.run(p, "ignore", "bobby") },
		"/unignore": func(f *fixture, p *person) { f.run(p, "ignore", "bobby"); f.run(p, "unignore", "bobby") },
		"/passwd":   func(f *fixture, p *person) { f.run(p, "passwd", "") },
	} {
		t.Run(name, func(t *testing.T) {
			f, d := withAccounts(t)
			alice, admin := f.logsIn("alice"), f.logsIn("root2")
			f.run(admin, "userdel", "alice")
			admin.resume()
			do(f, alice)
			if a, ok := d.accounts()["alice"]; ok {
				t.Errorf("on disk again: %+v", a)
			}
		})
	}
}

func TestPasswdChangesNothingIfTheAccountHasChangedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct{ verb, hash, want string }{
		"reset":   {"passwd", "=fresh-one", "the password of alice was changed in the meantime: nothing was changed"},
		"removed": {"userdel", "", "you are no longer logged in to that account"},
	} {
		t.Run(name, func(t *testing.T) {
			f, d := withAccounts(t)
			alice, admin := f.logsIn("alice"), f.logsIn("root2")
			f.run(alice, "passwd", "")
			f.says(alice, "alice")
			f.says(alice, "chosen-by-alice")
			alice.slow = true
			f.says(alice, "chosen-by-alice")
			f.run(admin, c.verb, "alice")
			if c.verb == "passwd" {
				f.says(admin, "fresh-one")
				f.says(admin, "fresh-one")
			}
			admin.resume()
			alice.resume()
			if got := alice.lastTold().Body; got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
			if got := d.accounts()["alice"].Hash; got != c.hash {
				t.Errorf("on disk is %q, want %q", got, c.hash)
			}
		})
	}
}

func TestAnAccountThatIsRemovedWhileItIsSavedStaysRemoved(t *testing.T) {
	f, d := withAccounts(t)
	guest, admin := f.join("guesty"), f.logsIn("root2")
	f.run(guest, "register", "")
	f.says(guest, "long enough")
	f.says(guest, "long enough") // hashed, and waits for the disk
	f.run(admin, "userdel", "guesty")
	admin.resume()
	guest.resume()
	if got := guest.lastTold().Body; got != "guesty no longer has an account" {
		t.Errorf("told %q", got)
	}
	if a, ok := d.accounts()["guesty"]; ok {
		t.Errorf("on disk again: %+v", a)
	}
}

// A registration that can't be saved is undone, but not another one of the same name since.
func TestAFailedRegistrationUndoesOnlyItself(t *testing.T) {
	f, d := withAccounts(t)
	guest, admin := f.join("guesty"), f.logsIn("root2")
	d.err = errors.New("full")
	f.run(guest, "register", "")
	f.says(guest, "long enough")
	f.says(guest, "long enough")
	d.err = nil
	f.run(admin, "userdel", "guesty")
	f.run(guest, "nick", "other") // the name is free for the admin
	f.run(admin, "useradd", "guesty")
	f.says(admin, "the admin's")
	f.says(admin, "the admin's")
	admin.resume()
	guest.resume()
	p := f.admit()
	f.hub.Authenticate(&p.Member, "guesty")
	f.says(p, "the admin's")
	if p.Name() != "guesty" {
		t.Errorf("the admin's account is gone: %v", p.told)
	}
}

func TestAFormerAdminCannotResetAPassword(t *testing.T) {
	for name, c := range map[string]struct{ verb, text string }{"passwd": {"passwd", "alice"}, "useradd": {"useradd", "carol"}} {
		t.Run(name, func(t *testing.T) {
			f, d := withAccounts(t)
			first := f.logsIn("root2")
			f.run(first, "role", "modo admin")
			first.resume()
			second := f.logsIn("modo")
			f.run(second, c.verb, c.text)
			f.says(second, "long enough")
			second.slow = true
			f.says(second, "long enough")
			f.run(first, "role", "modo user")
			first.resume()
			second.resume()
			if got := second.lastTold(); got.Kind != chat.Refusal || got.Body != "you are no longer allowed to do that" {
				t.Errorf("told %+v", got)
			}
			if got := d.accounts()["alice"].Hash; got != "=alice" {
				t.Errorf("on disk is %q", got)
			}
			if a, ok := d.accounts()["carol"]; ok {
				t.Errorf("on disk: %+v", a)
			}
		})
	}
}

func TestAUserWhoHasLeftARoomIsNotShownItsHistory(t *testing.T) {
	for name, verb := range map[string]struct{ name, text string }{"/history": {"history", ""}, "/search": {"search", "secret"}} {
		for how, leaves := range map[string]func(f *fixture, p *person){
			"kicked while it is read": func(f *fixture, p *person) {
				f.run(f.logsIn("modo"), "join", "#tea")
				m := f.logsIn("modo")
				f.run(m, "join", "#tea")
				f.run(m, "kick", "alice")
			},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				f, _ := withAccounts(t)
				alice, bob := f.logsIn("alice"), f.logsIn("bobby")
				f.run(bob, "join", "#tea")
				f.run(alice, "join", "#tea")
				f.run(bob, "", "a secret")
				alice.slow = true
				f.run(alice, verb.name, verb.text)
				leaves(f, alice)
				alice.resume()
				for _, a := range alice.answers {
					if len(messages(a)) > 0 {
						t.Errorf("shown %+v", a)
					}
				}
			})
		}
	}
}

func TestMoreDoesNotShowTheHistoryOfARoomThatWasLeft(t *testing.T) {
	f, _ := withAccounts(t)
	alice, bob := f.logsIn("alice"), f.logsIn("bobby")
	f.run(bob, "join", "#tea")
	f.run(alice, "join", "#tea")
	for range 30 {
		f.run(bob, "", "a secret")
	}
	f.run(alice, "history", "5")
	f.run(alice, "leave", "")
	alice.answers = nil
	f.run(alice, "more", "")
	if got := alice.lastTold().Body; len(alice.answers) > 0 || got != "you are no longer in #tea" {
		t.Errorf("told %q, shown %+v", got, alice.answers)
	}
}

func TestMessagesDeletedWhileTheyAreReadAreNotShown(t *testing.T) {
	for name, text := range map[string]string{"one message": "#%d", "all of somebody": "bobby"} {
		for _, verb := range []struct{ name, text string }{{"history", ""}, {"search", "secret"}} {
			t.Run(name+" /"+verb.name, func(t *testing.T) {
				f, d := withAccounts(t)
				alice, bob, mod := f.logsIn("alice"), f.logsIn("bobby"), f.logsIn("modo")
				f.run(bob, "", "a secret")
				alice.slow = true
				f.run(alice, verb.name, verb.text)
				what := text
				if what == "#%d" {
					what = "#" + uintText(d.posts[0].ID)
				}
				f.run(mod, "redact", what)
				mod.resume()
				alice.resume()
				if len(alice.answers) != 1 || len(messages(alice.answers[0])) != 0 {
					t.Errorf("shown %+v", alice.answers)
				}
				bob.resume()
				f.run(bob, "", "another secret")
				alice.slow = false
				f.run(alice, verb.name, verb.text)
				if n := len(messages(alice.answers[1])); n != 1 {
					t.Errorf("%d events are shown of those that came after", n)
				}
			})
		}
	}
}

func TestMailForAnAccountThatIsRemovedMeanwhileIsNotKept(t *testing.T) {
	f, d := withAccounts(t)
	bob, admin := f.logsIn("bobby"), f.logsIn("root2")
	bob.slow = true
	f.run(bob, "msg", "alice hello")
	f.run(admin, "userdel", "alice")
	admin.resume()
	bob.resume()
	if got := bob.lastTold().Body; got != "alice no longer has an account" {
		t.Errorf("told %q", got)
	}
	for _, r := range d.records {
		if m, ok := r.(chat.Mail); ok {
			t.Errorf("kept %+v", m)
		}
	}
}

// Their mail was being looked up, which they had not asked for.
func TestAUserRemovedDuringTheLogInIsToldOnlyThat(t *testing.T) {
	for _, verb := range []string{"userdel", "ban"} {
		t.Run(verb, func(t *testing.T) {
			f, _ := withAccounts(t)
			admin, alice := f.logsIn("root2"), f.admit()
			f.hub.Authenticate(&alice.Member, "alice")
			alice.slow = true
			f.says(alice, "alice")
			matched := alice.waits[0]
			alice.waits = alice.waits[1:]
			matched()
			before := len(alice.told)
			f.run(admin, verb, "alice")
			admin.resume()
			alice.resume()
			if len(alice.closed) != 1 {
				t.Errorf("closed %d times", len(alice.closed))
			}
			if last := alice.told[before:]; len(last) != 1 {
				t.Errorf("told %v", last)
			}
		})
	}
}

func uintText(n uint64) string { return strconv.FormatUint(n, 10) }
