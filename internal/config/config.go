// Package config turns the command line, the environment and a file into one
// Config.
//
// Every setting is a row of one table (table.go). Load, the keys of the file,
// the settings that Reload may change, the help text and the lists in the README
// and docs are derived from it. A flag beats its environment variable, the
// variable beats the file, the file beats the default. Only main uses this
// package; it passes plain values to the parts that it composes.
package config

import (
	"net/netip"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/logs"
)

// DefaultName is the name of a server without another one.
const DefaultName = "chatsrv"

// Config is the configuration of chatsrv. Load fills every field, so the zero
// value is not a useful Config.
type Config struct {
	// File is the path of the configuration file, "" without one.
	File string

	// Port is the TCP port of every listener without one of its own; 0 means any free one.
	Port uint16
	// Bind lists the addresses to listen on, as given: see Listeners. Empty: all addresses.
	Bind []string
	// Listen lists listeners, as given, each with its protocol: see Listeners. It
	// excludes Bind.
	Listen []string
	// IPv4 and IPv6 restrict the address family. Neither or both: dual stack.
	IPv4, IPv6 bool

	// Backend is the name of an event-loop backend; "" means the platform's
	// best, and BackendList asks for their names.
	Backend string
	// Loops is the number of event loops, at least 1.
	Loops int

	// Name is the server's name in its greeting.
	Name string
	// Style is the protocol style for text clients.
	Style Style
	// SniffWindow is how long a new connection may stay silent before it is
	// treated as a person at a telnet client; 0 means at once.
	SniffWindow time.Duration

	// Web serves the browser client. AllowOrigins are the origins of further pages that
	// may connect, or "*".
	Web          bool
	AllowOrigins []string

	// TLS says whether TLS is accepted. TLSCerts and TLSKeys are the files of the
	// certificates and of their keys, as many of each. None: a self-signed certificate.
	TLS               TLSMode
	TLSCerts, TLSKeys []string
	// CAPassphrase is the file with the passphrase of the site's authority, "" for none.
	CAPassphrase string
	// RequireTLSAuth refuses passwords from other machines that do not come over TLS.
	RequireTLSAuth bool

	// Data is the data folder, "" for the system's default, DataNone for none.
	Data string
	// Guests admits users without an account.
	Guests bool
	// ResumeGuests and ResumeAccounts are how long a session can be resumed after its
	// connection has ended, Linger how long others are not told of that. ResumePlain
	// allows it without TLS.
	ResumeGuests, ResumeAccounts, Linger time.Duration
	ResumePlain                          bool
	// EditWindow is how long users can edit their own messages; 0 means not at all.
	EditWindow time.Duration
	// FloodControl turns on the flood limits for each person.
	FloodControl bool
	// Words is the file with the list of forbidden words, "" for none.
	Words string
	// KeepAge and KeepSize bound the history, in time and bytes; 0 means no bound.
	KeepAge  time.Duration
	KeepSize int
	// ChatLog is the folder of the rooms' text files, "" for none; ChatLogSize is
	// the size of one in bytes, ChatLogKeep how many are kept.
	ChatLog                  string
	ChatLogSize, ChatLogKeep int

	// MaxLine is the longest line of a user, in bytes.
	MaxLine int
	// LoginTimeout is how long a client may take to give a name.
	LoginTimeout time.Duration
	// MaxLag is how far, in bytes, a reader may fall behind before it misses lines.
	MaxLag int
	// StallTimeout disconnects a client that reads nothing for this long.
	StallTimeout time.Duration
	// KeepAlive is how long a connection is quiet before the system probes
	// whether the client is still there. 0 means never.
	KeepAlive time.Duration
	// MaxClients is the most connections at a time; 0 derives it from the
	// descriptor limit.
	MaxClients int
	// MaxPerIP is the most connections at a time, and NewPerIP the most new
	// ones in NewPerIPWindow, per IPv4 address or IPv6 /64; 0 means no limit.
	MaxPerIP, NewPerIP int
	NewPerIPWindow     time.Duration

	// Grace is how long a shutdown may wait for lines that are still on their way.
	Grace time.Duration

	// LogLevels are the least severe levels that are logged.
	LogLevels logs.Levels
	// LogFormat is the form of the log.
	LogFormat LogFormat
	// LogFile is the log file; "" means standard error.
	LogFile string
	// LogMaxSize is the size in bytes at which LogFile is rotated, LogKeep how
	// many rotated files are kept, and LogCompress whether they are compressed.
	LogMaxSize, LogKeep int
	LogCompress         bool

	// Metrics is the address where metrics and health are served over HTTP; the
	// invalid address means that they are not served.
	Metrics netip.AddrPort
	// Debug adds profiles to what Metrics serves.
	Debug bool

	// Help and Version ask for a text instead of a server. If one of them is
	// set, neither the environment nor a file was read.
	Help, Version bool
}

// DataNone as Config.Data stores nothing.
const DataNone = "none"

// BackendList as Config.Backend asks for the names of the backends.
const BackendList = "list"

// A Style is a protocol style for text clients.
type Style string

// The styles.
const (
	// StyleDefault greets, announces and knows commands.
	StyleDefault Style = "default"
	// StyleClassic is byte-exact with the C chat server this one replaces.
	StyleClassic Style = "classic"
)

// A TLSMode says whether TLS is accepted.
type TLSMode string

// The modes of TLS.
const (
	TLSOn  TLSMode = "on"
	TLSOff TLSMode = "off"
)

// A LogFormat is a form of the log.
type LogFormat string

// The log formats, those of log/slog.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// A UsageError describes a mistake in the command line, the environment or the
// file to the person who made it.
type UsageError struct {
	// Where is the flag ("--port"), the variable ("CHATSRV_PORT"), the line of
	// the file ("chatsrv.toml:3") or "" for other problems.
	Where string
	// Problem names the value, what is wrong with it, and how to fix it.
	Problem string
}

// Error returns "where: problem".
func (e *UsageError) Error() string {
	if e.Where == "" {
		return e.Problem
	}
	return e.Where + ": " + e.Problem
}

// Problems is the list of all mistakes, in the order of the settings. Each is a
// *UsageError.
type Problems []error

// Error returns one line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, err := range p {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the single errors.
func (p Problems) Unwrap() []error { return p }

// err returns nil if there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p *Problems) add(where, problem string) {
	*p = append(*p, &UsageError{Where: where, Problem: problem})
}
