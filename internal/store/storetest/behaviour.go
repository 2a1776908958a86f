package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// same compares values; empty and nil lists are equal.
var same = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}

func (f *fixture) equal(want, got any) {
	f.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		f.Errorf("(-want +got)\n%s", diff)
	}
}

func newIsEmpty(f *fixture) {
	st := f.load()
	if st.Epoch < uint64(f.now.Unix()) {
		f.Errorf("epoch %d is before now", st.Epoch)
	}
	f.equal(&chat.State{Epoch: st.Epoch}, st)
	f.equal([]string{}, f.history("#lobby"))
	f.equal([]string{}, f.search(chat.SearchQuery{Words: []string{"a"}}))
}

// everything returns one record of each kind that is stored.
func everything(f *fixture) (list []chat.Record, st *chat.State) {
	t := f.now
	st = &chat.State{
		Accounts: []chat.Account{
			{ID: 11, Name: "Ann", Role: 2, Hash: "$argon2id$x", Created: t, Seen: t.Add(time.Hour), Settings: chat.Settings{Bell: true, Zone: "Europe/Paris"}, Ignores: []string{"bob", "日本"}},
			{ID: 12, Name: "bob"},
		},
		Rooms: []chat.RoomState{
			{Name: "#a", Topic: "über \"alles\"", Created: t, Founder: 11, Operators: []uint64{12}, Members: []uint64{11, 12}, Voiced: []uint64{12}, MembersOnly: true, Key: "h", Moderated: true, Slow: time.Second, KeepAge: 1000 * time.Hour, KeepBytes: 5000},
			{Name: "#b"},
		},
		Sanctions: []chat.Sanction{
			{ID: 13, Kind: chat.Ban, Room: "#a", Target: "10.0.0.0/8", Net: netip.MustParsePrefix("10.0.0.0/8"), Reason: "spam", By: "Ann", Since: t, Until: t.Add(time.Minute)},
			{ID: 14, Kind: chat.ShadowMute, Target: "eve", Key: "eve", Skeleton: "eve", Account: 5},
		},
		Flags: []chat.Flag{
			{ID: 15, Event: chat.Event{Room: "#a", ID: 15, Kind: chat.Say, Name: "eve", Body: "buy", Time: t}, Key: "eve", Held: true, Why: "word"},
		},
	}
	for _, a := range st.Accounts {
		list = append(list, a)
	}
	for _, r := range st.Rooms {
		list = append(list, r)
	}
	for _, s := range st.Sanctions {
		list = append(list, s)
	}
	for _, fl := range st.Flags {
		list = append(list, fl)
	}
	return list, st
}

func keepsEverything(f *fixture) {
	f.load()
	list, want := everything(f)
	f.commit(list...)
	f.id = 20
	mail := chat.Mail{ID: 16, To: 11, FromAccount: 12, From: "bob", Action: true, Body: "hi there", Time: f.now}
	f.commit(mail, chat.Mail{ID: 17, To: 12, From: "eve", Body: "x"})
	p := f.post("#a", "Ann", "a line\twith 'signs' \" and ünïcode 🙂")
	p.Event.Kind, p.Event.Account, p.Event.Author = chat.Action, 11, 99
	f.commit(p)
	f.end()
	got := f.restart()
	want.Epoch, want.LastID = got.Epoch, 21
	p.Event.Author = 0
	want.Orders = []chat.Order{{Room: "#a", Seq: 1, Recent: []chat.Event{p.Event}}}
	f.equal(want, got)
	f.equal([]chat.Mail{mail}, must(f, first(f.s.Mail(11, 10)), nil))
}

func first[T any](v T, _ error) T { return v }

func again(f *fixture) {
	f.load()
	list, want := everything(f)
	p := f.post("#a", "ann", "once")
	list = append(list, p, chat.Mail{ID: 16, To: 11, Body: "m"})
	f.commit(list...)
	f.commit(list...)
	f.commit(chat.Redaction{Room: "#a", IDs: []uint64{p.Event.ID}})
	f.commit(p) // the text does not come back
	f.equal([]string{}, f.history("#a"))
	f.equal(1, len(must(f, first(f.s.Mail(11, 10)), nil)))
	got := f.restart()
	f.equal(want.Accounts, got.Accounts)
	f.equal(want.Rooms, got.Rooms)
	f.index()
	f.healthy()
}

// healthy has the store check itself for damage.
func (f *fixture) healthy() {
	f.Helper()
	found, err := f.s.Verify()
	if err != nil || len(found) > 0 {
		f.Errorf("damage: %v, %q", err, found)
	}
}

func drops(f *fixture) {
	f.load()
	list, want := everything(f)
	f.commit(list...)
	f.commit(chat.Mail{ID: 30, To: 11, Body: "for ann"}, chat.Mail{ID: 31, To: 12, Body: "one"}, chat.Mail{ID: 32, To: 12, Body: "two"})
	f.commit(chat.DropAccount{ID: 11}, chat.DropRoom{Name: "#a"}, chat.DropSanction{ID: 13}, chat.DropFlag{ID: 15}, chat.DropMail{IDs: []uint64{31, 99}})
	got := f.restart()
	f.equal(want.Accounts[1:], got.Accounts)
	f.equal(want.Rooms[1:], got.Rooms)
	f.equal(want.Sanctions[1:], got.Sanctions)
	f.equal([]chat.Flag(nil), got.Flags)
	f.equal(0, len(must(f, first(f.s.Mail(11, 10)), nil)))
	f.equal([]chat.Mail{{ID: 32, To: 12, Body: "two"}}, must(f, first(f.s.Mail(12, 10)), nil))
}

func epochs(f *fixture) {
	one := f.load().Epoch
	f.say("#lobby", "ann", "a")
	f.seqs["#lobby"] += 5 // joins and leaves
	f.end()
	f.now = f.now.Add(time.Hour)
	if st := f.restart(); st.Epoch != one || st.Orders[0].Seq != 6 {
		f.Errorf("after an End: epoch %d of %d, seq %d", st.Epoch, one, st.Orders[0].Seq)
	}
	f.say("#lobby", "ann", "b")
	two := f.restart()
	if two.Epoch <= one || two.Orders[0].Seq != 0 || len(two.Orders[0].Recent) != 2 {
		f.Errorf("without an End: %+v after epoch %d", two, one)
	}
	f.end()
	f.commit(chat.DropFlag{ID: 1})
	if three := f.restart().Epoch; three <= two.Epoch {
		f.Errorf("something after an End: epoch %d after %d", three, two.Epoch)
	}
	f.now = start.Add(-time.Hour) // the clock went back
	before := f.st.Epoch
	if four := f.restart().Epoch; four <= before {
		f.Errorf("epoch %d after %d", four, before)
	}
}

func ids(f *fixture) {
	f.load()
	f.commit(chat.Account{ID: 40, Name: "a"}, chat.Mail{ID: 41, To: 40, Body: "m"}, chat.Sanction{ID: 42, Kind: chat.Ban})
	f.commit(chat.DropAccount{ID: 40}, chat.DropSanction{ID: 42})
	f.commit(chat.End{LastID: 45})
	if last := f.restart().LastID; last != 45 {
		f.Errorf("last ID %d after an End at 45", last)
	}
	f.commit(chat.Post{Event: chat.Event{Room: "#x", ID: 50, Seq: 1, Epoch: f.st.Epoch, Kind: chat.Say}})
	if last := f.restart().LastID; last != 50+store.IDGap {
		f.Errorf("last ID %d after a crash at 50", last)
	}
}

func history(f *fixture) {
	f.load()
	var posts []chat.Post
	for i := range 20 {
		posts = append(posts, f.say("#lobby", "ann", fmt.Sprint(i)))
		f.say("#other", "bob", "x")
	}
	ask := func(q chat.HistoryQuery) []string { return bodies(must(f, first(f.s.History(q)), nil)) }
	f.equal([]string{"17", "18", "19"}, ask(chat.HistoryQuery{Room: "#lobby", Limit: 3}))
	f.equal([]string{"4", "5"}, ask(chat.HistoryQuery{Room: "#lobby", Limit: 2, Before: posts[6].Event.ID}))
	f.equal([]string{"5", "6"}, ask(chat.HistoryQuery{Room: "#lobby", Limit: 2, Before: posts[6].Event.ID + 1})) // of another room
	f.equal([]string{"18", "19"}, ask(chat.HistoryQuery{Room: "#lobby", Limit: 9, Since: posts[18].Event.Time}))
	f.equal([]string{}, ask(chat.HistoryQuery{Room: "#lobby", Limit: 9, Since: f.now.Add(48 * time.Hour)}))
	f.equal([]string{}, ask(chat.HistoryQuery{Room: "#none", Limit: 9}))
	f.equal([]string{}, ask(chat.HistoryQuery{Room: "#lobby"}))
	got := must(f, first(f.s.History(chat.HistoryQuery{Room: "#lobby", Limit: 1})), nil)
	f.equal(posts[19].Event, got[0])
}

func search(f *fixture) {
	f.load()
	for i := range 30 {
		f.say("#lobby", "ann", fmt.Sprintf("The quick fox %d, jumps.", i))
	}
	f.say("#lobby", "ann", "quick but no f0x")
	f.say("#lobby", "ann", "foxes are quick")
	f.index()
	f.healthy()
	f.equal(30, len(f.search(chat.SearchQuery{Words: []string{"fox", "QUICK"}})))
	f.equal([]string{"The quick fox 7, jumps."}, f.search(chat.SearchQuery{Words: []string{"7", "jumps"}}))
	var pages []string
	q := chat.SearchQuery{Words: []string{"quick"}, Rooms: []string{"#lobby"}, Limit: 7}
	for {
		found := must(f, first(f.s.Search(q)), nil)
		pages = append(pages, bodies(found)...)
		if len(found) < q.Limit {
			break
		}
		q.BeforeID = found[len(found)-1].ID
	}
	f.equal(32, len(pages))
	f.equal("foxes are quick", pages[0])
	f.equal("The quick fox 0, jumps.", pages[31])
	f.equal(32, len(f.search(chat.SearchQuery{}))) // no words: everything
	f.equal([]string{"foxes are quick"}, f.search(chat.SearchQuery{Words: []string{"foxe*"}}))
	f.equal(31, len(f.search(chat.SearchQuery{Words: []string{"Fo*", "qu*"}})))
	thai := f.say("#lobby", "ann", "วันนี้กินข้าวที่บ้าน").Event.Body
	for range 2 {
		f.equal([]string{thai}, f.search(chat.SearchQuery{Words: []string{"กินข้าว"}}))
		f.equal([]string{}, f.search(chat.SearchQuery{Words: []string{"ข้าวกิน"}}))
		f.index()
	}
}

func searchTail(f *fixture) {
	f.load()
	var want []string
	for i := range 25 {
		f.say("#lobby", "ann", fmt.Sprintf("tail %d", i))
		want = append(want, fmt.Sprintf("tail %d", i))
		if i%10 == 3 {
			must(f, first(f.s.Index(4)), nil)
		}
	}
	slices.Reverse(want)
	for range 9 {
		f.equal(want, f.search(chat.SearchQuery{Words: []string{"tail"}}))
		f.equal(want, f.search(chat.SearchQuery{}))
		f.equal(want[:5], f.search(chat.SearchQuery{Words: []string{"tail"}, Limit: 5}))
		must(f, first(f.s.Index(3)), nil)
	}
	f.restart()
	f.index()
	f.equal(want, f.search(chat.SearchQuery{Words: []string{"tail"}}))
}

func searchFilters(f *fixture) {
	f.load()
	a := f.say("#lobby", "ann", "one word")
	f.now = f.now.Add(72 * time.Hour)
	b := f.say("#side", "ann", "two word")
	f.now = f.now.Add(72 * time.Hour)
	f.say("#lobby", "bob", "three word")
	f.now = f.now.Add(-200 * time.Hour) // the clock went back
	f.say("#lobby", "bob", "four word")
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("#r%d", i))
		f.say(many[i], "ann", "many word")
	}
	words := []string{"word"}
	for range 2 {
		f.equal([]string{"four word", "three word", "one word"}, f.search(chat.SearchQuery{Words: words}))
		f.equal([]string{"two word", "one word"}, f.search(chat.SearchQuery{Words: words, Rooms: []string{"#lobby", "#side", "#lobby"}, Key: "ann"}))
		f.equal([]string{"two word"}, f.search(chat.SearchQuery{Rooms: []string{"#side", "#none"}, Key: "ann"}))
		f.equal([]string{}, f.search(chat.SearchQuery{Words: words, Rooms: []string{"#none"}}))
		f.equal([]string{}, f.search(chat.SearchQuery{Words: words, Rooms: []string{}}))
		f.equal([]string{}, f.search(chat.SearchQuery{Words: words, Key: "an"}))
		f.equal([]string{"three word"}, f.search(chat.SearchQuery{Words: words, After: b.Event.Time}))
		f.equal([]string{"four word"}, f.search(chat.SearchQuery{Words: words, Before: a.Event.Time}))
		f.equal([]string{"one word"}, f.search(chat.SearchQuery{Words: words, After: a.Event.Time, Before: a.Event.Time.Add(1)}))
		f.equal(102, len(f.search(chat.SearchQuery{Words: words, Limit: 200, Key: "ann", Rooms: append(many, "#lobby", "#side")})))
		f.index()
	}
	f.healthy()
}

func hostile(f *fixture) {
	f.load()
	f.say("#lobby", "ann", "plain words here")
	f.say("#lobby", "ann", `near or not and * " say`)
	for range 2 {
		for query, want := range map[string]int{
			`"`: 0, `*`: 0, `plain*`: 1, `pla*`: 1, `*pla`: 0, `p-*`: 0, `plain wo*`: 1, `words pl*`: 0, `plai* words`: 0, `NEAR`: 1, `near(plain words)`: 0, `' OR 1=1 --`: 0, `OR`: 1, `NOT`: 1, `body : plain`: 0,
			`tags:r1`: 0, `r1`: 0, `-plain`: 1, `^plain`: 1, `plain + words`: 1, `"plain words"`: 1, `plain"words`: 1, `{body}:plain`: 0, "\x00": 0, "plain\x00": 1,
			`;DROP TABLE posts`: 0, `%`: 0, `_`: 0, "\xff": 0, `((((`: 0, `words plain`: 0,
		} {
			if got := f.search(chat.SearchQuery{Words: []string{query}}); len(got) != want {
				f.Errorf("%q found %q", query, got)
			}
			f.search(chat.SearchQuery{Words: []string{"plain", query}, Key: query, Rooms: []string{query, "#lobby"}})
			first(f.s.History(chat.HistoryQuery{Room: query, Limit: 5}))
		}
		f.index()
	}
	f.search(chat.SearchQuery{Words: slices.Repeat([]string{"plain"}, 10_000)})
	f.search(chat.SearchQuery{Words: []string{strings.Repeat("a b ", 2000)}})
	f.equal(2, len(f.history("#lobby")))
}

func scripts(f *fixture) {
	f.load()
	for _, s := range []string{"Ein CAFÉ in Zürich", "今日は日本語を話します", "हिन्दी में", "e-mail don't", "ﬁnal ＷＩＤＥ", "한국어를"} {
		f.say("#lobby", "ann", s)
	}
	for range 2 {
		for query, want := range map[string]int{
			"cafe": 1, "ZURICH": 1, "zürich": 1, "日本語": 1, "日本": 1, "本日": 0, "हिन्दी": 1, "e-mail": 1, "mail": 1, "mail-e": 0, "don't": 1,
			"final": 1, "wide": 1, "한국": 1, "caf": 0,
		} {
			if got := f.search(chat.SearchQuery{Words: []string{query}}); len(got) != want {
				f.Errorf("%q found %q", query, got)
			}
		}
		f.index()
	}
}

func mailIsPrivate(f *fixture) {
	f.load()
	f.say("#lobby", "ann", "secret in public")
	f.commit(chat.Mail{ID: 90, To: 5, From: "ann", Body: "secret in private"})
	for range 2 {
		f.equal([]string{"secret in public"}, f.search(chat.SearchQuery{Words: []string{"secret"}, Rooms: []string{"#lobby", ""}}))
		f.index()
	}
}
