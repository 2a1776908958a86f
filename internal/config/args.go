package config

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sudoXpg/netloop/internal/nearest"
)

// readArgs returns the texts given for each row, nil for a row that is not
// mentioned, and the arguments that are no flags. pflag only takes the command line apart: what a text means is the
// row's own business, as it is for variables, files and defaults.
func readArgs(rows []row, args []string) (given [][]string, words []string, p Problems) {
	for args = normalise(args); ; {
		values, rest, err := parseFlags(rows, args)
		if err == nil {
			return lastOf(rows, values), rest, p
		}
		p = append(p, usageError(rows, err))
		// On without the flag that nobody knows, to see what else is wrong.
		unknown, ok := errors.AsType[*pflag.NotExistError](err)
		if !ok {
			return lastOf(rows, values), rest, p
		}
		before := len(args)
		if args = without(args, unknown); len(args) == before {
			return lastOf(rows, values), rest, p
		}
	}
}

// parseFlags gives the arguments to pflag. With an error, what came before it counts.
func parseFlags(rows []row, args []string) (values []collector, rest []string, err error) {
	values = make([]collector, len(rows))
	set := pflag.NewFlagSet("chatsrv", pflag.ContinueOnError)
	set.SortFlags = false
	set.Usage = func() {}
	for i, r := range rows {
		flag := set.VarPF(&values[i], r.name, r.short, r.help)
		if r.isSwitch() {
			flag.NoOptDefVal = "true"
		}
	}
	err = set.Parse(args)
	return values, set.Args(), err
}

// lastOf returns what was given: the last text counts, so that an alias can be
// overridden, unless all do.
func lastOf(rows []row, values []collector) [][]string {
	given := make([][]string, len(rows))
	for i, r := range rows {
		given[i] = values[i].texts
		if n := len(given[i]); n > 1 && !r.repeat {
			given[i] = given[i][n-1:]
		}
	}
	return given
}

// without returns the arguments without the first that holds an unknown flag.
func without(args []string, unknown *pflag.NotExistError) []string {
	typed := "--" + unknown.GetSpecifiedName()
	if bundle := unknown.GetSpecifiedShortnames(); bundle != "" {
		typed = "-" + bundle
	}
	for i, arg := range args {
		if arg == typed || strings.HasPrefix(arg, typed+"=") {
			return append(args[:i:i], args[i+1:]...)
		}
	}
	return args
}

// usageError puts pflag's errors into our words.
func usageError(rows []row, err error) error {
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
		if near, ok := nearest.Find(name, names(rows)); ok {
			hint = "did you mean --" + near + "?"
		}
		return &UsageError{Problem: "unknown flag " + typed + " (" + hint + ")"}
	case errors.As(err, &alone):
		for _, r := range rows {
			if r.name == alone.GetFlag().Name {
				return &UsageError{Where: "--" + r.name, Problem: "a value is missing (as in --" + r.name + " " + r.example() + ")"}
			}
		}
	}
	return &UsageError{Problem: err.Error() + " (see chatsrv --help)"}
}

// names returns the long names of all flags.
func names(rows []row) []string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = r.name
	}
	return all
}

// A collector is a pflag.Value that only remembers what was given.
type collector struct{ texts []string }

// Set is called by pflag once for each time the flag is given.
func (c *collector) Set(text string) error { c.texts = append(c.texts, text); return nil }

// String is asked for by pflag as the default for its own help, which is not used.
func (c *collector) String() string { return "" }

// Type names the value for pflag's own help, which is not used.
func (c *collector) Type() string { return "text" }
