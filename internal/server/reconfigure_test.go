package server_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/server"
)

// inAreas divides the log of a server into areas, as chatsrv does.
func inAreas(t *testing.T, o *server.Options, levels string) {
	t.Helper()
	l, err := logs.ParseLevels(levels)
	if err != nil {
		t.Fatal(err)
	}
	o.Log = slog.New(logs.NewFilter(l).Handler(o.Log.Handler()))
}

func TestReconfigureTakesEffectAtOnceForEveryClient(t *testing.T) {
	for name, style := range map[string]func(*server.Options){"default": nil, "classic": classicStyle} {
		t.Run(name, func(t *testing.T) {
			f := start(t, style)
			bob := f.join("bob")
			long := strings.Repeat("x", 100)
			limits := server.Limits{MaxLine: 64, LoginTimeout: 5 * time.Second, MaxPerIP: 1, NewPerIPWindow: time.Minute, Grace: time.Hour}
			bob.sends(long[:80]) // the beginning of a line
			f.srv.Reconfigure(limits)
			bob.sends(long + "\r\n")
			if got := bob.reads(); !strings.Contains(got, "longer than 64 bytes") {
				t.Errorf("a long line is answered with %q", got)
			}
			from := netip.MustParseAddr("198.51.100.1")
			asked := f.dialFrom(from)
			if got := f.dialFrom(from).reads(); !strings.Contains(got, ", the limit") {
				t.Errorf("a second connection sees %q", got)
			}
			f.advance(6 * time.Second)
			if got := asked.reads(); !strings.Contains(got, "no user name within 5 seconds") {
				t.Errorf("after the new time to log in: %q", got)
			}
			limits.MaxLine = 0
			f.srv.Reconfigure(limits)
			bob.sends(long + "\r\n")
			if got := bob.reads(); got != "" || !bob.open {
				t.Errorf("%q, open %v", got, bob.open)
			}
			f.srv.Shutdown("test")
			f.logged("msg=shutdown", "grace=1h0m0s")
		})
	}
}

func TestRehashAsksTheProgram(t *testing.T) {
	broken := errors.New("line 3")
	calls := 0
	f := start(t, func(o *server.Options) {
		o.Rehash = func() ([]*chat.Note, error) {
			calls++
			if calls == 2 {
				return nil, broken
			}
			return []*chat.Note{chat.NewNote("setting-changed", "setting", "max-line", "to", "1", "from", "2")}, nil
		}
	})
	if report, err := f.srv.Rehash("SIGHUP"); err != nil || len(report) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	f.logged("msg=rehash", "by=SIGHUP")
	if _, err := f.srv.Rehash("bob"); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := start(t, nil).srv.Rehash("bob"); err == nil {
		t.Error("without a file there is something to reload")
	}
}

func TestStatsCountWhatHappened(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxPerIP = 1 })
	bob, eve := f.join("bob"), f.join("eve")
	bob.sends("hello\r\n")
	eve.sends("/me waves\r\n")
	from := netip.MustParseAddr("198.51.100.1")
	f.dialFrom(from)
	f.dialFrom(from).reads()
	s := f.srv.Stats()
	if s.Logins != 2 || s.Users != 2 || s.Messages != 4 || s.Refused["max_per_ip"] != 1 || s.Refused["max_clients"] != 0 || s.Loop.Accepted != 4 {
		t.Errorf("%+v", s)
	}
	eve.sends("/quit\r\n")
	eve.reads()
	if s := f.srv.Stats(); s.Users != 1 || s.Logins != 2 || len(s.Refused) != 6 {
		t.Errorf("%+v", s)
	}
}

func TestEveryLineAboutAConnectionHasItsNumberAndItsArea(t *testing.T) {
	f := start(t, func(o *server.Options) {
		o.MaxPerIP = 1
		inAreas(t, o, "info")
	})
	bob := f.join("bob")
	bob.sends("/nick bobby\r\n/quit\r\n")
	bob.reads()
	f.join("eve").sends(strings.Repeat(strings.Repeat("x", 5000)+"\r\n", 3))
	f.dial().sends("GET / HTTP/1.1\r\n")
	f.dialFrom(netip.MustParseAddr("198.51.100.1"))
	f.dialFrom(netip.MustParseAddr("198.51.100.1"))
	f.advance(time.Hour)
	about := regexp.MustCompile(`^level=\w+ msg=(connect|login|leave|refused) area=(\w+) conn=([1-9]\d*) `)
	areas := map[string]string{"connect": "net", "refused": "net", "login": "chat", "leave": "chat"}
	seen := map[string]int{}
	numbers := map[string]bool{}
	for line := range strings.Lines(f.log.String()) {
		m := about.FindStringSubmatch(line)
		if m == nil || areas[m[1]] != m[2] {
			t.Errorf("line %q", line)
			continue
		}
		seen[m[1]]++
		numbers[m[3]] = true
	}
	if seen["connect"] != 4 || seen["leave"] != 4 || seen["login"] != 2 || seen["refused"] != 1 || len(numbers) != 5 {
		t.Errorf("lines %v of %d connections in\n%s", seen, len(numbers), f.log.String())
	}
}

func TestAnAreaThatIsOffLogsNothing(t *testing.T) {
	f := start(t, func(o *server.Options) { inAreas(t, o, "net=warn,chat=info") })
	f.join("bob")
	if log := f.log.String(); strings.Contains(log, "msg=connect") || !strings.Contains(log, "msg=login") {
		t.Error(log)
	}
}
