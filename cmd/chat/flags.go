package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/helptext"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/texts"
)

// options are what the arguments say.
type options struct {
	target  chatclient.Target
	text    string          // of --send
	word    string          // the target as it was typed, or the last one
	again   bool            // word is the last one
	profile string          // of the configuration file, or ""
	typed   map[string]bool // the flags among the arguments

	port                string
	ipv4, ipv6          bool
	plainText, tlsOnly  bool
	ca, known           string
	login               bool
	passwordFile        string
	save, forget        bool // the password in the keyring
	bell, notify, plain bool
	config, language    string
	send, follow        string
	json, help, version bool
}

// room returns the room to enter, or "".
func (o *options) room() string {
	if o.follow != "" {
		return o.follow
	}
	return o.target.Room
}

// A row of the table describes one flag.
type row struct {
	group, name, short string
	value              string // its name in the help; "" for a switch
	help               string
	flag               func(o *options) *bool   // of a switch
	text               func(o *options) *string // of another

	file   scope    // where the configuration file can have it
	path   bool     // the value is the path of a file
	rivals []string // further rows that it excludes, if they come from an earlier place
}

// A scope says where in the configuration file the name of a row can be a key.
type scope int

// The scopes.
const (
	notInFile  scope = iota
	inProfile        // in that of a server
	everywhere       // and in front of all, as a default
)

// The headings.
const (
	groupConnection = "Connection"
	groupTLS        = "TLS"
	groupAccount    = "Account"
	groupScreen     = "Screen"
	groupScripts    = "Scripts"
	groupOther      = "Other"
)

// table is the one list of flags, in the order of the help, and of the keys of the
// configuration file. A row without a group is a key alone.
var table = []row{
	{
		group: groupConnection, name: "port", short: "p", value: "N", help: "Connect to TCP port N if the target has none (default 9034)",
		text: func(o *options) *string { return &o.port }, file: everywhere,
	},
	{
		group: groupConnection, name: "ipv4", short: "4", help: "Use IPv4 only",
		flag: func(o *options) *bool { return &o.ipv4 }, file: everywhere, rivals: []string{"ipv6"},
	},
	{
		group: groupConnection, name: "ipv6", short: "6", help: "Use IPv6 only",
		flag: func(o *options) *bool { return &o.ipv6 }, file: everywhere, rivals: []string{"ipv4"},
	},
	{
		group: groupTLS, name: "tls-only", help: "Refuse to connect without TLS",
		flag: func(o *options) *bool { return &o.tlsOnly }, file: everywhere, rivals: []string{"plain-text"},
	},
	{
		group: groupTLS, name: "plain-text", help: "Do not use TLS: everything is sent unencrypted, passwords too",
		flag: func(o *options) *bool { return &o.plainText }, file: inProfile, rivals: []string{"tls-only", "ca"},
	},
	{
		group: groupTLS, name: "ca", value: "FILE", help: "Accept only certificates signed by an authority in this PEM file, such as that of chatsrv ca",
		text: func(o *options) *string { return &o.ca }, file: inProfile, path: true, rivals: []string{"plain-text"},
	},
	{
		group: groupTLS, name: "known-servers", value: "FILE", help: "Remember self-signed certificates in this file instead of known_servers in the configuration folder",
		text: func(o *options) *string { return &o.known }, file: everywhere, path: true,
	},
	{
		group: groupAccount, name: "login", help: "Log in to your account, with the password in the keyring; prompts for it if there is none",
		flag: func(o *options) *bool { return &o.login }, file: inProfile,
	},
	{
		group: groupAccount, name: "password-file", value: "FILE", help: "Log in with the password in the first line of this file",
		text: func(o *options) *string { return &o.passwordFile }, file: inProfile, path: true,
	},
	{
		group: groupAccount, name: "save-password", help: "Add the password to your system's keyring after a successful login",
		flag: func(o *options) *bool { return &o.save },
	},
	{
		group: groupAccount, name: "forget-password", help: "Remove the password of TARGET from the keyring and exit",
		flag: func(o *options) *bool { return &o.forget },
	},
	{
		group: groupScreen, name: "plain", help: "Write lines without escape sequences, also on a terminal",
		flag: func(o *options) *bool { return &o.plain }, file: everywhere,
	},
	{
		group: groupScreen, name: "bell", help: "Ring for private messages and mentions while you look elsewhere",
		flag: func(o *options) *bool { return &o.bell }, file: everywhere,
	},
	{
		group: groupScreen, name: "notify", help: "Show notifications of the terminal (OSC 9) for them",
		flag: func(o *options) *bool { return &o.notify }, file: everywhere,
	},
	{
		group: groupScreen, name: "language", value: "en|de", help: "Use this language (default: that of LC_ALL, LC_MESSAGES or LANG, or English)",
		text: func(o *options) *string { return &o.language }, file: everywhere,
	},
	{
		group: groupScripts, name: "send", value: "ROOM", help: "Send TEXT to ROOM (#tea), or to a user (alice), and exit when the server has acknowledged it",
		text: func(o *options) *string { return &o.send },
	},
	{
		group: groupScripts, name: "follow", value: "ROOM", help: "Print what happens in ROOM, and read no input",
		text: func(o *options) *string { return &o.follow },
	},
	{
		group: groupScripts, name: "json", help: "Print the objects of the protocol, one per line, and read requests in the same form",
		flag: func(o *options) *bool { return &o.json },
	},
	{
		group: groupOther, name: "config", value: "FILE", help: "Read this configuration file instead of config.toml in the configuration folder",
		text: func(o *options) *string { return &o.config },
	},
	{group: groupOther, name: "help", short: "h", help: "Print this help and exit", flag: func(o *options) *bool { return &o.help }},
	{group: groupOther, name: "version", help: "Print the version and exit", flag: func(o *options) *bool { return &o.version }},
}

const helpHead = `chat is a client for chatsrv in a terminal.

Usage: chat [flags] TARGET
       chat [flags] --send ROOM TEXT TARGET

TARGET is [NAME@]HOST[:PORT][/#ROOM], or a profile of the configuration file.
tls:// before it means --tls-only, and tcp:// means --plain-text. wss:// and
ws:// are the same over WebSocket. Without a NAME, it is that of your system's
user. Without a TARGET, it is the last one.

What you type is sent to the current room. Lines that begin with / are commands
of the server (/help lists them); // sends a line that begins with a slash.
/quit, Ctrl-D and Ctrl-C leave.
`

const helpFoot = `
The proxy is that of ALL_PROXY, HTTPS_PROXY or HTTP_PROXY, and NO_PROXY is a
list of hosts without one.

A long flag may have one dash (-port 9034), and its value may follow an equals
sign (--port=9034).

Exit codes: 0 left as requested, 1 refused or failed, 2 wrong usage, 3 the
server or the proxy can't be reached.
`

// writeHelp prints the text of --help.
func writeHelp(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(helpHead)
	group := ""
	for _, r := range table {
		if r.group == "" {
			continue
		}
		if r.group != group {
			group = r.group
			b.WriteString("\n" + group + ":\n")
		}
		entry := "      "
		if r.short != "" {
			entry = "  -" + r.short + ", "
		}
		helptext.Write(&b, strings.TrimRight(entry+"--"+r.name+" "+r.value, " "), r.help)
	}
	b.WriteString(helpFoot)
	_, err := w.Write(b.Bytes())
	return err
}

// readArgs reads the arguments, and the files in the configuration folder that they refer to.
// Its errors are of type *usageError.
func readArgs(args []string, folder string) (o options, err error) {
	set := pflag.NewFlagSet("chat", pflag.ContinueOnError)
	set.Usage = func() {}
	for _, r := range table {
		if r.group == "" {
			continue
		}
		if r.flag != nil {
			set.BoolVarP(r.flag(&o), r.name, r.short, false, r.help)
		} else {
			set.StringVarP(r.text(&o), r.name, r.short, "", r.help)
		}
	}
	if err := set.Parse(twoDashes(args)); err != nil {
		return o, flagError(err)
	}
	if o.help || o.version {
		return o, nil
	}
	o.typed = make(map[string]bool)
	for _, r := range table {
		if o.typed[r.name] = set.Changed(r.name); r.text != nil && o.typed[r.name] && *r.text(&o) == "" {
			return o, &usageError{"--" + r.name + ": a value is missing"}
		}
	}
	if err := o.readWords(set.Args(), folder); err != nil {
		return o, err
	}
	if err := o.readFile(folder); err != nil {
		return o, err
	}
	if err := o.check(); err != nil {
		return o, err
	}
	return o, o.readPort()
}

// twoDashes adds the second dash to long flags that were typed with one.
func twoDashes(args []string) []string {
	out := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && isLong(name) {
			arg = "-" + arg
		}
		out = append(out, arg)
	}
	return out
}

func isLong(name string) bool { return slices.Contains(flagNames(), name) }

// flagNames returns the long flags.
func flagNames() (names []string) {
	for _, r := range table {
		if r.group != "" {
			names = append(names, r.name)
		}
	}
	return names
}

// flagError puts pflag's errors into our words.
func flagError(err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name, typed := unknown.GetSpecifiedName(), "--"+unknown.GetSpecifiedName()
		if bundle := unknown.GetSpecifiedShortnames(); bundle != "" {
			name, typed = bundle, "-"+bundle
		}
		hint := "see chat --help"
		if near, ok := nearest.Find(name, flagNames()); ok {
			hint = "did you mean --" + near + "?"
		}
		return &usageError{"unknown flag " + typed + " (" + hint + ")"}
	}
	if alone, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return &usageError{"--" + alone.GetFlag().Name + ": a value is missing"}
	}
	return &usageError{err.Error() + " (see chat --help)"}
}

// readWords reads the arguments that are no flags.
func (o *options) readWords(words []string, folder string) error {
	want := 1
	if o.send != "" {
		want = 2
	}
	if len(words) == 0 && folder != "" && o.talks() {
		last, err := lastTarget(folder).Read()
		if err != nil {
			return &usageError{err.Error()}
		}
		if last != "" {
			words, o.again = []string{last}, true
		}
	}
	switch {
	case len(words) == 0:
		return &usageError{"where to? (as in chat localhost; see chat --help)"}
	case len(words) < want:
		return &usageError{"--send needs a text and a target (as in chat --send '#lobby' hello localhost)"}
	case len(words) > want:
		return &usageError{fmt.Sprintf("unexpected argument %q (see chat --help)", words[want])}
	}
	if want == 2 {
		if o.text = words[0]; strings.TrimSpace(o.text) == "" {
			return &usageError{"--send: the text is empty"}
		}
	}
	o.word = words[want-1]
	return nil
}

// talks reports whether a person takes part in the chat, not a script.
func (o *options) talks() bool { return o.send == "" && o.follow == "" && !o.json }

// check reports flags that contradict each other.
func (o *options) check() error {
	t := &o.target
	plain, secure := o.plainText || t.PlainText(), o.tlsOnly || t.TLSOnly()
	switch {
	case o.language != "" && !slices.Contains(texts.Tags(), o.language):
		return &usageError{fmt.Sprintf("--language: there is no language %q (use %s)", o.language, strings.Join(texts.Tags(), " or "))}
	case o.ipv4 && o.ipv6:
		return &usageError{"--ipv4 and --ipv6 exclude each other: leave out both to use either"}
	case plain && secure:
		return &usageError{"--plain-text (or tcp://, ws://) and --tls-only (or tls://, wss://) exclude each other"}
	case plain && o.ca != "":
		return &usageError{"--ca is for TLS, which --plain-text, tcp:// and ws:// do not use"}
	case o.save && o.forget:
		return &usageError{"--save-password and --forget-password exclude each other"}
	case o.send != "" && (o.follow != "" || o.json):
		return &usageError{"--send can't be combined with --follow or --json"}
	case o.send != "" && t.Room != "":
		return &usageError{"--send has the room: leave it out of the target"}
	case o.follow != "" && t.Room != "":
		return &usageError{"--follow has the room: leave it out of the target"}
	}
	if o.follow != "" && !strings.HasPrefix(o.follow, "#") {
		o.follow = "#" + o.follow
	}
	return nil
}

// readPort completes the target with --port or the default.
func (o *options) readPort() error {
	port := chatclient.DefaultPort
	if o.port != "" {
		var err error
		if port, err = chatclient.ParsePort(o.port); err != nil {
			return &usageError{"--port: " + err.Error()}
		}
		if o.target.Port != 0 && o.target.Port != port {
			return &usageError{fmt.Sprintf("--port %d contradicts the target, which has port %d", port, o.target.Port)}
		}
	}
	if o.target.Port == 0 {
		o.target.Port = port
	}
	return nil
}
