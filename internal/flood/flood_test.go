package flood_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/sudoXpg/netloop/internal/flood"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// byDefault are the rules in force where nobody sets limits.
var byDefault = (*flood.Limits)(nil).Rules()

// off returns limits that are all turned off.
func off() flood.Limits {
	no := flood.Rate{Per: -1}
	return flood.Limits{
		Messages: no, Commands: no, Joins: no, Privates: no, Patience: no, Links: no,
		Penalty: -1, Repeats: -1, CapsPercent: -1, NewcomerFor: -1,
	}
}

func ExampleState_Message() {
	var s flood.State                  // in the session: a pointer, made with the first message
	rules := (&flood.Limits{}).Rules() // made once, when the limits are set
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		v := s.Message(now, fmt.Sprint("line ", i), rules, false)
		if v.Action != flood.OK {
			fmt.Printf("%s: %s, wait %s\n", v.Action, v.Reason, v.Wait)
		}
	}
	// Output:
	// refused: too-fast, wait 1.1s
	// refused: too-fast, wait 1.6s
}

// There is one per connection, and there may be ten thousand.
func TestAStateIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(flood.State{}); size > 96 {
		t.Errorf("a State has %d bytes, want at most 96: the size of a heap slot", size)
	}
	if size := unsafe.Sizeof(flood.Bucket{}); size > 8 {
		t.Errorf("a Bucket has %d bytes", size)
	}
	if size := unsafe.Sizeof(flood.Strikes{}); size > 16 {
		t.Errorf("Strikes have %d bytes", size)
	}
}

func TestAPersonWhoWritesSlowlyIsNeverRefused(t *testing.T) {
	var s flood.State
	now := start
	for i := range 1000 {
		if v := s.Message(now, fmt.Sprint("This is line ", i), byDefault, true); v != (flood.Verdict{}) {
			t.Fatalf("line %d: %+v", i, v)
		}
		now = now.Add(600 * time.Millisecond)
	}
}

func TestEachKindHasItsOwnRate(t *testing.T) {
	l := off()
	kinds := map[string]struct {
		limit  *flood.Rate
		do     func(*flood.State, time.Time) flood.Verdict
		reason flood.Reason
	}{
		"message": {&l.Messages, func(s *flood.State, now time.Time) flood.Verdict { return s.Message(now, "a", l.Rules(), true) }, flood.TooFast},
		"private": {&l.Privates, func(s *flood.State, now time.Time) flood.Verdict { return s.Private(now, "a", l.Rules(), true) }, flood.TooManyPrivates},
		"command": {&l.Commands, func(s *flood.State, now time.Time) flood.Verdict { return s.Command(now, l.Rules()) }, flood.TooManyCommands},
		"join":    {&l.Joins, func(s *flood.State, now time.Time) flood.Verdict { return s.Join(now, l.Rules()) }, flood.TooManyJoins},
	}
	for name, kind := range kinds {
		l = off()
		*kind.limit = flood.Rate{Per: time.Second, Burst: 3}
		var s flood.State
		for i := range 3 {
			if v := kind.do(&s, start); v.Action != flood.OK {
				t.Errorf("%s %d: %+v", name, i, v)
			}
		}
		if v, want := kind.do(&s, start), (flood.Verdict{Action: flood.Refused, Reason: kind.reason, Wait: time.Second}); v != want {
			t.Errorf("the fourth %s: %+v, want %+v", name, v, want)
		}
		for other, kind := range kinds {
			if v := kind.do(&s, start); other != name && v.Action != flood.OK {
				t.Errorf("a %s after too many %ss: %+v", other, name, v)
			}
		}
		if v := kind.do(&s, start.Add(999*time.Millisecond)); v.Wait != time.Millisecond {
			t.Errorf("a %s a millisecond early: %+v", name, v)
		}
		if v := kind.do(&s, start.Add(time.Second)); v.Action != flood.OK {
			t.Errorf("a %s after the wait: %+v", name, v)
		}
	}
}

func TestHammeringProlongsTheWaitAndTimeEndsIt(t *testing.T) {
	l := off()
	l.Messages, l.Penalty = flood.Rate{Per: time.Second, Burst: 1}, 2*time.Second
	var s flood.State
	s.Message(start, "a", l.Rules(), false)
	for i, want := range []time.Duration{3, 5, 7, 9, 11, 11, 11} { // MaxPenalty, and the token
		if v := s.Message(start, "a", l.Rules(), false); v.Wait != want*time.Second {
			t.Errorf("attempt %d: wait %v, want %v", i, v.Wait, want*time.Second)
		}
	}
	if v := s.Message(start.Add(11*time.Second), "a", l.Rules(), false); v.Action != flood.OK {
		t.Errorf("after the wait: %+v", v)
	}
}

func TestManyRefusalsAreAStrike(t *testing.T) {
	l := off()
	l.Joins, l.Patience = flood.Rate{Per: time.Hour, Burst: 1}, flood.Rate{Per: time.Minute, Burst: 3}
	var s flood.State
	var got []string
	for range 10 {
		got = append(got, s.Join(start, l.Rules()).Action.String())
	}
	want := "ok refused refused refused strike refused refused refused strike refused"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Patience recovers.
	s = flood.State{}
	for i := range 20 {
		if v := s.Join(start.Add(time.Duration(i)*time.Minute), l.Rules()); v.Action == flood.Strike {
			t.Errorf("attempt %d, a minute after the last, is a strike", i)
		}
	}
}

func TestOneLineAgainAndAgainIsRefused(t *testing.T) {
	l := off()
	l.Repeats, l.RepeatWindow = 3, 30*time.Second
	var s flood.State
	for i, text := range []string{"Buy my stuff!", "buy  my stuff", "BUY*MY*STUFF"} {
		if v := s.Message(start.Add(time.Duration(i)*time.Second), text, l.Rules(), false); v.Action != flood.OK {
			t.Errorf("%q: %+v", text, v)
		}
	}
	want := flood.Verdict{Action: flood.Refused, Reason: flood.SaidAlready, Wait: 20 * time.Second}
	for _, text := range []string{"Buy my stuff!", "b.u.y.m.y.s.t.u.f.f", "buy my\u200b stuff"} {
		if v := s.Private(start.Add(10*time.Second), text, l.Rules(), false); v != want {
			t.Errorf("%q: %+v, want %+v", text, v, want)
		}
	}
	if v := s.Message(start.Add(10*time.Second), "Buy my other stuff!", l.Rules(), false); v.Action != flood.OK {
		t.Errorf("another line: %+v", v)
	}
	if v := s.Message(start.Add(30*time.Second), "Buy my stuff!", l.Rules(), false); v.Action != flood.OK {
		t.Errorf("after the window: %+v", v)
	}
}

func TestLinesInTurnAreRepeatsToo(t *testing.T) {
	l := off()
	l.Repeats = 1
	var s flood.State
	for _, text := range []string{"one", "two", "three", "four"} {
		if v := s.Message(start, text, l.Rules(), false); v.Action != flood.OK {
			t.Errorf("%q: %+v", text, v)
		}
	}
	for _, text := range []string{"one", "two", "three", "four"} {
		if v := s.Message(start, text, l.Rules(), false); v.Action != flood.Refused {
			t.Errorf("%q once more: %+v", text, v)
		}
	}
	// A fifth takes the place of the oldest.
	s.Message(start.Add(time.Second), "five", l.Rules(), false)
	if v := s.Message(start.Add(time.Second), "five", l.Rules(), false); v.Action != flood.Refused {
		t.Errorf("the fifth once more: %+v", v)
	}
}

func TestLinesWithoutLettersAreLines(t *testing.T) {
	l := off()
	l.Repeats = 1
	var s flood.State
	for _, text := range []string{":-)", ":-(", "🙂", ""} {
		if v := s.Message(start, text, l.Rules(), false); v.Action != flood.OK {
			t.Errorf("%q: %+v", text, v)
		}
	}
	if v := s.Message(start, "🙂", l.Rules(), false); v.Action != flood.Refused {
		t.Errorf("again: %+v", v)
	}
}

func TestLinesOfOtherScriptsDiffer(t *testing.T) {
	l := off()
	l.Repeats = 1
	for _, pair := range [][2]string{{"привет", "пока"}, {"हिन्दी", "हिन्दू"}, {"你好", "再见"}, {"сору", "copy"}} {
		var s flood.State
		for _, text := range pair {
			if v := s.Message(start, text, l.Rules(), false); v.Action != flood.OK {
				t.Errorf("%q of %q: %+v", text, pair, v)
			}
		}
		if v := s.Message(start, strings.ToUpper(pair[0]), l.Rules(), false); v.Action != flood.Refused {
			t.Errorf("%q again: %+v", pair[0], v)
		}
	}
}

func TestShoutingIsRefused(t *testing.T) {
	l := off()
	l.CapsPercent, l.CapsLetters = 70, 16
	for text, want := range map[string]flood.Action{
		"WHY DOES NOBODY ANSWER ME":         flood.Refused,
		"WHY DOES NOBODY answer me":         flood.OK, // 13 of 20
		"ПОЧЕМУ НИКТО НЕ ОТВЕЧАЕТ":          flood.Refused,
		"OMG, LOL, ROFL!!!":                 flood.OK, // short
		"why does nobody answer me":         flood.OK,
		"私は日本語をとてもよく話せるようになりました":            flood.OK,
		"NASA 1234567890 !!!!!!!!!!!!!!!!!": flood.OK,
		"":                                  flood.OK,
	} {
		var s flood.State
		if v := s.Message(start, text, l.Rules(), false); v.Action != want || v.Wait != 0 || (want != flood.OK) != (v.Reason == flood.TooMuchCaps) {
			t.Errorf("%q: %+v, want %v", text, v, want)
		}
		if v := s.Private(start, text, l.Rules(), false); v.Action != flood.OK {
			t.Errorf("in private: %+v", v)
		}
	}
}

func TestNewcomersMayPostFewLinks(t *testing.T) {
	l := off()
	l.Links = flood.Rate{Per: 30 * time.Second, Burst: 2}
	for text, links := range map[string]int{
		"see https://example.org/":                 1,
		"see HTTPS://EXAMPLE.ORG/":                 1,
		"www.example.org and Www.example.com":      2,
		"http://www.example.org":                   1,
		"awww. that is sweet":                      0,
		"e.g. 1.5 m/s, i.e. https: and // and www": 0,
		"ftp://a gopher://b www.c":                 3,
		"日www.example.org":                         0,
	} {
		var s flood.State
		want := flood.OK
		if links > 2 {
			want = flood.Refused
		}
		if v := s.Message(start, text, l.Rules(), true); v.Action != want || v.Wait != 0 {
			t.Errorf("%q: %+v", text, v)
		}
		// How many are left tells how many it had.
		for range max(0, 2-links) {
			if v := s.Message(start, "www.x", l.Rules(), true); v.Action != flood.OK {
				t.Errorf("%q has more than %d links: %+v", text, links, v)
			}
		}
		if v := s.Private(start, "www.x", l.Rules(), true); links <= 2 && (v.Action != flood.Refused || v.Reason != flood.TooManyLinks || v.Wait != 30*time.Second) {
			t.Errorf("%q has fewer than %d links: %+v", text, links, v)
		}
		if v := s.Message(start, "www.x www.y www.z", l.Rules(), false); v.Action != flood.OK {
			t.Errorf("of one who is no newcomer: %+v", v)
		}
	}
}

func TestNewcomerDependsOnTheAge(t *testing.T) {
	var none *flood.Limits
	never := off()
	for _, test := range []struct {
		limits *flood.Limits
		age    time.Duration
		want   bool
	}{
		{none, 0, true},
		{none, time.Hour - 1, true},
		{none, time.Hour, false},
		{&flood.Limits{}, time.Minute, true},
		{&flood.Limits{NewcomerFor: time.Second}, time.Minute, false},
		{&never, 0, false},
	} {
		if got := test.limits.Rules().Newcomer(test.age); got != test.want {
			t.Errorf("after %v: %v", test.age, got)
		}
	}
}

func TestZeroLimitsAreTheDefaultsAndNegativeOnesAreNone(t *testing.T) {
	defaults := flood.Defaults()
	for name, l := range map[string]*flood.Limits{"nil": nil, "zero": {}, "written out": &defaults} {
		var s flood.State
		for i := range 30 {
			v := s.Message(start, fmt.Sprint(i), l.Rules(), false)
			if got, want := v.Action == flood.OK, i < 10; got != want {
				t.Errorf("%s: message %d: %+v", name, i, v)
			}
		}
	}
	l := off()
	var s flood.State
	for i := range 1000 {
		if v := s.Message(start, "BUY MY STUFF AT HTTP://EXAMPLE.ORG", l.Rules(), true); v.Action != flood.OK {
			t.Fatalf("without limits, message %d: %+v", i, v)
		}
		if v := s.Private(start, "www.a www.b www.c www.d", l.Rules(), true); v.Action != flood.OK {
			t.Fatalf("without limits, private message %d: %+v", i, v)
		}
	}
}

func TestAClockThatIsSetBackDoesNotLockUsersOut(t *testing.T) {
	var s flood.State
	for i := range 50 {
		s.Message(start, fmt.Sprint(i), byDefault, true)
	}
	back := start.AddDate(-10, 0, 0)
	if v := s.Message(back, "hello", byDefault, true); v.Wait > 20*time.Second {
		t.Errorf("ten years back: %+v", v)
	}
	if v := s.Message(back.Add(20*time.Second), "hello", byDefault, true); v.Action != flood.OK {
		t.Errorf("ten years back, and 20 s later: %+v", v)
	}
}

func TestJudgingAMessageAllocatesNothing(t *testing.T) {
	var s flood.State
	l := flood.Defaults()
	rules, now := l.Rules(), start
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(time.Minute)
		if v := s.Message(now, "Hello everybody, look at https://example.org", rules, true); v.Action != flood.OK {
			t.Fatal(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMessage(b *testing.B) {
	for _, size := range []int{64, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			text := strings.Repeat("Hello everybody ", size/16)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var s flood.State
			now := start
			for b.Loop() {
				now = now.Add(time.Minute)
				s.Message(now, text, byDefault, true)
			}
		})
	}
}
