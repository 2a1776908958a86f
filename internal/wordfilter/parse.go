package wordfilter

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of a list.
const (
	// MaxBytes is the size of the largest file. Its list takes up to 40 times as
	// much memory, and most of a second to build: do not do that on a loop.
	MaxBytes = 1 << 20
	// MaxLines is how many lines a file has at most, comments counted.
	MaxLines = 20_000
	// MaxLetters is the length of the longest word or phrase, spaces counted.
	MaxLetters = 64
	// MinLetters is the length of the shortest, unless its script has words of one letter.
	MinLetters = 2
	// MaxWords is how many words a phrase has at most.
	MaxWords = 8
)

// A LineError is a mistake in a line of a list, and how to fix it.
type LineError struct {
	Line int // the first is 1
	Text string
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Errors are all mistakes in a list, one line each.
type Errors []*LineError

// Error implements error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// Parse reads a list. Each of its lines is a word or a phrase with what to do
// about it, a comment, or empty:
//
//	# what our users asked for
//	mask: darn # a comment, after a space
//	refuse: phrase of several words
//	flag: word
//	strike: word
//	allow: darn tough
//
// "allow" is for harmless text that contains an unwanted word; it matches only
// itself, except for case and the text between its words. If there are mistakes
// Parse returns Errors and no list.
func Parse(file []byte) (*List, error) {
	if len(file) > MaxBytes {
		return nil, Errors{{1, fmt.Sprintf("the list has %d bytes; at most %d are read: split off what nobody needs", len(file), MaxBytes)}}
	}
	alphabets() // so that the first line of chat does not have to wait for it
	p := parser{seen: map[string]int{}}
	line := 0
	for text := range bytes.Lines(bytes.TrimPrefix(file, []byte("\ufeff"))) {
		line++
		if line > MaxLines {
			p.fail(line, "the list has more than %d lines; split off what nobody needs", MaxLines)
			break
		}
		p.line(line, strings.TrimSpace(string(text)))
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return &List{patterns: p.patterns, trie: build(p.patterns)}, nil
}

type parser struct {
	patterns []pattern
	seen     map[string]int // the letters of patterns, and the line
	errs     Errors
}

func (p *parser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, &LineError{line, fmt.Sprintf(format, args...)})
}

// line reads one line.
func (p *parser) line(line int, text string) {
	if text == "" || text[0] == '#' {
		return
	}
	if !utf8.ValidString(text) {
		p.fail(line, "%.40q is not UTF-8; save the file as UTF-8", text)
		return
	}
	before, word, ok := strings.Cut(text, ":")
	if !ok {
		p.fail(line, `%.40q has no action; write "mask: %.40s" (or flag, refuse, strike, allow)`, text, text)
		return
	}
	action, ok := actions[strings.ToLower(strings.TrimSpace(before))]
	if !ok {
		p.fail(line, "%.40q is no action; write mask, flag, refuse, strike or allow", before)
		return
	}
	word, _, _ = strings.Cut(word, " #")
	word = strings.TrimSpace(word)
	if word == "" {
		p.fail(line, "there is no word after %q; write one, or delete the line", before+":")
		return
	}
	pattern := newPattern(word)
	pattern.action, pattern.line = action, line
	if reason := pattern.check(); reason != "" {
		p.fail(line, "%.40q %s", word, reason)
		return
	}
	letters := string(pattern.letters)
	if first, ok := p.seen[letters]; ok {
		p.fail(line, "%.40q is on line %d already; delete one of them", word, first)
		return
	}
	p.seen[letters] = line
	p.patterns = append(p.patterns, pattern)
}

// newPattern returns the pattern of a word or phrase.
func newPattern(word string) pattern {
	p := pattern{word: word}
	t := tokenizer{reader: reader{text: word}}
	var last rune
	for k, ok := t.next(); ok; k, ok = t.next() {
		p.letters = append(p.letters, k.r)
		if c := class(k.r); c != last {
			p.symbols = append(p.symbols, c)
			last = c
		}
		if len(p.letters) > 4*MaxLetters {
			break // it is too long in any case
		}
	}
	// The ' ' at the ends is in the symbols, too.
	p.letters = p.letters[1:max(1, len(p.letters)-1)]
	return p
}

// check returns why a word can't be searched for, and what to do, or "".
func (p *pattern) check() string {
	words, letters, alone := 1, 0, false
	for _, c := range p.letters {
		if c == ' ' {
			words++
			continue
		}
		letters++
		alone = alone || isUnspaced(c)
	}
	switch {
	case letters == 0:
		return "has neither letter nor digit, and nothing else is looked for; delete the line"
	case letters < MinLetters && !alone:
		return "is a single letter, which is in every other line; write a longer word"
	case letters > MaxLetters || len(p.letters) > 2*MaxLetters:
		return fmt.Sprintf("has more than %d letters; write its first words only", MaxLetters)
	case words > MaxWords && !alone:
		return fmt.Sprintf("has more than %d words; write the first of them only", MaxWords)
	}
	return ""
}
