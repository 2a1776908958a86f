package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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

// commands is the one list of them, in the order of the help. Without one
// chatsrv serves.
func commands() []command {
	all := []command{
		{config.Command{Name: "admin", Args: "COMMAND", Help: "Have the running server carry out a command: useradd NAME, role NAME ROLE, …; chatsrv help admin lists them"}, program.admin},
		{config.Command{Name: "check", Help: "Look for mistakes in the flags, variables and file, and print all of them"}, program.check},
		{config.Command{Name: "config", Help: "Print the settings in force as a file, each with where it came from"}, program.config},
		{config.Command{Name: "help", Args: "[COMMAND]", Help: "Print this text, or what a command does"}, program.help},
		{config.Command{Name: "restore", Args: "FILE [replace]", Help: "Put a backup into the data folder; the server must not run"}, program.restore},
	}
	for _, t := range tools() {
		all = append(all, t.command())
	}
	return all
}

// listed is the list for the help.
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
	return command{}, &config.UsageError{Problem: fmt.Sprintf("%q is no command (%s)", name, hint)}
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
	if c.Name == "admin" {
		return writeAdminHelp(p.stdout)
	}
	words := c.Name
	if c.Args != "" {
		words += " " + c.Args
	}
	_, err = fmt.Fprintf(p.stdout, "Usage: chatsrv %s [flags]\n\n%s.\n\nThe flags are those of chatsrv --help.\n", words, c.Help)
	return err
}

// adminHelp is what chatsrv help admin says before the commands.
const adminHelp = `Usage: chatsrv admin [flags] COMMAND

Has the running server that keeps its data in the same folder carry out a command,
with all rights. The one flag that matters is --data. What follows it is the command;
"in ROOM" before it names the room that it is about (without a #, or in quotes).
A password is asked for once and not shown, or read from the standard input.

    chatsrv admin useradd alice
    chatsrv admin role alice admin
    chatsrv admin in lobby kick bob

Commands:
`

// writeAdminHelp prints it, and the commands that an operator can use.
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

// check prints what is wrong, which is not wrong usage of check.
func (p program) check(args []string) error {
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return failure{err}
	case s.Config.Help:
		return p.help([]string{"check"})
	}
	_, noBackend := findBackend(s.Config.Backend)
	_, noPlace := s.Config.Listeners()
	var noLog error
	if s.Config.LogFile != "" {
		noLog = checkLogFile(s.Config.LogFile)
	}
	if err := errors.Join(noBackend, noPlace, noLog); err != nil {
		return failure{err}
	}
	_, err = fmt.Fprintln(p.stdout, "ok")
	return err
}

// checkLogFile tries a log file and leaves none behind, which would belong to
// whoever checks.
func checkLogFile(path string) error {
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err := tryLogFile(path); err != nil || !missing {
		return err
	}
	return os.Remove(path)
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
	return s.WriteTOML(p.stdout)
}
