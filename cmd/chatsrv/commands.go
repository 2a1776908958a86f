package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// A command is a word that may come before the flags.
type command struct {
	config.Command
	// run gets the arguments after the word. An error that is a
	// *config.UsageError is answered with exitUsage, others with exitFailure.
	run func(p program, args []string) error
}

// commands is the list of commands, in the order of the help. Without a command
// chatsrv serves.
func commands() []command {
	all := []command{
		{config.Command{Name: "admin", Args: "COMMAND", Help: "Run an administrator's command (useradd NAME, role NAME ROLE, ...) on the running server; chatsrv help admin lists them"}, program.admin},
		{config.Command{Name: "ca", Args: "ACTION", Help: "Make an authority of the site's own (init), whose certificates browsers accept once users have trusted it; issue, show; chatsrv help ca"}, program.ca},
		{config.Command{Name: "check", Help: "Check the flags, environment variables and configuration file, and print every mistake"}, program.check},
		{config.Command{Name: "config", Help: "Print the effective settings as a configuration file, with the origin of each"}, program.config},
		{config.Command{Name: "fingerprint", Help: "Print the SHA-256 fingerprint of the TLS certificate, by which users can recognize the server"}, program.fingerprint},
		{config.Command{Name: "help", Args: "[COMMAND]", Help: "Print this help, or the help of a command"}, program.help},
		{config.Command{Name: "restore", Args: "FILE [replace]", Help: "Restore a backup into the data folder; stop the server first"}, program.restore},
	}
	all = append(all, command{config.Command{Name: "service", Args: "ACTION", Help: "Manage the Windows service: install (with the server's flags), remove, start or stop"}, program.service})
	for _, t := range tools() {
		all = append(all, t.command())
	}
	return all
}

// listed returns the list for the help.
func listed() []config.Command {
	var all []config.Command
	for _, c := range commands() {
		all = append(all, c.Command)
	}
	return all
}

// findCommand returns the command called name.
func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	hint := "see chatsrv --help"
	if near, ok := nearest.Find(name, names); ok {
		hint = "did you mean " + near + "?"
	}
	return command{}, &config.UsageError{Problem: fmt.Sprintf("unknown command %q (%s)", name, hint)}
}

// help prints the help, or that of one command.
func (p program) help(args []string) error {
	if len(args) == 0 {
		return config.WriteHelp(p.stdout, listed())
	}
	c, err := findCommand(args[0])
	if err != nil {
		return err
	}
	switch c.Name {
	case "admin":
		return writeAdminHelp(p.stdout)
	case "ca":
		return writeCAHelp(p)
	}
	words := c.Name
	if c.Args != "" {
		words += " " + c.Args
	}
	_, err = fmt.Fprintf(p.stdout, "Usage: chatsrv %s [flags]\n\n%s.\n\nThe flags are those of chatsrv --help.\n", words, c.Help)
	return err
}

// adminHelp is the text of chatsrv help admin before the commands.
const adminHelp = `Usage: chatsrv admin [flags] COMMAND

Runs a command with an administrator's rights on the server that uses the same
data folder. The only flag that matters is --data. Flags may stand anywhere;
" -- " ends them. "in ROOM" before a command selects the room to act on; leave
out the # or quote it. A command that needs a password prompts for it once
without showing it, or reads it from standard input.

    chatsrv admin useradd alice
    chatsrv admin role alice admin
    chatsrv admin in lobby kick bob

Commands:
`

// writeAdminHelp prints adminHelp, and the commands that an operator can use.
func writeAdminHelp(w io.Writer) error {
	text := adminHelp
	for _, v := range chat.Verbs() {
		if !v.Personal {
			text += fmt.Sprintf("  %-46s %s\n", strings.TrimSpace(v.Name+" "+v.Args), v.Help)
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

// check prints mistakes in the settings, which are not wrong usage of check.
func (p program) check(args []string) error {
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return failure{err}
	case s.Config.Help:
		return p.help([]string{"check"})
	}
	p.warn(s)
	if err := preflight(s.Config); err != nil {
		return failure{err}
	}
	_, err = fmt.Fprintln(p.stdout, "ok")
	return err
}

// warn prints warnings about ignored values.
func (p program) warn(s *config.Settings) {
	for _, line := range s.Warnings {
		fmt.Fprintln(p.stderr, "chatsrv: warning:", line)
	}
}

// A failure hides that an error is one of usage.
type failure struct{ error }

// config prints the settings.
func (p program) config(args []string) error {
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"config"})
	}
	p.warn(s)
	return s.WriteTOML(p.stdout)
}
