package chat_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// slowDisk is a Journal that completes no write before decide is called.
type slowDisk struct {
	records []chat.Record
	pending []func(error)
}

func (d *slowDisk) Write(done func(error), records ...chat.Record) {
	d.records = append(d.records, records...)
	if done != nil {
		d.pending = append(d.pending, done)
	}
}

func (d *slowDisk) Full(func()) bool { return false }

func (d *slowDisk) commit() { d.decide(nil) }

// decide completes everything that was written.
func (d *slowDisk) decide(err error) {
	for len(d.pending) > 0 {
		done := d.pending[0]
		d.pending = d.pending[1:]
		done(err)
	}
}

// withSlowDisk returns a server on which alice is a user, and root2 and root3 are admins.
func withSlowDisk(t *testing.T, change func(*chat.Options)) (*fixture, *slowDisk) {
	t.Helper()
	d := &slowDisk{}
	return newFixtureWith(t, func(o *chat.Options) {
		o.State = &chat.State{LastID: 100, Accounts: []chat.Account{
			{ID: 1, Name: "alice", Role: chat.User, Hash: "=alice"},
			{ID: 2, Name: "root2", Role: chat.Admin, Hash: "=root2"},
			{ID: 3, Name: "root3", Role: chat.Admin, Hash: "=root3"},
		}}
		o.Journal, o.Passwords = d, plain{}
		change(o)
	}), d
}

// forgetAll forgets what people and the lobby have seen so far.
func (f *fixture) forgetAll(people ...*person) {
	f.feed.events = nil
	for _, p := range people {
		p.told, p.closed = nil, nil
	}
}

// seenBy returns what people and the lobby have seen.
func (f *fixture) seenBy(people ...*person) (all []string) {
	for _, e := range f.feed.events {
		all = append(all, "lobby: "+e.Body)
	}
	for _, p := range people {
		for _, e := range p.told {
			all = append(all, p.Name()+": "+e.Body)
		}
		for _, reason := range p.closed {
			all = append(all, p.Name()+" is closed: "+reason)
		}
	}
	return all
}

// countingControl is a Control that counts its calls.
type countingControl struct{ rehashes, shutdowns int }

func (*countingControl) Stats() chat.ServerStatistics { return chat.ServerStatistics{} }
func (r *countingControl) Rehash(_ string, done func([]*chat.Note, error)) {
	r.rehashes++
	done([]*chat.Note{chat.NewNote("words-read", "file", "words", "entries", 1)}, nil)
}
func (r *countingControl) Shutdown(time.Duration, *chat.Note) { r.shutdowns++ }
func (*countingControl) CancelShutdown() bool                 { return true }

// flagged returns the number of the message that was held back last.
func (f *fixture) flagged(d *slowDisk) string {
	f.t.Helper()
	for _, r := range slices.Backward(d.records) {
		if flag, ok := r.(chat.Flag); ok {
			return strconv.FormatUint(flag.ID, 10)
		}
	}
	f.t.Fatal("nothing was held back")
	return ""
}

// An act of staff is answered, and seen by others, once it is on disk with its line of the
// audit log: a crash at the answer loses nothing.
func TestActsOfStaffAreAnsweredOnceTheyAreOnDisk(t *testing.T) {
	words, err := wordfilter.Parse([]byte("flag: grog\n"))
	if err != nil {
		t.Fatal(err)
	}
	for verb, text := range map[string]string{
		"kick": "guesty too loud", "announce": "tea is ready", "rehash": "", "ban": "guesty", "mute": "guesty 1h", "shadowmute": "guesty",
		"lock": "register", "topic": "Tea", "slow": "5", "redact": "guesty", "room": "moderated on", "op": "alice", "voice": "guesty",
		"invite": "alice", "role": "alice moderator", "userdel": "alice", "shutdown": "now enough", "drop": "1",
		"unmute": "guesty", "useradd": "carol", "passwd": "alice", "unban": "10.0.0.1", "approve": "", "remove": "",
	} {
		control := &countingControl{}
		f, d := withSlowDisk(t, func(o *chat.Options) { o.Control = control })
		guest := f.join("guesty")
		admin := f.logsIn("root2")
		f.hub.Arrive(&admin.Member, now)
		alice := f.logsIn("alice")
		f.hub.Arrive(&alice.Member, now)
		f.run(guest, "", "hello")
		run := verb
		switch verb {
		case "unmute":
			f.run(admin, "mute", text)
		case "unban":
			f.run(admin, "ban", text)
		case "approve", "remove":
			f.hub.SetWords(words)
			f.run(guest, "", "grog for all")
			run, text = "flags", verb+" "+f.flagged(d)
		}
		d.commit()
		admin.resume()
		f.forgetAll(admin, alice, guest)
		f.run(admin, run, text)
		for admin.answer != nil {
			f.says(admin, "long enough")
		}
		admin.resume()
		if seen := f.seenBy(admin, alice, guest); len(seen) > 0 || control.rehashes+control.shutdowns > 0 {
			t.Errorf("/%s is seen before it is on disk: %v, %+v", verb, seen, control)
		}
		d.commit()
		admin.resume()
		d.commit()
		admin.resume()
		if len(f.seenBy(admin, alice, guest)) == 0 && control.shutdowns == 0 {
			t.Errorf("/%s is not answered", verb)
		}
		acts := 0
		for _, r := range d.records {
			if a, ok := r.(chat.Act); ok && (a.Verb == verb || verb == "room") {
				acts++
			}
		}
		if acts != 1 && verb != "invite" {
			t.Errorf("/%s is %d times in the audit log", verb, acts)
		}
	}
}

// An account that is being removed can't be used, but nothing is announced or taken away
// before the removal is on disk. If it can't be saved, everything is as before and the
// removal can be repeated.
func TestAnAccountWhoseRemovalCannotBeSavedIsUnchanged(t *testing.T) {
	f, d := withSlowDisk(t, func(*chat.Options) {})
	admin, other := f.logsIn("root2"), f.logsIn("root3")
	f.hub.Arrive(&other.Member, now)
	f.run(other, "join", "#tea")
	d.commit()
	other.resume()
	for _, fails := range []bool{true, false} {
		f.forgetAll(admin, other)
		f.run(admin, "userdel", "root3")
		f.run(other, "role", "alice admin")
		guest := f.admit()
		f.hub.Authenticate(&guest.Member, "root3")
		f.says(guest, "root3")
		if got := guest.lastTold().Body; !strings.HasPrefix(got, "wrong name or password") {
			t.Errorf("logs in to what is being removed: %q", got)
		}
		if err := f.hub.Login(&guest.Member, "root3"); !errors.Is(err, chat.ErrNameTaken) {
			t.Errorf("the name of what is being removed: %v", err)
		}
		if got := other.lastTold().Body; got != "/role needs an admin" {
			t.Errorf("what is being removed has rights: %q", got)
		}
		if fails {
			d.decide(errors.New("the disk is full"))
			admin.resume()
			if got := admin.lastTold().Body; !strings.HasPrefix(got, "root3 was not removed: ") {
				t.Errorf("told %q", got)
			}
			if got := f.whoami(other); got.Role != chat.Admin || len(other.closed) > 0 {
				t.Errorf("%+v, closed %v", got, other.closed)
			}
			f.logsIn("root3")
			continue
		}
		d.commit()
		admin.resume()
		if got := admin.lastTold().Body; got != "root3 no longer has an account" {
			t.Errorf("told %q", got)
		}
		if len(other.closed) != 1 {
			t.Errorf("root3 is closed %v", other.closed)
		}
		f.run(other, "quit", "")
		if f.hub.Room("#tea") != nil && f.hub.Room("#tea").Len() == 0 {
			t.Error("#tea is there, and nobody owns it")
		}
	}
}

// A room that is being deleted can't be entered or changed, but nobody is moved out
// before the deletion is on disk. If it can't be saved, everything is as before.
func TestARoomWhoseDeletionCannotBeSavedIsUnchanged(t *testing.T) {
	f, d := withSlowDisk(t, func(*chat.Options) {})
	admin, alice, guest := f.logsIn("root2"), f.logsIn("alice"), f.join("guesty")
	f.hub.Arrive(&admin.Member, now)
	f.hub.Arrive(&alice.Member, now)
	f.run(alice, "join", "#tea")
	f.run(alice, "ban", "mallory")
	d.commit()
	alice.resume()
	for _, fails := range []bool{true, false} {
		f.forgetAll(admin, alice, guest)
		f.run(admin, "room", "delete #tea")
		f.run(guest, "join", "#tea")
		if got := guest.lastTold().Body; got != "#tea is being deleted" {
			t.Errorf("entering it: %q", got)
		}
		written := len(d.records)
		f.run(alice, "topic", "still here")
		if got := alice.lastTold().Body; got != "#tea is being deleted" || len(d.records) != written {
			t.Errorf("changing it: %q, writes %v", got, d.records[written:])
		}
		if alice.Room().Name() != "#tea" {
			t.Errorf("alice is in %s before it is on disk", alice.Room().Name())
		}
		if fails {
			d.decide(errors.New("the disk is full"))
			admin.resume()
			if got := admin.lastTold().Body; !strings.HasPrefix(got, "#tea was not deleted: ") {
				t.Errorf("told %q", got)
			}
			f.run(guest, "join", "#tea")
			f.run(alice, "bans", "")
			got := lastAnswer[chat.Sanctions](alice).List
			if guest.Room().Name() != "#tea" || len(got) != 1 || got[0].Target != "mallory" || got[0].Room != "#tea" {
				t.Errorf("guesty is in %s, in force is %+v", guest.Room().Name(), got)
			}
			f.run(guest, "leave", "")
			continue
		}
		d.commit()
		admin.resume()
		if f.hub.Room("#tea") != nil || alice.Room().Name() != chat.Lobby {
			t.Errorf("alice is in %s", alice.Room().Name())
		}
	}
}

// Of two admins who remove, or demote, each other at the same time one remains.
func TestAdminsCannotRemoveEachOtherAtOnce(t *testing.T) {
	for _, verb := range []string{"userdel", "role"} {
		for range 200 {
			d := &disk{}
			f := newFixtureWith(t, func(o *chat.Options) {
				o.State = &chat.State{LastID: 100, Accounts: []chat.Account{
					{ID: 2, Name: "root2", Role: chat.Admin, Hash: "=root2"}, {ID: 3, Name: "root3", Role: chat.Admin, Hash: "=root3"},
				}}
				o.Journal, o.Passwords = &locked{disk: d}, plain{}
			})
			all := []*person{f.logsIn("root2"), f.logsIn("root3")}
			texts := map[string][]string{"userdel": {"root3", "root2"}, "role": {"root3 user", "root2 user"}}[verb]
			var both sync.WaitGroup
			all[0].later, all[1].later = true, true
			for i, p := range all {
				both.Go(func() { f.run(p, verb, texts[i]) })
			}
			both.Wait()
			admins := 0
			for _, a := range d.accounts() {
				if a.Role == chat.Admin {
					admins++
				}
			}
			if admins != 1 {
				t.Fatalf("/%s: %d admins remain of 2 who do it to each other", verb, admins)
			}
		}
	}
}

// locked is a disk that several goroutines write to.
type locked struct {
	*disk
	mu sync.Mutex
}

func (l *locked) Write(done func(error), records ...chat.Record) {
	l.mu.Lock()
	l.disk.Write(nil, records...)
	l.mu.Unlock()
	if done != nil {
		done(nil)
	}
}

// An approval that can't be saved leaves the message in the queue. One that is on disk
// is answered only when the message is, too, and does not publish a message that was
// deleted meanwhile or whose author has been banned.
func TestAnApprovalPublishesAMessageOnlyIfItCanBeSaved(t *testing.T) {
	words, err := wordfilter.Parse([]byte("flag: grog\n"))
	if err != nil {
		t.Fatal(err)
	}
	const removed = " was removed: its author deleted it or is banned"
	for meanwhile, want := range map[string]string{"": " was approved", "ban guesty": removed, "redact guesty": removed} {
		f, d := withSlowDisk(t, func(*chat.Options) {})
		f.hub.SetWords(words)
		admin, other, guest := f.logsIn("root2"), f.logsIn("root3"), f.join("guesty")
		f.hub.Arrive(&admin.Member, now)
		f.hub.Arrive(&other.Member, now)
		f.run(guest, "", "grog for all")
		number := f.flagged(d)
		d.commit()
		f.forgetAll(admin, other, guest)
		f.run(admin, "flags", "approve "+number)
		d.decide(errors.New("the disk is full"))
		admin.resume()
		if got := admin.lastTold().Body; !strings.HasPrefix(got, "message #"+number+" is still waiting") || len(f.feed.events) > 0 {
			t.Errorf("told %q, published %v", got, f.feed.events)
		}
		f.run(other, "flags", "")
		if got := lastAnswer[chat.Flags](other).List; len(got) != 1 || strconv.FormatUint(got[0].ID, 10) != number {
			t.Errorf("what waits: %+v", got)
		}
		f.forgetAll(admin, other, guest)
		f.run(admin, "flags", "approve "+number)
		if verb, text, ok := strings.Cut(meanwhile, " "); ok {
			f.run(other, verb, text)
		}
		first := d.pending[0]
		d.pending = d.pending[1:]
		first(nil) // the approval, but not yet what it publishes
		if len(admin.told) > 0 {
			t.Errorf("told %v before the message is on disk", admin.told)
		}
		d.commit()
		admin.resume()
		if got := admin.lastTold().Body; got != "message #"+number+want {
			t.Errorf("told %q", got)
		}
		published, dropped := 0, 0
		for _, e := range f.feed.events {
			if e.Kind == chat.Say {
				published++
			}
		}
		for _, r := range d.records {
			if _, ok := r.(chat.DropFlag); ok {
				dropped++
			}
		}
		if published == 1 != (meanwhile == "") || dropped != 1 {
			t.Errorf("after %q it is published %d times, and dropped %d times", meanwhile, published, dropped)
		}
	}
}

// The sender may be without a connection by then.
func TestAMessageForAReviewIsAnsweredWhenItIsSaved(t *testing.T) {
	words, err := wordfilter.Parse([]byte("flag: grog\n"))
	if err != nil {
		t.Fatal(err)
	}
	for failure, want := range map[error]chat.Saved{
		nil:                     {CID: "c", Room: chat.Lobby, Held: true},
		errors.New("disk full"): {CID: "c", Room: chat.Lobby},
	} {
		f, d := withSlowDisk(t, func(*chat.Options) {})
		f.hub.SetWords(words)
		bob := f.join("bob")
		f.hub.Post(&bob.Member, chat.Line{Kind: chat.Say, Text: "grog", CID: "c"}, now)
		if len(bob.answers) > 0 {
			t.Errorf("answered %v before it is saved", bob.answers)
		}
		d.decide(failure) // and nothing runs on bob's connection any more
		got := lastAnswer[chat.Saved](bob)
		if failed := got.Why != nil; failed != (failure != nil) {
			t.Errorf("%v: %+v", failure, got)
		}
		if got.Why = nil; got != want {
			t.Errorf("%v: %+v, want %+v", failure, got, want)
		}
	}
}

// A user who is being removed from a room learns that their message was not sent.
func TestAMessageOfAUserWhoIsBeingKickedIsRefused(t *testing.T) {
	f, d := withSlowDisk(t, func(*chat.Options) {})
	root, bob := f.logsIn("root2"), f.join("bob")
	d.commit()
	f.run(root, "kick", "bob")
	f.hub.Post(&bob.Member, chat.Line{Kind: chat.Say, Text: "one more", CID: "c"}, now)
	if told := bob.lastTold(); told.Kind != chat.Refusal || told.Body != "you are not in #lobby" {
		t.Errorf("told %+v", told)
	}
}
