// Package config turns the command line and the environment into one Config.
//
// Everything that can be set is a row of one table (table.go): Parse, the help
// text and the README's list are made from it. A flag beats its environment
// variable, the variable beats the default. Only main uses this package; it
// hands plain values on to the parts it composes.
package config

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sudoXpg/netloop/internal/nearest"
)

// Config is what chatsrv was asked to do. Parse fills every field, so the zero
// value is not a useful Config.
type Config struct {
	// Port is the TCP port of every listener; 0 means any free one.
	Port uint16
	// Bind is where to listen, as given: see Listeners. Empty: everywhere.
	Bind []string
	// IPv4 and IPv6 restrict the address family. Neither or both: dual stack.
	IPv4, IPv6 bool

	// Backend is the name of an event-loop backend; "" is the platform's best
	// and BackendList asks for their names.
	Backend string
	// Loops is the number of event loops, at least 1.
	Loops int

	// Name is what the server calls itself in its greeting.
	Name string
	// Style is the way the server talks to text clients.
	Style Style
	// SniffWindow is how long a new connection may stay silent before it is
	// taken for a person at a telnet client; 0 means at once.
	SniffWindow time.Duration

	// MaxLine is the longest line of a user, in bytes.
	MaxLine int
	// LoginTimeout is how long a newcomer may take to give a name.
	LoginTimeout time.Duration
	// MaxLag is how far, in bytes, a reader may fall behind before it misses lines.
	MaxLag int
	// StallTimeout is how long a reader may take nothing before it is closed.
	StallTimeout time.Duration
	// MaxClients is the most connections at a time; 0 derives it from the
	// descriptor limit.
	MaxClients int
	// MaxPerIP is the most connections at a time, and NewPerIP the most new
	// ones in NewPerIPWindow, per IPv4 address or IPv6 /64; 0 means no limit.
	MaxPerIP, NewPerIP int
	NewPerIPWindow     time.Duration

	// Grace is how long a shutdown may wait for lines that are still on their way.
	Grace time.Duration

	// LogLevel is the least severe level that is logged.
	LogLevel slog.Level
	// LogFormat is the form of the log.
	LogFormat LogFormat

	// Help and Version ask for a text instead of a server. If one of them is
	// set, the environment has not been read.
	Help, Version bool
}

// BackendList as Config.Backend asks for the names of the backends.
const BackendList = "list"

// A Style is a way to talk to text clients.
type Style string

// The styles.
const (
	// StyleDefault greets, announces and knows commands.
	StyleDefault Style = "default"
	// StyleClassic is byte-exact with the C chat server this one replaces.
	StyleClassic Style = "classic"
)

// A LogFormat is a form of the log.
type LogFormat string

// The log formats, those of log/slog.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// A UsageError says what is wrong with the command line or the environment, in
// words for the person who typed it.
type UsageError struct {
	// Where is the flag ("--port"), the variable ("CHATSRV_PORT") or "" if the
	// problem belongs to neither.
	Where string
	// Problem names the value, what is wrong with it and the way out.
	Problem string
}

// Error returns "where: problem".
func (e *UsageError) Error() string {
	if e.Where == "" {
		return e.Problem
	}
	return e.Where + ": " + e.Problem
}

// Parse reads the arguments (without the program's name) and the environment,
// which env looks up as os.LookupEnv does; an empty variable counts as unset.
// Every error is a *UsageError.
func Parse(args []string, env func(name string) (string, bool)) (Config, error) {
	given, err := readArgs(args)
	if err != nil {
		return Config{}, err
	}
	var c Config
	for i, r := range table {
		texts, where := given[i], "--"+r.name
		if texts == nil && !c.Help && !c.Version {
			texts, where = r.lookup(env), r.env()
		}
		if texts == nil && r.def != "" {
			texts = []string{r.def}
		}
		for _, text := range texts {
			if err := r.set(&c, text); err != nil {
				return Config{}, &UsageError{Where: where, Problem: err.Error()}
			}
		}
	}
	return c, nil
}

// readArgs returns the texts given for each row of the table, nil for a row
// that is not mentioned. pflag only takes the command line apart: what a text
// means is the row's own business, as it is for variables and defaults.
func readArgs(args []string) (given [][]string, err error) {
	values := make([]collector, len(table))
	set := pflag.NewFlagSet("chatsrv", pflag.ContinueOnError)
	set.SortFlags = false
	set.Usage = func() {}
	for i, r := range table {
		flag := set.VarPF(&values[i], r.name, r.short, r.help)
		if r.isSwitch() {
			flag.NoOptDefVal = "true"
		}
	}
	if err := set.Parse(normalise(args)); err != nil {
		return nil, usageError(err)
	}
	if set.NArg() > 0 {
		return nil, &UsageError{Problem: quote(set.Arg(0)) + " is not a flag, and chatsrv takes nothing but flags (see chatsrv --help)"}
	}
	given = make([][]string, len(table))
	for i, r := range table {
		given[i] = values[i].texts
		if n := len(given[i]); n > 1 && !r.repeat {
			// The last one counts, so that an alias can be overridden.
			given[i] = given[i][n-1:]
		}
	}
	return given, nil
}

// usageError puts pflag's errors into our words.
func usageError(err error) error {
	var unknown *pflag.NotExistError
	var alone *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		name, typed := unknown.GetSpecifiedName(), "--"+unknown.GetSpecifiedName()
		if bundle := unknown.GetSpecifiedShortnames(); bundle != "" {
			name, typed = bundle, "-"+bundle
		}
		name, _, _ = strings.Cut(name, "=")
		hint := "see chatsrv --help"
		if near, ok := nearest.Find(name, names()); ok {
			hint = "did you mean --" + near + "?"
		}
		return &UsageError{Problem: "unknown flag " + typed + " (" + hint + ")"}
	case errors.As(err, &alone):
		for _, r := range table {
			if r.name == alone.GetFlag().Name {
				return &UsageError{Where: "--" + r.name, Problem: "a value is missing (as in --" + r.name + " " + r.example() + ")"}
			}
		}
	}
	return &UsageError{Problem: err.Error() + " (see chatsrv --help)"}
}

// A collector is a pflag.Value that only remembers what was given.
type collector struct{ texts []string }

// Set is called by pflag once for each time the flag is given.
func (c *collector) Set(text string) error { c.texts = append(c.texts, text); return nil }

// String is asked for by pflag as the default for its own help, which is not used.
func (c *collector) String() string { return "" }

// Type names the value for pflag's own help, which is not used.
func (c *collector) Type() string { return "text" }
