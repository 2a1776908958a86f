package config

import (
	"bytes"
	"io"
	"strings"

	"github.com/sudoXpg/netloop/internal/helptext"
)

const helpHead = `chatsrv is a chat server for telnet, nc and any other client that sends lines.

Usage: chatsrv [flags]           run the server
       chatsrv COMMAND [flags]
`

const helpFoot = `
SIZE is a number of bytes, or a number with a unit (8KiB, 1MiB, 2GiB). TIME is
a number with a unit (150ms, 30s, 10m, 90d).

A long flag may have one dash (-port 9034), and its value may follow an equals
sign (--port=9034). Its environment variable is CHATSRV_ and the flag's name in
capitals, with underscores for dashes (CHATSRV_MAX_LINE=8KiB); a list has commas
(CHATSRV_BIND=::1,lo). Its key in the --config file is the flag's name (max-line
= "8KiB"; bind = ["::1", "lo"]). A flag overrides the variable, the variable
overrides the file, and the file overrides the default.

Exit codes: 0 stopped as requested, 1 run-time error, 2 wrong usage.
`

// A Command is a word that may come before the flags.
type Command struct {
	Name string
	// Args is what follows the name besides flags, "" for nothing.
	Args string
	// Help is one sentence without a full stop.
	Help string
}

// WriteHelp prints the text of --help. Its errors are w's.
func WriteHelp(w io.Writer, commands []Command) error {
	var b bytes.Buffer
	b.WriteString(helpHead)
	if len(commands) > 0 {
		b.WriteString("\nCommands:\n")
	}
	for _, c := range commands {
		helptext.Write(&b, strings.TrimRight("  "+c.Name+" "+c.Args, " "), c.Help)
	}
	for _, group := range groups() {
		b.WriteString("\n" + group + ":\n")
		for _, r := range table {
			if r.group == group {
				r.writeHelp(&b)
			}
		}
	}
	b.WriteString(helpFoot)
	_, err := w.Write(b.Bytes())
	return err
}

// writeHelp prints the flag, and its sentence beside it.
func (r row) writeHelp(b *bytes.Buffer) {
	entry := "      "
	if r.short != "" {
		entry = "  -" + r.short + ", "
	}
	entry += "--" + r.name
	if !r.isSwitch() {
		entry += " " + r.value
	}
	helptext.Write(b, entry, r.sentence())
}

// sentence returns the help with the default.
func (r row) sentence() string {
	if r.def == "" {
		return r.help
	}
	return r.help + " (default " + r.def + ")"
}
