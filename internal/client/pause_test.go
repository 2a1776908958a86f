package client_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/client"
)

// a sleeper is the wall clock of a machine whose other clock is that of the test.
type sleeper struct{ slept atomic.Int64 }

func (s *sleeper) now() time.Time { return time.Now().Add(time.Duration(s.slept.Load())) }

// sleeps lets the machine sleep, and waits until that is noticed.
func (s *sleeper) sleeps(d time.Duration) {
	synctest.Wait() // until the client has read the clock before
	s.slept.Add(int64(d))
	<-time.After(2 * time.Second) // of the test's clock
	synctest.Wait()
}

func TestSilenceIsNoticedIn20Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := scripted(t, client.Options{}, welcomed, lobby)
		next[client.Joined](t, c)
		begin := time.Now()
		if r := s.reads(); r.Type != "ping" || time.Since(begin) != 10*time.Second {
			t.Errorf("%+v after %v", r, time.Since(begin))
		}
		if d := next[client.Disconnected](t, c); !errors.Is(d.Err, client.ErrSilent) || time.Since(begin) != 20*time.Second {
			t.Errorf("%v after %v", d.Err, time.Since(begin))
		}
		s.accept(welcomed, lobby)
	})
}

// A server that reads nothing keeps nobody from noticing that it is silent, too.
func TestAnUnfinishedWriteDoesNotDelayTheLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := scripted(t, client.Options{}, welcomed, lobby)
		next[client.Joined](t, c)
		begin := time.Now()
		<-time.After(9 * time.Second)
		if _, err := c.Post(client.Post{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		if next[client.Disconnected](t, c); time.Since(begin) != 20*time.Second {
			t.Errorf("after %v", time.Since(begin))
		}
		s.accept(welcomed, lobby)
		s.reads()
	})
}

func TestAConnectionIsCheckedAfterASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock sleeper
		s, c := scripted(t, client.Options{Now: clock.now}, welcomed, lobby)
		next[client.Joined](t, c)
		clock.sleeps(time.Hour)
		begin := time.Now()
		if r := s.reads(); r.Type != "ping" || time.Since(begin) != 0 {
			t.Errorf("%+v after %v", r, time.Since(begin))
		}
		s.writes(`{"type":"notice","code":"x","text":"from before the sleep"}`, `{"type":"pong"}`)
		next[client.Notice](t, c)
		if r := s.reads(); r.Type != "ping" || time.Since(begin) != 10*time.Second {
			t.Errorf("%+v after %v", r, time.Since(begin))
		}
		s.writes(`{"type":"pong"}`)

		clock.sleeps(time.Hour)
		begin = time.Now()
		s.reads()
		s.writes(`{"type":"notice","code":"x","text":"from before the sleep"}`)
		if d := next[client.Disconnected](t, c); !errors.Is(d.Err, client.ErrSilent) || time.Since(begin) != 5*time.Second {
			t.Errorf("%v after %v", d.Err, time.Since(begin))
		}
		s.accept(welcomed, lobby)
	})
}

// A clock that is set, and one that is a little late, are no sleep.
func TestOrdinaryStepsOfTheClockAreNoSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock sleeper
		s, c := scripted(t, client.Options{Now: clock.now}, welcomed, lobby)
		next[client.Joined](t, c)
		begin := time.Now()
		clock.sleeps(4 * time.Second)
		clock.sleeps(-24 * time.Hour)
		if r := s.reads(); r.Type != "ping" || time.Since(begin) != 10*time.Second {
			t.Errorf("%+v after %v", r, time.Since(begin))
		}
	})
}

// What the machine has slept counts for a wait, but not more than that.
func TestASleepCountsForTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock sleeper
		s, c := scripted(t, client.Options{Now: clock.now, Wait: client.Wait, Rand: func() float64 { return 0 }}, welcomed, lobby)
		next[client.Joined](t, c)
		s.writes(`{"type":"bye","code":"busy","text":"later","retryAfter":600}`)
		next[client.Disconnected](t, c)
		begin := time.Now()
		clock.sleeps(5 * time.Minute)
		select {
		case <-s.conns:
			t.Error("too early")
		default:
		}
		clock.sleeps(5 * time.Minute)
		s.accept(welcomed, lobby)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

// What the user asks for does not change the other waits, nor does it shorten what the server
// has asked for.
func TestRetryConnectsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		s, c := scripted(t, client.Options{Wait: client.Wait, Rand: func() float64 { return 0.5 }, Timeout: time.Second}, welcomed, lobby)
		next[client.Joined](t, c)
		c.Retry() // which does nothing
		s.writes(`{"type":"bye","code":"busy","text":"later","retryAfter":60}`)
		lost := func() {
			waits = append(waits, next[client.Disconnected](t, c).Retry)
		}
		lost()
		begin := time.Now()
		for range 3 {
			c.Retry() // at the moment of the event, and nobody answers
			lost()
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("three attempts of a second took %v", took)
		}
		for range 2 {
			lost()
		}
		want := []time.Duration{60_250, 59_250, 58_250, 57_250, 500, 1000}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Error(diff)
		}
		c.Retry()
		s.accept(welcomed, lobby)
		next[client.Connected](t, c)
	})
}

func TestCloseEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := scripted(t, client.Options{Wait: client.Wait}, welcomed, lobby)
		_ = c.Close()
		c.Retry()
		if !errors.Is(c.Err(), client.ErrClosed) {
			t.Error(c.Err())
		}
	})
}

// The name that the user has now is the one of the next log-in.
func TestALogInHasThePresentName(t *testing.T) {
	named := func(code, name string) string {
		return `{"type":"notice","code":"` + code + `","text":"x","args":{"name":"` + name + `"}}`
	}
	const over = `{"type":"error","cid":"login","code":"resume-unknown","text":"no"}`
	for what, c := range map[string]struct {
		password string
		notices  []string
		want     client.Request // without a type: the client gives up
	}{
		"a guest":                  {"", nil, client.Request{Type: "login", Name: "ada"}},
		"a renamed guest":          {"", []string{named("renamed", "eve")}, client.Request{Type: "login", Name: "eve"}},
		"a displaced guest":        {"", []string{named("renamed", "eve"), named("displaced", "visitor-1")}, client.Request{Type: "login", Name: "visitor-1"}},
		"an account":               {"secret", nil, client.Request{Type: "login", Name: "ada", Password: "secret"}},
		"logged in":                {"", []string{named("logged-in", "ann")}, client.Request{}},
		"registered":               {"", []string{named("registered", "ada")}, client.Request{}},
		"logged out":               {"secret", []string{named("you-are-logged-out", "visitor-1")}, client.Request{Type: "login", Name: "visitor-1"}},
		"logged in to another one": {"secret", []string{named("you-are-logged-out", "visitor-1"), named("logged-in", "ann")}, client.Request{}},
		"logged in again":          {"secret", []string{named("you-are-logged-out", "visitor-1"), named("logged-in", "Ada")}, client.Request{Type: "login", Name: "Ada", Password: "secret"}},
	} {
		t.Run(what, func(t *testing.T) {
			s, cl := scripted(t, client.Options{Password: c.password}, welcomed, lobby, tokenLine("one"))
			next[client.Joined](t, cl)
			for _, n := range c.notices {
				s.writes(n)
				next[client.Notice](t, cl)
			}
			_ = s.c.Close()
			next[client.Disconnected](t, cl)
			if r := s.accept(welcomed, over); r.Token != "one" {
				t.Errorf("%+v", r)
			}
			if c.want.Type == "" {
				for range cl.Events() {
				}
				if !errors.Is(cl.Err(), client.ErrPassword) {
					t.Error(cl.Err())
				}
				return
			}
			r := s.reads()
			r.CID = ""
			if diff := cmp.Diff(c.want, r); diff != "" {
				t.Error(diff)
			}
			s.writes(lobby)
			next[client.Connected](t, cl)
		})
	}
}

// Without a token there is no session to resume.
func TestAnAccountWithoutATokenNeedsItsPassword(t *testing.T) {
	s, c := scripted(t, client.Options{}, welcomed, lobby, `{"type":"notice","code":"logged-in","text":"x","args":{"name":"ann"}}`)
	next[client.Notice](t, c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_ = s.c.Close()
	go func() {
		select {
		case conn := <-s.conns: // the client notices only then that it can't log in
			_ = conn.Close()
		case <-ctx.Done():
		}
	}()
	for range c.Events() {
	}
	if !errors.Is(c.Err(), client.ErrPassword) {
		t.Error(c.Err())
	}
}
