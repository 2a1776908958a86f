package config

import (
	"cmp"
	"math"
	"strings"
	"time"
)

// A row of the table is everything there is to know about one flag.
type row struct {
	// group is the heading that the help prints the row under; the rows of a
	// group stand together.
	group string
	// name is the long flag, of at least two letters; short its one-letter
	// form, or "".
	name, short string
	// value is what the help calls the value; "" marks a switch, which takes none.
	value string
	// def is the default as it could be typed; "" leaves the field zero.
	def string
	// help is one sentence without a full stop.
	help string
	// sample is a value for examples, where there is no def.
	sample string
	// repeat: the flag may be given several times, the variable separates by
	// commas, the file has a list.
	repeat bool
	// noEnv and noFile: there is no environment variable, no key in the file.
	noEnv, noFile bool
	// live: a reload changes it in the running server; the others need a restart.
	live bool
	// secret: the value is never shown, not even in an error.
	secret bool
	// set puts the value that text stands for into c. Its error completes the
	// sentence "FLAG: ..." and names the way out.
	set func(c *Config, text string) error
}

// The headings.
const (
	groupListen = "Where to listen"
	groupTalk   = "How to talk"
	groupChat   = "Accounts and history"
	groupLimits = "Limits"
	groupLoop   = "The event loop"
	groupLog    = "Logging"
	groupWatch  = "Metrics"
	groupFile   = "The file of settings"
	groupAbout  = "About"
)

// table is the one list of settings; the help prints it by group.
var table = []row{
	{
		group: groupAbout, name: "help", short: "h", noEnv: true, noFile: true, help: "Print this text and exit",
		set: toggle(func(c *Config) *bool { return &c.Help }),
	},
	{
		group: groupAbout, name: "version", noEnv: true, noFile: true, help: "Print the version and exit",
		set: toggle(func(c *Config) *bool { return &c.Version }),
	},

	{
		group: groupListen, name: "port", short: "p", value: "N", def: "9034", help: "TCP port; 0 takes any free one",
		set: setPort,
	},
	{
		group: groupListen, name: "bind", short: "b", value: "ADDR", sample: "127.0.0.1", repeat: true,
		help: "Only here: address, interface, unix:PATH, or * (everywhere); repeatable",
		set:  setBind,
	},
	{
		group: groupListen, name: "ipv4", short: "4", help: "IPv4 only",
		set: toggle(func(c *Config) *bool { return &c.IPv4 }),
	},
	{
		group: groupListen, name: "ipv6", short: "6", help: "IPv6 only; neither or both: dual stack",
		set: toggle(func(c *Config) *bool { return &c.IPv6 }),
	},

	{
		group: groupTalk, name: "name", value: "TEXT", def: "chatsrv", help: "What the server calls itself in its greeting",
		set: setName,
	},
	{
		group: groupTalk, name: "style", value: "NAME", def: string(StyleDefault),
		help: "Text dialect: default, or classic (byte for byte as the C chat server)",
		set:  choice(func(c *Config) *Style { return &c.Style }, StyleDefault, StyleClassic),
	},
	{
		group: groupTalk, name: "sniff-window", value: "TIME", def: "150ms",
		help: "Silence before a newcomer is greeted as a telnet user; 0 means at once",
		set:  duration(func(c *Config) *time.Duration { return &c.SniffWindow }, 0, 10*time.Second),
	},

	{
		group: groupChat, name: "data", value: "DIR", sample: "/srv/chat",
		help: "Where accounts, rooms and messages are kept; none: in memory only; the default depends on the system",
		set:  setPath(func(c *Config) *string { return &c.Data }),
	},
	{
		group: groupChat, name: "guests", value: "BOOL", def: "true", help: "Let in who has no account",
		set: toggle(func(c *Config) *bool { return &c.Guests }),
	},
	{
		group: groupChat, name: "flood-control", value: "BOOL", def: "true", live: true,
		help: "Slow down who writes too much, repeats himself or shouts; a third strike is a kick",
		set:  toggle(func(c *Config) *bool { return &c.FloodControl }),
	},
	{
		group: groupChat, name: "words", value: "FILE", sample: "words.txt", live: true,
		help: "List of words to mask, refuse, flag or punish (docs/operating.md)",
		set:  setPath(func(c *Config) *string { return &c.Words }),
	},
	{
		group: groupChat, name: "keep-age", value: "TIME", def: "0", help: "How long messages stay before they are archived; 0: for ever",
		set: duration(func(c *Config) *time.Duration { return &c.KeepAge }, 0, 100*365*24*time.Hour),
	},
	{
		group: groupChat, name: "keep-size", value: "SIZE", def: "0", help: "How much stays before the oldest is archived; 0: all",
		set: size(func(c *Config) *int { return &c.KeepSize }, 0, math.MaxInt>>1+1),
	},
	{
		group: groupChat, name: "chatlog", value: "DIR", sample: "/var/log/chat", help: "Write each room to a text file here, too",
		set: setPath(func(c *Config) *string { return &c.ChatLog }),
	},
	{
		group: groupChat, name: "chatlog-size", value: "SIZE", def: "10MiB", help: "Size at which such a file is put aside; each day has its own",
		set: size(func(c *Config) *int { return &c.ChatLogSize }, 1<<16, 1<<30),
	},
	{
		group: groupChat, name: "chatlog-keep", value: "N", def: "30", help: "Files put aside that are kept, of each room",
		set: number(func(c *Config) *int { return &c.ChatLogKeep }, 1, 10000),
	},

	{
		group: groupLimits, name: "max-line", value: "SIZE", def: "4096", live: true, help: "Longest line of a user",
		// A line with its author's name has to fit into the smallest --max-lag.
		set: size(func(c *Config) *int { return &c.MaxLine }, 64, 32<<10),
	},
	{
		group: groupLimits, name: "login-timeout", value: "TIME", def: "60s", live: true, help: "Time to give a name after connecting",
		set: duration(func(c *Config) *time.Duration { return &c.LoginTimeout }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "max-lag", value: "SIZE", def: "1MiB", help: "How far a reader may fall behind",
		set: size(func(c *Config) *int { return &c.MaxLag }, 64<<10, 1<<30),
	},
	{
		group: groupLimits, name: "stall-timeout", value: "TIME", def: "30s", help: "How long a reader may take nothing",
		set: duration(func(c *Config) *time.Duration { return &c.StallTimeout }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "max-per-ip", value: "N", def: "16", live: true,
		help: "Connections at a time per IPv4 address or IPv6 /64; 0 means no limit, loopback has none",
		set:  number(func(c *Config) *int { return &c.MaxPerIP }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "new-per-ip", value: "N", def: "32", live: true,
		help: "New connections in --new-per-ip-window, likewise; 0 means no limit",
		set:  number(func(c *Config) *int { return &c.NewPerIP }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "new-per-ip-window", value: "TIME", def: "10m", live: true, help: "The time that --new-per-ip counts in",
		set: duration(func(c *Config) *time.Duration { return &c.NewPerIPWindow }, time.Second, 24*time.Hour),
	},
	{
		group: groupLimits, name: "max-clients", value: "N", def: "0", live: true, help: "Connections at a time; 0: from the descriptor limit",
		set: number(func(c *Config) *int { return &c.MaxClients }, 0, 1<<30),
	},
	{
		group: groupLimits, name: "grace", value: "TIME", def: "5s", live: true, help: "Time a shutdown leaves for lines on their way",
		set: duration(func(c *Config) *time.Duration { return &c.Grace }, 0, time.Hour),
	},

	{
		group: groupLoop, name: "backend", value: "NAME", sample: "poll", help: "Backend to use instead of the best; list prints them",
		set: setBackend,
	},
	{
		group: groupLoop, name: "loops", value: "N", def: "1", help: "Event loops; more help from about 10,000 clients on",
		set: number(func(c *Config) *int { return &c.Loops }, 1, 256),
	},

	{
		group: groupLog, name: "log-level", value: "LEVELS", def: "info", live: true,
		help: "debug, info, warn or error; also by area, as in info,chat=debug,net=warn",
		set:  setLogLevels,
	},
	{
		group: groupLog, name: "log-format", value: "FORMAT", def: string(LogText), help: "text or json",
		set: choice(func(c *Config) *LogFormat { return &c.LogFormat }, LogText, LogJSON),
	},
	{
		group: groupLog, name: "log-file", value: "FILE", sample: "chatsrv.log", help: "Where to log instead of standard error",
		set: setPath(func(c *Config) *string { return &c.LogFile }),
	},
	{
		group: groupLog, name: "log-max-size", value: "SIZE", def: "100MiB",
		help: "Size at which --log-file is put aside for a new one, rounded up to whole MiB",
		set:  size(func(c *Config) *int { return &c.LogMaxSize }, 1<<20, 1<<30),
	},
	{
		group: groupLog, name: "log-keep", value: "N", def: "7", help: "Files put aside that are kept",
		set: number(func(c *Config) *int { return &c.LogKeep }, 1, 1000),
	},
	{
		group: groupLog, name: "log-compress", help: "Compress the files put aside (gzip)",
		set: toggle(func(c *Config) *bool { return &c.LogCompress }),
	},

	{
		group: groupWatch, name: "metrics", value: "ADDR", sample: "9100",
		help: "Serve /metrics (Prometheus), /healthz and /readyz over HTTP here; a port alone: on loopback",
		set:  setMetrics,
	},
	{
		group: groupWatch, name: "debug", help: "Serve profiles under /debug/pprof/, too; needs --metrics",
		set: toggle(func(c *Config) *bool { return &c.Debug }),
	},

	{
		group: groupFile, name: fileRow, value: "FILE", noFile: true,
		help: "Read settings from this TOML file, too (docs/configuration.md)",
		set:  setPath(func(c *Config) *string { return &c.File }),
	},
}

// envPrefix begins the name of every environment variable.
const envPrefix = "CHATSRV_"

// groups returns the headings in the order of the help.
func groups() []string {
	return []string{groupListen, groupTalk, groupChat, groupLimits, groupLoop, groupLog, groupWatch, groupFile, groupAbout}
}

// isSwitch tells whether the flag stands alone.
func (r row) isSwitch() bool { return r.value == "" }

// example is a value for the flag, for an error message.
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
func (r row) lookup(env func(string) (string, bool)) []string {
	if r.noEnv {
		return nil
	}
	text, ok := env(r.env())
	if !ok || text == "" {
		return nil
	}
	if !r.repeat {
		return []string{text}
	}
	texts := strings.Split(text, ",")
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return texts
}
