package config

import (
	"bytes"
	"io"
	"strings"
)

const helpHead = `chatsrv is a chat server for telnet, nc and everything else that speaks lines.

Usage: chatsrv [flags]           serve
       chatsrv COMMAND [flags]
`

const helpFoot = `
A long flag also takes one dash (-port 9034), a value also follows an equals
sign (--port=9034). CHATSRV_ and the flag's name in capitals, dashes as
underscores, is its environment variable (CHATSRV_MAX_LINE=8KiB; --bind
separates by commas). In the file of --config the flag's name is the key
(max-line = "8KiB"; bind = ["::1", "lo"]). A flag beats the variable, the
variable beats the file, the file beats the default.

Exit codes: 0 stopped as asked, 1 run-time error, 2 wrong usage.
`

// helpWidth is the column that the help's lines end before, and helpColumn the
// one that its sentences begin in.
const (
	helpWidth  = 80
	helpColumn = 32
)

// A Command is a word that may come before the flags.
type Command struct {
	Name string
	// Args is what follows the name besides flags, "" for nothing.
	Args string
	// Help is one sentence without a full stop.
	Help string
}

// WriteHelp prints what --help prints. Its errors are w's.
func WriteHelp(w io.Writer, commands []Command) error {
	var b bytes.Buffer
	b.WriteString(helpHead)
	if len(commands) > 0 {
		b.WriteString("\nCommands:\n")
	}
	for _, c := range commands {
		writeEntry(&b, strings.TrimRight("  "+c.Name+" "+c.Args, " "), c.Help)
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
	writeEntry(b, entry, r.sentence())
}

// writeEntry prints a word, and its sentence wrapped beside it.
func writeEntry(b *bytes.Buffer, line, sentence string) {
	// Two spaces at least between a word and its sentence.
	line += strings.Repeat(" ", max(1, helpColumn-1-len(line)))
	for _, word := range strings.Fields(sentence) {
		if len(line)+1+len(word) >= helpWidth {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", helpColumn-1)
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// sentence is the help with the default.
func (r row) sentence() string {
	if r.def == "" {
		return r.help
	}
	return r.help + " (default " + r.def + ")"
}
