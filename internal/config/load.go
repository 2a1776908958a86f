package config

import (
	"fmt"
	"strings"
)

// fileRow is the name of the row that names the configuration file.
const fileRow = "config"

// Settings is a Config that knows where each of its values came from.
type Settings struct {
	// Config is the resulting configuration.
	Config Config
	// Warnings are sentences about ignored values.
	Warnings []string

	rows   []row
	values []value // as the rows
}

// A value is the value of one row.
type value struct {
	texts  []string // nil: nothing, not even a default
	origin string   // "--port", "CHATSRV_PORT", "chatsrv.toml:3" or "default"
	inFile bool
}

// byDefault is the origin of values that were not set.
const byDefault = "default"

// Load reads the arguments (without the program's name), the environment, which
// env looks up as os.LookupEnv does, and the file that one of them names. An
// empty variable counts as unset. An error is Problems and lists all mistakes.
func Load(args []string, env func(name string) (string, bool)) (*Settings, error) {
	return load(table, args, env)
}

// LoadWords is Load for a command that takes arguments. It returns the arguments
// that are not flags, which may be between the flags and after "--".
func LoadWords(args []string, env func(name string) (string, bool)) (s *Settings, words []string, err error) {
	return loadWords(table, args, env)
}

func load(rows []row, args []string, env func(string) (string, bool)) (*Settings, error) {
	s, words, err := loadWords(rows, args, env)
	if err == nil && len(words) > 0 {
		err = Problems{&UsageError{Problem: quote(words[0]) + " is not a flag (a command comes first, as in chatsrv check; see chatsrv --help)"}}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func loadWords(rows []row, args []string, env func(string) (string, bool)) (*Settings, []string, error) {
	given, words, problems := readArgs(rows, args)
	text := asksForText(rows, given)
	if text {
		env = func(string) (string, bool) { return "", false }
	}
	s := &Settings{rows: rows, values: make([]value, len(rows))}
	for i, r := range rows {
		v := &s.values[i]
		texts, warning := r.lookup(env)
		if warning != "" {
			s.Warnings = append(s.Warnings, warning)
		}
		switch {
		case given[i] != nil:
			*v = value{texts: given[i], origin: "--" + r.name}
		case texts != nil:
			*v = value{texts: texts, origin: r.env()}
		}
	}
	var fromFile map[string]value
	var wrong Problems
	if !text {
		fromFile, wrong = s.readFile()
	}
	s.fill(fromFile)
	problems = append(problems, s.apply()...)
	problems = append(problems, wrong...)
	if len(problems) == 0 {
		problems = s.contradictions()
	}
	if err := problems.err(); err != nil {
		return nil, nil, err
	}
	return s, words, nil
}

// Flags returns the flags that were given, in their long form.
func (s *Settings) Flags() (args []string) {
	for i, r := range s.rows {
		flag := "--" + r.name
		if s.values[i].origin != flag {
			continue
		}
		for _, text := range s.values[i].texts {
			args = append(args, flag+"="+text)
		}
	}
	return args
}

// fill takes values that were not given from the file, or from the table.
func (s *Settings) fill(fromFile map[string]value) {
	for i, r := range s.rows {
		v := &s.values[i]
		if v.texts != nil {
			continue
		}
		if *v = fromFile[r.name]; v.texts == nil {
			v.origin = byDefault
			if r.def != "" {
				v.texts = []string{r.def}
			}
		}
	}
}

// asksForText reports whether the arguments ask for help or the version, for
// which nothing else is read.
func asksForText(rows []row, given [][]string) bool {
	var c Config
	for i, r := range rows {
		for _, text := range given[i] {
			if r.noEnv {
				_ = r.set(&c, text) // reported when all are applied
			}
		}
	}
	return c.Help || c.Version
}

// apply sets Config from the values. Values of the file were checked when they
// were read, line by line.
func (s *Settings) apply() (p Problems) {
	s.Config = Config{}
	for i, r := range s.rows {
		for _, text := range s.values[i].texts {
			if problem := r.try(&s.Config, text); problem != "" && !s.values[i].inFile {
				p.add(s.values[i].origin, problem)
			}
		}
	}
	return p
}

// try sets the row and returns what is wrong, without a secret in it.
func (r row) try(c *Config, text string) (problem string) {
	err := r.set(c, text)
	switch {
	case err == nil:
		return ""
	case r.secret && text != "" && strings.Contains(err.Error(), strings.Trim(quote(text), `"`)):
		return "the value can't be used (" + redacted + ")"
	}
	return err.Error()
}

// contradictions returns problems with values that are valid each, but not together.
func (s *Settings) contradictions() (p Problems) {
	if s.Config.Debug && !s.Config.Metrics.IsValid() {
		p.add(s.origin("debug"), "profiles are served at --metrics, which is not set (as in --metrics 9100)")
	}
	if s.Config.RequireTLSAuth && (s.Config.TLS == TLSOff || s.Config.Style == StyleClassic) {
		p.add(s.origin("require-tls-auth"), "there is no TLS with --tls off or --style classic, so that nobody could log in from another machine")
	}
	if certs, keys := len(s.Config.TLSCerts), len(s.Config.TLSKeys); certs != keys {
		name := "tls-cert"
		if certs == 0 {
			name = "tls-key"
		}
		p.add(s.origin(name), fmt.Sprintf("there are %d certificates and %d keys: give one --tls-key for each --tls-cert, in the same order", certs, keys))
	}
	return append(p, s.listenProblems()...)
}

// listenProblems returns contradictions between entries of Listen and other settings.
func (s *Settings) listenProblems() (p Problems) {
	for _, text := range s.Config.Listen {
		e, err := parseEntry(text)
		switch {
		case err != nil: // reported when it was set
		case s.Config.Style == StyleClassic && e.protocol != ProtocolAuto:
			p.add(s.origin("listen"), quote(text)+": --style classic has only its own protocol: use auto://"+e.address)
		case s.Config.TLS == TLSOff && e.protocol == ProtocolTLS:
			p.add(s.origin("listen"), quote(text)+": there is no TLS with --tls off: leave --tls out, or use telnet://"+e.address)
		}
	}
	return p
}

// origin returns where a setting came from.
func (s *Settings) origin(name string) string {
	for i, r := range s.rows {
		if r.name == name {
			return s.values[i].origin
		}
	}
	return ""
}
