package config

import (
	"strings"

	"github.com/sudoXpg/netloop/internal/secret"
)

// fileRow is the name of the row that names the configuration file.
const fileRow = "config"

// Settings is a Config that knows where each of its values came from.
type Settings struct {
	// Config is what was asked for.
	Config Config

	rows   []row
	values []value // as the rows
}

// A value is what one row was given.
type value struct {
	texts  []string // nil: nothing, not even a default
	origin string   // "--port", "CHATSRV_PORT", "chatsrv.toml:3" or "default"
	inFile bool
}

// byDefault is the origin of what nobody has set.
const byDefault = "default"

// Load reads the arguments (without the program's name), the environment, which
// env looks up as os.LookupEnv does, and the file that one of the two names. An
// empty variable counts as unset. An error is Problems and names everything
// that is wrong.
func Load(args []string, env func(name string) (string, bool)) (*Settings, error) {
	return load(table, args, env)
}

func load(rows []row, args []string, env func(string) (string, bool)) (*Settings, error) {
	given, problems := readArgs(rows, args)
	text := asksForText(rows, given)
	if text {
		env = func(string) (string, bool) { return "", false }
	}
	s := &Settings{rows: rows, values: make([]value, len(rows))}
	for i, r := range rows {
		v := &s.values[i]
		switch texts := r.lookup(env); {
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
		return nil, err
	}
	return s, nil
}

// fill takes what nobody has given from the file, or else from the table.
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

// asksForText tells whether the arguments ask for help or the version, for which
// nothing else is looked at.
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

// apply makes Config of the values. What the file says is checked where it is
// read, line by line.
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
		return "the value can't be used (" + secret.Redacted + ")"
	}
	return err.Error()
}

// contradictions are values that are right each, and not together.
func (s *Settings) contradictions() (p Problems) {
	if s.Config.Debug && !s.Config.Metrics.IsValid() {
		p.add(s.origin("debug"), "profiles are served at --metrics, which is not set (as in --metrics 9100)")
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
