package config

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

// A row of the table describes one flag.
type row struct {
	// group is the heading of the row in the help; the rows of a group are
	// adjacent.
	group string
	// name is the long flag, of at least two letters; short its one-letter
	// form, or "".
	name, short string
	// value is the name of the value in the help; "" marks a switch, which takes none.
	value string
	// def is the default, as it could be typed; "" leaves the field zero.
	def string
	// help is one sentence without a full stop.
	help string
	// sample is a value for examples, if there is no def.
	sample string
	// repeat is set if the flag may be given several times, the variable
	// separates values by commas, and the file has a list.
	repeat bool
	// split splits the variable if repeat is set; nil: at each comma.
	split func(text string) []string
	// noEnv and noFile are set if there is no environment variable, or no key in the file.
	noEnv, noFile bool
	// live is set if a reload changes the setting in the running server; the others need a
	// restart.
	live bool
	// secret is set if the value must never be shown, not even in an error.
	secret bool
	// set parses text and sets the value in c. Its error completes the sentence
	// "FLAG: ..." and says how to fix it.
	set func(c *Config, text string) error
}

// The headings.
const (
	groupListen = "Listening"
	groupTalk   = "Protocol"
	groupTLS    = "TLS"
	groupChat   = "Accounts and history"
	groupLimits = "Limits"
	groupLoop   = "Event loop"
	groupLog    = "Logging"
	groupWatch  = "Metrics"
	groupFile   = "Configuration file"
	groupAbout  = "Other"
)

// table is the one list of settings; the help prints it by group.
var table = []row{
	{
		group: groupAbout, name: "help", short: "h", noEnv: true, noFile: true, help: "Print this help and exit",
		set: toggle(func(c *Config) *bool { return &c.Help }),
	},
	{
		group: groupAbout, name: "version", noEnv: true, noFile: true, help: "Print the version and exit",
		set: toggle(func(c *Config) *bool { return &c.Version }),
	},

	{
		group: groupListen, name: "port", short: "p", value: "N", def: "9034",
		help: "Listen on TCP port N; 0 picks a free port",
		set:  setPort,
	},
	{
		group: groupListen, name: "bind", short: "b", value: "ADDR", sample: "127.0.0.1", repeat: true,
		help: "Listen only on ADDR: an IP address, an interface, or * for all addresses, with or without :PORT, or unix:PATH; repeatable",
		set:  setBind,
	},
	{
		group: groupListen, name: "listen", value: "PROTO://ADDR", sample: "tls://*:9035", repeat: true, split: splitEntries,
		help: "Listen on ADDR (as in --bind) for PROTO: auto (detect), telnet, tls or json; ?proxy=CIDR expects the PROXY protocol; replaces --bind; repeatable",
		set:  setListen,
	},
	{
		group: groupListen, name: "ipv4", short: "4", help: "Listen on IPv4 only",
		set: toggle(func(c *Config) *bool { return &c.IPv4 }),
	},
	{
		group: groupListen, name: "ipv6", short: "6",
		help: "Listen on IPv6 only; with neither or both of -4 and -6, listen on both",
		set:  toggle(func(c *Config) *bool { return &c.IPv6 }),
	},

	{
		group: groupTalk, name: "name", value: "TEXT", def: DefaultName, help: "Server name shown in the greeting",
		set: setName,
	},
	{
		group: groupTalk, name: "style", value: "NAME", def: string(StyleDefault),
		help: "Text protocol: default, or classic (byte-for-byte compatible with the C chat server)",
		set:  choice(func(c *Config) *Style { return &c.Style }, StyleDefault, StyleClassic),
	},
	{
		group: groupTalk, name: "sniff-window", value: "TIME", def: "150ms",
		help: "Wait this long for the client to speak first, then send the telnet greeting; 0 sends it at once",
		set:  period(func(c *Config) *time.Duration { return &c.SniffWindow }, 0, 10*time.Second),
	},

	{
		group: groupTalk, name: "web", value: "BOOL", def: "true",
		help: "Serve the browser client at http://HOST:PORT/; the classic style has none",
		set:  toggle(func(c *Config) *bool { return &c.Web }),
	},
	{
		group: groupTalk, name: "allow-origin", value: "ORIGIN", sample: "https://www.example.org", repeat: true,
		help: "Also let pages of ORIGIN (such as https://HOST, or * for all) connect by WebSocket; repeatable",
		set:  addOrigin,
	},

	{
		group: groupTLS, name: "tls", value: "MODE", def: string(TLSOn),
		help: "Accept TLS: on, or off; the classic style has none, and with --sniff-window 0 only tls:// listeners do",
		set:  choice(func(c *Config) *TLSMode { return &c.TLS }, TLSOn, TLSOff),
	},
	{
		group: groupTLS, name: "tls-cert", value: "FILE", sample: "/etc/ssl/chat.pem", repeat: true,
		help: "Read the certificate and its chain (PEM) from FILE; without it the server makes a self-signed one; repeatable",
		set:  addPath(func(c *Config) *[]string { return &c.TLSCerts }),
	},
	{
		group: groupTLS, name: "tls-key", value: "FILE", sample: "/etc/ssl/chat.key", repeat: true,
		help: "Read the key (PEM) of the certificate from FILE; one for each --tls-cert, in the same order",
		set:  addPath(func(c *Config) *[]string { return &c.TLSKeys }),
	},
	{
		group: groupTLS, name: "ca-passphrase", value: "FILE", sample: "/etc/chatsrv/ca-passphrase",
		help: "Read the passphrase of the site's authority (chatsrv help ca) from the first line of FILE, and renew the certificate with it",
		set:  setPath(func(c *Config) *string { return &c.CAPassphrase }),
	},
	{
		group: groupTLS, name: "require-tls-auth",
		help: "Refuse passwords that other machines send without TLS",
		set:  toggle(func(c *Config) *bool { return &c.RequireTLSAuth }),
	},

	{
		group: groupChat, name: "data", value: "DIR", sample: "/srv/chat",
		help: "Store accounts, rooms and messages in DIR; none keeps them in memory only; the default depends on the system",
		set:  setPath(func(c *Config) *string { return &c.Data }),
	},
	{
		group: groupChat, name: "guests", value: "BOOL", def: "true",
		help: "Allow guests (users without an account)",
		set:  toggle(func(c *Config) *bool { return &c.Guests }),
	},
	{
		group: groupChat, name: "resume-guests", value: "TIME", def: "15m",
		help: "Time in which a program without an account can resume its session",
		set:  period(func(c *Config) *time.Duration { return &c.ResumeGuests }, time.Second, duration.Max),
	},
	{
		group: groupChat, name: "resume-accounts", value: "TIME", def: "24h",
		help: "The same for a program that is logged in to an account",
		set:  period(func(c *Config) *time.Duration { return &c.ResumeAccounts }, time.Second, duration.Max),
	},
	{
		group: groupChat, name: "linger", value: "TIME", def: "60s",
		help: "Delay before other users are told that a program has lost its connection",
		set:  period(func(c *Config) *time.Duration { return &c.Linger }, time.Millisecond, time.Hour),
	},
	{
		group: groupChat, name: "resume-plain",
		help: "Allow programs on other machines to resume sessions without TLS",
		set:  toggle(func(c *Config) *bool { return &c.ResumePlain }),
	},
	{
		group: groupChat, name: "edit-window", value: "TIME", def: "15m",
		help: "How long users can edit their own messages; 0 turns editing off",
		set:  period(func(c *Config) *time.Duration { return &c.EditWindow }, 0, duration.Max),
	},
	{
		group: groupChat, name: "flood-control", value: "BOOL", def: "true", live: true,
		help: "Limit message rate, repetition and capitals; the third strike kicks the user",
		set:  toggle(func(c *Config) *bool { return &c.FloodControl }),
	},
	{
		group: groupChat, name: "words", value: "FILE", sample: "words.txt", live: true,
		help: "Read the word filter (words to mask, refuse, flag or punish) from FILE; see docs/operating.md",
		set:  setPath(func(c *Config) *string { return &c.Words }),
	},
	{
		group: groupChat, name: "keep-age", value: "TIME", def: "0",
		help: "Archive messages older than TIME; 0 never archives them",
		set:  period(func(c *Config) *time.Duration { return &c.KeepAge }, 0, duration.Max),
	},
	{
		group: groupChat, name: "keep-size", value: "SIZE", def: "0",
		help: "Archive the oldest messages when all rooms together exceed SIZE; 0 sets no limit",
		set:  size(func(c *Config) *int { return &c.KeepSize }, 0, math.MaxInt>>1+1),
	},
	{
		group: groupChat, name: "chatlog", value: "DIR", sample: "/var/log/chat",
		help: "Also write each room's messages to a text file in DIR",
		set:  setPath(func(c *Config) *string { return &c.ChatLog }),
	},
	{
		group: groupChat, name: "chatlog-size", value: "SIZE", def: "10MiB",
		help: "Rotate a chat log at this size; it is also rotated every day",
		set:  size(func(c *Config) *int { return &c.ChatLogSize }, 1<<16, 1<<30),
	},
	{
		group: groupChat, name: "chatlog-keep", value: "N", def: "30",
		help: "Number of rotated chat logs to keep for each room",
		set:  number(func(c *Config) *int { return &c.ChatLogKeep }, 1, 10000),
	},

	{
		group: groupLimits, name: "max-line", value: "SIZE", def: "4096", live: true,
		help: "Maximum length of a line from a client, in bytes",
		// A line with its author's name must fit into the smallest --max-lag.
		set: size(func(c *Config) *int { return &c.MaxLine }, 64, 32<<10),
	},
	{
		group: groupLimits, name: "login-timeout", value: "TIME", def: "60s", live: true,
		help: "Disconnect a client that has not given a name within this time",
		set:  period(func(c *Config) *time.Duration { return &c.LoginTimeout }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "max-lag", value: "SIZE", def: "1MiB",
		help: "Maximum unread data per reader of a room; beyond it, the oldest messages are skipped",
		set:  size(func(c *Config) *int { return &c.MaxLag }, 64<<10, 1<<30),
	},
	{
		group: groupLimits, name: "stall-timeout", value: "TIME", def: "30s",
		help: "Disconnect a client that reads nothing for this long while data is waiting for it",
		set:  period(func(c *Config) *time.Duration { return &c.StallTimeout }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "keepalive", value: "TIME", def: "60s",
		help: "Probe a client that sends nothing for this long, and disconnect it if it does not answer; 0 turns probing off",
		set:  period(func(c *Config) *time.Duration { return &c.KeepAlive }, 0, 2*time.Hour),
	},
	{
		group: groupLimits, name: "max-per-ip", value: "N", def: "16", live: true,
		help: "Maximum concurrent connections per IPv4 address or IPv6 /64; 0 sets no limit; loopback is exempt",
		set:  number(func(c *Config) *int { return &c.MaxPerIP }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "new-per-ip", value: "N", def: "32", live: true,
		help: "Maximum new connections per address in each --new-per-ip-window; 0 sets no limit; loopback is exempt",
		set:  number(func(c *Config) *int { return &c.NewPerIP }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "new-per-ip-window", value: "TIME", def: "10m", live: true,
		help: "Period over which --new-per-ip counts",
		set:  period(func(c *Config) *time.Duration { return &c.NewPerIPWindow }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "max-clients", value: "N", def: "0", live: true,
		help: "Maximum concurrent connections; 0 allows as many as the file descriptor limit permits",
		set:  number(func(c *Config) *int { return &c.MaxClients }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "grace", value: "TIME", def: "5s", live: true,
		help: "Wait up to this long at shutdown for pending data to be sent",
		set:  period(func(c *Config) *time.Duration { return &c.Grace }, 0, time.Hour),
	},

	{
		group: groupLoop, name: "backend", value: "NAME", sample: "poll",
		help: "Use this event-loop backend instead of the best one; list prints the available ones",
		set:  setBackend,
	},
	{
		group: groupLoop, name: "loops", value: "N", def: "1",
		help: "Number of event loops; more than one helps from about 10,000 clients",
		set:  number(func(c *Config) *int { return &c.Loops }, 1, 256),
	},

	{
		group: groupLog, name: "log-level", value: "LEVELS", def: "info", live: true,
		help: "Minimum level to log: debug, info, warn or error; per area as in info,chat=debug,net=warn",
		set:  setLogLevels,
	},
	{
		group: groupLog, name: "log-format", value: "FORMAT", def: string(LogText),
		help: "Log format: text or json",
		set:  choice(func(c *Config) *LogFormat { return &c.LogFormat }, LogText, LogJSON),
	},
	{
		group: groupLog, name: "log-file", value: "FILE", sample: "chatsrv.log",
		help: "Log to FILE instead of standard error",
		set:  setPath(func(c *Config) *string { return &c.LogFile }),
	},
	{
		group: groupLog, name: "log-max-size", value: "SIZE", def: "100MiB",
		help: "Rotate --log-file at this size",
		set:  size(func(c *Config) *int { return &c.LogMaxSize }, 1<<20, 1<<30),
	},
	{
		group: groupLog, name: "log-keep", value: "N", def: "7", help: "Number of rotated log files to keep",
		set: number(func(c *Config) *int { return &c.LogKeep }, 1, 1000),
	},
	{
		group: groupLog, name: "log-compress", help: "Compress rotated log files with gzip",
		set: toggle(func(c *Config) *bool { return &c.LogCompress }),
	},

	{
		group: groupWatch, name: "metrics", value: "ADDR", sample: "9100",
		help: "Serve /metrics (Prometheus), /healthz and /readyz over HTTP on ADDR; a port alone listens on loopback",
		set:  setMetrics,
	},
	{
		group: groupWatch, name: "debug", help: "Also serve Go profiles under /debug/pprof/; requires --metrics",
		set: toggle(func(c *Config) *bool { return &c.Debug }),
	},

	{
		group: groupFile, name: fileRow, value: "FILE", noFile: true,
		help: "Read settings from this TOML file; see docs/configuration.md",
		set:  setPath(func(c *Config) *string { return &c.File }),
	},
}

// envPrefix begins the name of every environment variable.
const envPrefix = "CHATSRV_"

// groups returns the headings in the order of the help.
func groups() []string {
	return []string{groupListen, groupTalk, groupTLS, groupChat, groupLimits, groupLoop, groupLog, groupWatch, groupFile, groupAbout}
}

// isSwitch reports whether the flag takes no value.
func (r row) isSwitch() bool { return r.value == "" }

// isBool reports whether the value is true or false.
func (r row) isBool() bool { return r.isSwitch() || r.value == "BOOL" }

// example returns a value for the flag, for an error message.
func (r row) example() string {
	return cmp.Or(r.def, r.sample, r.value)
}

// env returns the name of the environment variable, or "".
func (r row) env() string {
	if r.noEnv {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(r.name, "-", "_"))
}

// lookup returns the texts of the environment variable, nil if there is none.
// Variables that Kubernetes sets for a service of the same name
// (NAME_PORT=tcp://10.0.0.1:9034) are not settings: they are ignored, with a warning.
func (r row) lookup(env func(string) (string, bool)) (texts []string, warning string) {
	if r.noEnv {
		return nil, ""
	}
	text, ok := env(r.env())
	if !ok || text == "" {
		return nil, ""
	}
	if r.split == nil && isServiceLink(text) {
		return nil, r.env() + ": " + quote(text) + " is ignored: it looks like a Kubernetes service link (enableServiceLinks: false leaves those out; the flag is --" + r.name + ")"
	}
	if !r.repeat {
		return []string{text}, ""
	}
	if r.split != nil {
		return r.split(text), ""
	}
	texts = strings.Split(text, ",")
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return texts, ""
}

// isServiceLink reports whether text is a value that Kubernetes sets.
func isServiceLink(text string) bool {
	protocol, _, found := strings.Cut(text, "://")
	return found && slices.Contains([]string{"tcp", "udp", "sctp"}, protocol)
}
