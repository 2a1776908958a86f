package texts

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The forms of a module with tables. It is plain JavaScript; any other form is refused.
var (
	blank  = regexp.MustCompile(`^(?:\s+|//[^\n]*\n|/\*(?:[^*]|\*[^/])*\*/)+`)
	begin  = regexp.MustCompile(`^export const (\w+) = \{`)
	finish = regexp.MustCompile(`^\};(?:\n|$)`)
	entry  = regexp.MustCompile(`^(?:([A-Za-z]\w*)|'((?:[^'\\\n]|\\.)*)'): '((?:[^'\\\n]|\\.)*)'(,?)`)
)

// escapes are those in strings.
var escapes = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\n`, "\n")

var unknownEscape = regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\\[^\\'n]`)

// A scanner reads a module.
type scanner struct{ all, rest string }

// parse returns the tables of a module by their name.
func parse(module string) (map[string]map[string]string, error) {
	s := scanner{module, module}
	tables := make(map[string]map[string]string)
	for s.skip(); s.rest != ""; s.skip() {
		m := s.take(begin)
		if m == nil {
			return nil, s.fail("export const NAME = {")
		}
		if tables[m[1]] != nil {
			return nil, s.failed(errors.New("there are two tables " + m[1]))
		}
		table, err := s.table()
		if err != nil {
			return nil, err
		}
		tables[m[1]] = table
	}
	return tables, nil
}

// table reads the entries of a table, and its end.
func (s *scanner) table() (map[string]string, error) {
	table := make(map[string]string)
	for more := true; ; {
		s.skip()
		if s.take(finish) != nil {
			return table, nil
		}
		if !more {
			return nil, s.fail("a comma or };")
		}
		m := s.take(entry)
		if m == nil {
			return nil, s.fail("KEY: 'TEXT'")
		}
		if unknownEscape.MatchString(m[2]) || unknownEscape.MatchString(m[3]) {
			return nil, s.failed(errors.New("an unknown escape in " + m[0]))
		}
		key := m[1] + escapes.Replace(m[2])
		if _, twice := table[key]; twice {
			return nil, s.failed(errors.New("there are two texts " + key))
		}
		table[key] = escapes.Replace(m[3])
		more = m[4] != ""
	}
}

// skip skips space and comments.
func (s *scanner) skip() { s.take(blank) }

// take returns what the rest begins with and its parts, and moves behind it.
func (s *scanner) take(form *regexp.Regexp) []string {
	m := form.FindStringSubmatch(s.rest)
	if m != nil {
		s.rest = s.rest[len(m[0]):]
	}
	return m
}

func (s *scanner) fail(want string) error {
	line, _, _ := strings.Cut(s.rest, "\n")
	return s.failed(fmt.Errorf("no %s in %.40q", want, line))
}

func (s *scanner) failed(err error) error {
	return fmt.Errorf("line %d: %w", strings.Count(s.all[:len(s.all)-len(s.rest)], "\n")+1, err)
}
