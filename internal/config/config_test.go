package config

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/logs"
)

// addresses makes go-cmp compare addresses with ==.
var addresses = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// environment makes a lookup function of "NAME=value" entries.
func environment(entries ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, entry := range entries {
			if n, value, _ := strings.Cut(entry, "="); n == name {
				return value, true
			}
		}
		return "", false
	}
}

// Parse is Load for tests that don't need the origin of values.
func Parse(args []string, env func(name string) (string, bool)) (Config, error) {
	s, err := Load(args, env)
	if err != nil {
		return Config{}, err
	}
	return s.Config, nil
}

func parse(t *testing.T, args []string, env ...string) Config {
	t.Helper()
	c, err := Parse(args, environment(env...))
	if err != nil {
		t.Fatalf("Parse(%q) with %q: %v", args, env, err)
	}
	return c
}

// defaults returns the documented defaults, written out once more.
func defaults() Config {
	return Config{
		Port: 9034, Loops: 1, Name: "chatsrv", Style: StyleDefault, SniffWindow: 150 * time.Millisecond, Web: true, TLS: TLSOn,
		Guests: true, ResumeGuests: 15 * time.Minute, ResumeAccounts: 24 * time.Hour, Linger: time.Minute, EditWindow: 15 * time.Minute, FloodControl: true, ChatLogSize: 10 << 20, ChatLogKeep: 30,
		MaxLine: 4096, LoginTimeout: time.Minute, MaxLag: 1 << 20, StallTimeout: 30 * time.Second, KeepAlive: time.Minute,
		MaxPerIP: 16, NewPerIP: 32, NewPerIPWindow: 10 * time.Minute, Grace: 5 * time.Second,
		LogFormat: LogText, LogMaxSize: 100 << 20, LogKeep: 7,
	}
}

func TestWithoutSettingsTheDefaultsApply(t *testing.T) {
	if diff := cmp.Diff(defaults(), parse(t, nil), addresses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEveryFlagReachesItsField(t *testing.T) {
	got := parse(t, strings.Fields(`-p 0 -b 127.0.0.1 --bind unix:/tmp/a,b -4 -6 --backend poll --loops=2 --name chat
		--style classic --sniff-window 0 --max-line 8KiB --login-timeout 1m30s --max-lag 65536 --stall-timeout 1s --keepalive 90s
		--data /srv/chat --guests=false --resume-guests 1m --resume-accounts 1h --linger 1s --resume-plain --edit-window 1h --flood-control=false --words w.txt --keep-age 720h --keep-size 1GiB
		--chatlog /var/log/chat --chatlog-size 1MiB --chatlog-keep 3 --max-per-ip 0 --new-per-ip 7 --new-per-ip-window 1h --max-clients 99 --grace 0 --log-level debug --log-format json
		--log-file /tmp/log --log-max-size 2MiB --log-keep 1 --log-compress --metrics :9100 --debug
		--tls-cert a.pem --tls-cert b.pem --tls-key a.key --tls-key b.key --tls off --listen auto://* --listen auto://lo?proxy=::1
		--web=false --allow-origin https://a.example --allow-origin *`))
	want := Config{
		Port: 0, Bind: []string{"127.0.0.1", "unix:/tmp/a,b"}, IPv4: true, IPv6: true, Backend: "poll", Loops: 2, Name: "chat",
		Data: "/srv/chat", Words: "w.txt", KeepAge: 720 * time.Hour, KeepSize: 1 << 30,
		ResumeGuests: time.Minute, ResumeAccounts: time.Hour, Linger: time.Second, ResumePlain: true, EditWindow: time.Hour,
		ChatLog: "/var/log/chat", ChatLogSize: 1 << 20, ChatLogKeep: 3,
		Style: StyleClassic, SniffWindow: 0, MaxLine: 8192, LoginTimeout: 90 * time.Second, MaxLag: 65536, StallTimeout: time.Second, KeepAlive: 90 * time.Second,
		MaxPerIP: 0, NewPerIP: 7, NewPerIPWindow: time.Hour, MaxClients: 99, Grace: 0,
		LogLevels: logs.All(slog.LevelDebug), LogFormat: LogJSON, LogFile: "/tmp/log", LogMaxSize: 2 << 20, LogKeep: 1, LogCompress: true,
		Metrics: netip.MustParseAddrPort("127.0.0.1:9100"), Debug: true,
		Listen:       []string{"auto://*", "auto://lo?proxy=::1"},
		AllowOrigins: []string{"https://a.example", "*"},
		TLS:          TLSOff, TLSCerts: []string{"a.pem", "b.pem"}, TLSKeys: []string{"a.key", "b.key"},
	}
	if diff := cmp.Diff(want, got, addresses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFlagsOverrideVariablesAndVariablesOverrideDefaults(t *testing.T) {
	env := []string{"CHATSRV_PORT=1", "CHATSRV_MAX_LINE=1KiB", "CHATSRV_IPV6=true", "CHATSRV_BIND=lo, unix:/s", "CHATSRV_NAME="}
	got := parse(t, []string{"-port", "2", "--log-format", "json", "--log-format", "text"}, env...)
	want := defaults()
	want.Port, want.MaxLine, want.IPv6, want.Bind = 2, 1024, true, []string{"lo", "unix:/s"}
	if diff := cmp.Diff(want, got, addresses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := parse(t, []string{"-b", "::1", "-ipv6=false"}, env...); got.IPv6 || !cmp.Equal(got.Bind, []string{"::1"}) {
		t.Errorf("flags do not replace the variables: IPv6 %v, Bind %q", got.IPv6, got.Bind)
	}
}

func TestHelpAndVersionDoNotReadTheEnvironment(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help", "-version", "--version"} {
		c := parse(t, []string{arg}, "CHATSRV_PORT=nonsense")
		if !c.Help && !c.Version {
			t.Errorf("%s is not noticed", arg)
		}
	}
	if c := parse(t, nil, "CHATSRV_VERSION=1.2.3", "CHATSRV_HELP=yes"); c.Help || c.Version {
		t.Error("a variable asks for help or version")
	}
}

func TestErrorsNameTheOriginTheValueAndTheWayOut(t *testing.T) {
	for _, test := range []struct {
		args string
		env  string
		want []string
	}{
		{args: "--prot 9034", want: []string{"unknown flag --prot", "did you mean --port?"}},
		{args: "--max-perip=3", want: []string{"unknown flag --max-perip ", "did you mean --max-per-ip?"}},
		{args: "-vesrion", want: []string{"unknown flag -vesrion", "did you mean --version?"}},
		{args: "--xyzzyxyzzy", want: []string{"unknown flag --xyzzyxyzzy", "chatsrv --help"}},
		{args: "-x", want: []string{"unknown flag -x", "chatsrv --help"}},
		{args: "--allow-origin example.org", want: []string{"--allow-origin: ", `"example.org" is not an origin such as https://www.example.org, or *`}},
		{args: "--tls maybe", want: []string{"--tls: ", `"maybe" is not one of on, off`}},
		{args: "--tls off --require-tls-auth", want: []string{"--require-tls-auth: ", "there is no TLS with --tls off"}},
		{args: "--style classic --require-tls-auth=true", want: []string{"--require-tls-auth: ", "--style classic"}},
		{args: "--tls-cert a.pem", want: []string{"--tls-cert: ", "1 certificates and 0 keys", "give one --tls-key for each --tls-cert"}},
		{args: "--tls-key a.pem", want: []string{"--tls-key: ", "0 certificates and 1 keys"}},
		{args: "9034", want: []string{`"9034" is not a flag`, "chatsrv --help"}},
		{args: "-4 -- -6", want: []string{`"-6" is not a flag`}},
		{args: "--=3", want: []string{"--=3", "chatsrv --help"}},
		{args: "-port", want: []string{"--port: ", "value is missing", "--port 9034"}},
		{args: "-b", want: []string{"--bind: ", "value is missing", "--bind 127.0.0.1"}},
		{args: "-port 65536", want: []string{"--port: ", `"65536"`, "1 to 65535"}},
		{args: "-p -1", want: []string{"--port: ", `"-1"`}},
		{env: "CHATSRV_PORT=http", want: []string{"CHATSRV_PORT: ", `"http"`, "65535"}},
		{env: "CHATSRV_BIND=lo,,eth0", want: []string{"CHATSRV_BIND: ", `""`, "unix:PATH"}},
		{args: "--bind=", want: []string{"--bind: ", `""`}},
		{args: "--listen=", want: []string{"--listen: ", `"": the protocol is missing`, "auto://*"}},
		{args: "--listen 127.0.0.1", want: []string{"--listen: ", `"127.0.0.1": the protocol is missing`}},
		{args: "--listen tlnet://*", want: []string{"--listen: ", `"tlnet://*": the protocol "tlnet" is not one of auto, telnet, tls, json`, "did you mean telnet?"}},
		{args: "--listen TLS://*", want: []string{`"TLS" is not one of`, "did you mean tls?"}},
		{args: "--listen http://*", want: []string{`the protocol "http" is not one of auto, telnet, tls, json`}},
		{args: "--listen tls://", want: []string{`"tls://": the address is missing`, "tls://127.0.0.1:9034"}},
		{args: "--listen tls://?proxy=::1", want: []string{"the address is missing"}},
		{args: "--listen tls://lo/", want: []string{`"tls://lo/": nothing follows the address but options`}},
		{args: "--listen tls://*?prxy=::1", want: []string{`"tls://*?prxy=::1": unknown option "prxy"`, "did you mean proxy?"}},
		{args: "--listen tls://*?", want: []string{`unknown option ""`, "the only one is proxy=NETWORK"}},
		{args: "--listen tls://*?proxy=::1&backlog=9", want: []string{`unknown option "backlog"`, "the only one is proxy=NETWORK"}},
		{args: "--listen tls://*?proxy", want: []string{`proxy: "" is not an address or a network`, "10.0.0.0/8"}},
		{args: "--listen tls://*?proxy=10.0.0.1,", want: []string{`proxy: "" is not an address`}},
		{args: "--listen tls://*?proxy=10.0.0/8", want: []string{`"tls://*?proxy=10.0.0/8": proxy: "10.0.0/8" is not an address`}},
		{args: "--listen tls://*?proxy=haproxy.example", want: []string{`"haproxy.example" is not an address`}},
		{args: "--listen auto://unix:/s?proxy=::1", want: []string{"the clients of a Unix socket have no address", "over loopback"}},
		{args: "--listen auto://* --listen tls://* --tls off", want: []string{"--listen: ", `"tls://*": there is no TLS with --tls off`, "telnet://*"}},
		{args: "--listen json://* --style classic", want: []string{`"json://*": --style classic has only its own protocol`, "auto://*"}},
		{args: "--listen tls://* --style classic", want: []string{`"tls://*": --style classic`}},
		{env: "CHATSRV_LISTEN=tcp://*", want: []string{"CHATSRV_LISTEN: ", `the protocol "tcp" is not one of`}},
		{env: "CHATSRV_LISTEN=auto://*,::1", want: []string{"CHATSRV_LISTEN: ", `"::1": the protocol is missing`}},
		{args: "--loops 0", want: []string{"--loops: ", `"0"`, "1 to 256"}},
		{args: "--max-line 33KiB", want: []string{"--max-line: ", `"33KiB"`, "64 to 32KiB", "1MiB"}},
		{args: "--max-lag 1MB", want: []string{"--max-lag: ", `"1MB"`, "64KiB to 1GiB"}},
		{args: "--max-lag 99999999999GiB", want: []string{"--max-lag: ", "64KiB to 1GiB"}},
		{args: "--max-lag -1MiB", want: []string{"--max-lag: "}},
		{args: "--grace 5", want: []string{"--grace: ", `"5"`, "unit", "30s"}},
		{args: "--login-timeout 0", want: []string{"--login-timeout: ", "1s to 24h,"}},
		{args: "--style clssic", want: []string{"--style: ", `"clssic"`, "default, classic", "did you mean classic?"}},
		{args: "--log-level loud", want: []string{"--log-level: ", `"loud"`, "debug, info, warn, error"}},
		{args: "--log-level info,cht=debug", want: []string{"--log-level: ", "did you mean chat?"}},
		{args: "--metrics nine", want: []string{"--metrics: ", `"nine" is not an address`}},
		{args: "--metrics example.org:9100", want: []string{"--metrics: ", "0.0.0.0:9100"}},
		{args: "--metrics ::1", want: []string{"--metrics: ", `"::1" is not`, "[::1]:9100"}},
		{args: "--debug", want: []string{"--debug: ", "--metrics"}},
		{args: "--log-file=", want: []string{"--log-file: ", `"" is not a file path`}},
		{args: "--log-max-size 1KiB", want: []string{"--log-max-size: ", "1MiB to 1GiB"}},
		{args: "--ipv4=maybe", want: []string{"--ipv4: ", `"maybe"`, "true"}},
		{args: "--name \x1b[2J", want: []string{"--name: ", `"\x1b[2J"`, "printable"}},
		{args: "--backend=", want: []string{"--backend: ", "--backend list"}},
	} {
		_, err := Parse(strings.Fields(test.args), environment(test.env))
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q %q: error %v (%T), want a *UsageError", test.args, test.env, err, err)
			continue
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q %q: error\n  %v\nlacks %q", test.args, test.env, err, part)
			}
		}
	}
}

func TestRowsOfTheTableAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		if r.group == "" || len(r.name) < 2 || len(r.short) > 1 || r.help == "" || strings.HasSuffix(r.help, ".") || r.set == nil {
			t.Errorf("--%s: something is missing", r.name)
		}
		if seen[r.name] || (r.short != "" && seen[r.short]) {
			t.Errorf("--%s is there twice", r.name)
		}
		seen[r.name], seen[r.short] = true, true
		if strings.ToLower(r.name) != r.name || strings.ContainsAny(r.name, "_= ") {
			t.Errorf("--%s does not turn into a variable and back", r.name)
		}
		if r.def != "" && r.set(&Config{}, r.def) != nil {
			t.Errorf("--%s refuses its own default", r.name)
		}
	}
}

func FuzzParseRefusesInWordsOnly(f *testing.F) {
	f.Add("-port\x009034\x00-46b\x00lo\x00--", "1KiB")
	f.Add("-p=\x00--=\x00-=\x00---\x00-h4x", "")
	f.Fuzz(func(t *testing.T, joined, variable string) {
		args := strings.Split(joined, "\x00")
		once := normalise(args)
		if twice := normalise(once); !cmp.Equal(once, twice) {
			t.Errorf("normalise changes %q into %q and that into %q", args, once, twice)
		}
		c, err := Parse(args, func(string) (string, bool) { return variable, true })
		var usage *UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("error %v (%T), want a *UsageError", err, err)
		}
		if err == nil && !c.Help && !c.Version && c.Loops < 1 {
			t.Errorf("%q, %q: %+v", args, variable, c)
		}
	})
}

func TestATimeMayBeGivenInDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"90d": 90 * 24 * time.Hour, "1w": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "2 days": 48 * time.Hour} {
		s, err := Load([]string{"--keep-age", text}, environment())
		if err != nil || s.Config.KeepAge != want {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"d", "1d1d", "-1d", "99999d", "15251w"} {
		if _, err := Load([]string{"--keep-age", text}, environment()); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}

func TestFlagsAreThoseThatWereGiven(t *testing.T) {
	env := environment("CHATSRV_NAME=eve")
	s, words, err := LoadWords([]string{"-4", "install", "-port", "0", "--data", "install", "--bind=::1", "--guests=false", "-b", "10.0.0.1"}, env)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--port=0", "--bind=::1", "--bind=10.0.0.1", "--ipv4=true", "--data=install", "--guests=false"}
	if got := s.Flags(); !slices.Equal(got, want) || !slices.Equal(words, []string{"install"}) {
		t.Errorf("flags %q, words %q, want %q", got, words, want)
	}
	again, err := Load(s.Flags(), env)
	if err != nil || !cmp.Equal(again.Config, s.Config, addresses) {
		t.Errorf("again: %+v, %v, want %+v", again, err, s.Config)
	}
}

// The networks of an option and the entries of the variable are both separated by commas.
func TestAVariableMayHaveSeveralListeners(t *testing.T) {
	got := parse(t, nil, "CHATSRV_LISTEN=auto://*, tls://*:9035?proxy=10.0.0.1, 10.0.0.0/8,telnet://lo,json://::1?proxy=::1&proxy=::2,::3")
	want := []string{"auto://*", "tls://*:9035?proxy=10.0.0.1,10.0.0.0/8", "telnet://lo", "json://::1?proxy=::1&proxy=::2,::3"}
	if diff := cmp.Diff(want, got.Listen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
