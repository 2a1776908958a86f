package e2e

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Script is the text of one conversation.
type Script struct {
	// File is its file, and Title the sentence that it proves.
	File, Title string
	// Flags are the flags of the server, and Needs its requirements: tcp, unix,
	// plain, text, signals, accounts, sim.
	Flags, Needs []string
	// Accounts exist from the beginning.
	Accounts []Account
	// Words are the lines of a list of unwanted words (see package wordfilter).
	Words []string

	lines []line
}

// An Account is a registered user of a script. The first has the number 1.
type Account struct {
	Name, Role string // a role of package chat
	As         string // whose password it has; "" for its own
}

// Password returns the password of an account.
func (a Account) Password() string {
	if a.As != "" {
		return Account{Name: a.As}.Password()
	}
	return a.Name + "'s password"
}

// Says reports whether a line of the script begins with the word.
func (s Script) Says(word string) bool {
	return slices.ContainsFunc(s.lines, func(l line) bool {
		_, said, ok := strings.Cut(l.text, "> ")
		first, _, _ := strings.Cut(said, " ")
		return ok && first == word
	})
}

// Fits reports whether all needs of the script are met.
func (s Script) Fits(has func(need string) bool) bool {
	for _, need := range s.Needs {
		if !has(need) {
			return false
		}
	}
	return true
}

// A line is one statement.
type line struct {
	number int // in its file
	text   string
}

var (
	sectionHead = regexp.MustCompile(`^-- (.+) --$`)
	// Lines whose rest is text, in which a semicolon has no meaning.
	wholeLine = regexp.MustCompile(`^(?:\w+>|[\w, ]+? sees?\s|\w+ is asked\s)`)
	braces    = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)
	accounts  = regexp.MustCompile(`^([\w, ]+?) (?:is|are) (?:an? )?(registered|moderator|admin)s?$`)
)

//go:embed testdata/*.txtar
var testdata embed.FS

// Scripts returns all scripts in testdata.
func Scripts() ([]Script, error) {
	files, err := fs.Glob(testdata, "testdata/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Script
	for _, file := range files {
		text, err := testdata.ReadFile(file)
		if err != nil {
			return nil, err
		}
		scripts, err := parseScripts(strings.TrimPrefix(file, "testdata/"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, scripts...)
	}
	return all, nil
}

// parseScripts reads a txtar file: each of its files is a script.
func parseScripts(file, text string) ([]Script, error) {
	var scripts []Script
	number := 0
	for each := range strings.Lines(text) {
		number++
		each = strings.TrimSpace(each)
		if head := sectionHead.FindStringSubmatch(each); head != nil {
			scripts = append(scripts, Script{File: file, Title: head[1]})
			continue
		}
		if len(scripts) == 0 || each == "" || strings.HasPrefix(each, "#") {
			continue // a comment of the file, or another one
		}
		s := &scripts[len(scripts)-1]
		statements := []string{each}
		if !wholeLine.MatchString(each) {
			statements = strings.Split(each, ";")
		}
		for _, text := range statements {
			if err := s.add(number, strings.TrimSpace(text)); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	return scripts, nil
}

// add adds a statement, or several if it has braces.
func (s *Script) add(number int, text string) error {
	if flags, ok := strings.CutPrefix(text, "server runs with "); ok {
		s.Flags = append(s.Flags, strings.Fields(flags)...)
		return nil
	}
	if word, ok := strings.CutPrefix(text, "server minds "); ok {
		s.Words = append(s.Words, strings.TrimSpace(word))
		return nil
	}
	if needs, ok := strings.CutPrefix(text, "server needs "); ok {
		return s.need(needs)
	}
	if who := accounts.FindStringSubmatch(text); who != nil {
		s.register(strings.Split(who[1], ","), who[2])
		return nil
	}
	place := braces.FindStringSubmatchIndex(text)
	if place == nil {
		s.lines = append(s.lines, line{number, text})
		return nil
	}
	from, err := strconv.Atoi(text[place[2]:place[3]])
	if err != nil {
		return err
	}
	to, err := strconv.Atoi(text[place[4]:place[5]])
	if err != nil {
		return err
	}
	for i := from; i <= to; i++ {
		s.lines = append(s.lines, line{number, text[:place[0]] + strconv.Itoa(i) + text[place[1]:]})
	}
	return nil
}

// explained are the needs whose reason a script has to give.
var explained = []string{"plain", "text"}

// need adds requirements: KIND, KIND: WHY.
func (s *Script) need(text string) error {
	kinds, why, _ := strings.Cut(text, ": ")
	for kind := range strings.SplitSeq(kinds, ", ") {
		if why == "" && slices.Contains(explained, kind) {
			return fmt.Errorf("needs %s, but why?", kind)
		}
		s.Needs = append(s.Needs, kind)
	}
	return nil
}

func (s *Script) register(names []string, role string) {
	if role == "registered" {
		role = "user"
	}
	for _, name := range names {
		s.Accounts = append(s.Accounts, Account{Name: strings.TrimSpace(name), Role: role})
	}
	s.Needs = append(s.Needs, "accounts")
}

// raw returns the value of one or more quoted strings, and false if text does
// not begin with a quote.
func raw(text string) (value string, quoted bool, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", false, nil
	}
	var all strings.Builder
	for text != "" {
		prefix, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", true, fmt.Errorf("%s: %w", text, err)
		}
		part, err := strconv.Unquote(prefix)
		if err != nil {
			return "", true, fmt.Errorf("%s: %w", prefix, err)
		}
		text = text[len(prefix):]
		times := 1
		if rest, ok := strings.CutPrefix(text, "*"); ok {
			count, rest, _ := strings.Cut(rest, " ")
			if times, err = strconv.Atoi(count); err != nil {
				return "", true, err
			}
			text = rest
		}
		all.WriteString(strings.Repeat(part, times))
		text = strings.TrimSpace(text)
	}
	return all.String(), true, nil
}
