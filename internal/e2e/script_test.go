//go:build e2e && unix

package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A script is one conversation as it is written down.
type script struct {
	title string
	lines []line
	flags []string // of the server
	needs string   // the kind of transport, or signals; "" for nothing
}

// fits tells whether a program over a transport has what the script needs.
func (s script) fits(p program, way transport) bool {
	return s.needs == "" || s.needs == way.kind || s.needs == "signals" && p.signals
}

// A line is one statement.
type line struct {
	number int // in its file
	text   string
}

var (
	sectionHead = regexp.MustCompile(`^-- (.+) --$`)
	// Lines whose rest is text, in which a semicolon is one.
	wholeLine = regexp.MustCompile(`^(?:\w+>|[\w, ]+? sees?\s)`)
	braces    = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)
)

// parseScripts reads a txtar file: each of its files is a script.
func parseScripts(text string) ([]script, error) {
	var scripts []script
	number := 0
	for each := range strings.Lines(text) {
		number++
		each = strings.TrimSpace(each)
		if head := sectionHead.FindStringSubmatch(each); head != nil {
			scripts = append(scripts, script{title: head[1]})
			continue
		}
		if len(scripts) == 0 || each == "" || strings.HasPrefix(each, "#") {
			continue // the comment of the whole file, or another
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

// add adds a statement, or as many as its braces stand for.
func (s *script) add(number int, text string) error {
	if flags, ok := strings.CutPrefix(text, "server runs with "); ok {
		s.flags = append(s.flags, strings.Fields(flags)...)
		return nil
	}
	if kind, ok := strings.CutPrefix(text, "server needs "); ok {
		s.needs = kind
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

// raw returns the bytes that one or more quoted strings stand for, and false if
// text does not begin with a quote.
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
