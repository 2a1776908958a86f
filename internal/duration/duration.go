package duration

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Day and Week are units that package time does not have. They always have the
// same length, even when clocks change.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

// Max is the longest duration that is read: a hundred years, so that adding one to
// the time of day never overflows.
const Max = 100 * 365 * Day

// The errors of Parse and Prefix; compare with errors.Is.
var (
	ErrSyntax  = errors.New("duration: not a duration: 30s, 5m, 1h30m, 2d, 1w and 5 minutes are some")
	ErrNoUnit  = errors.New("duration: a number without a unit: s, m, h, d or w is missing")
	ErrTooLong = errors.New("duration: longer than 100 years")
)

// Examples shows users valid durations.
const Examples = "30s, 5m, 1h30m, 2d or 1w"

// units is the list of units, each with all its names, longest first.
var units = []struct {
	names string // separated by blanks
	size  time.Duration
}{
	{" w wk wks week weeks ", Week},
	{" d day days ", Day},
	{" h hr hrs hour hours ", time.Hour},
	{" m min mins minute minutes ", time.Minute},
	{" s sec secs second seconds ", time.Second},
	{" ms msec msecs millisecond milliseconds ", time.Millisecond},
}

// Parse parses a text that is a duration as a whole: numbers with their units, the longest
// unit first, each at most once, with or without blanks between them, in any case. A
// number may have a decimal fraction, and 0 needs no unit.
func Parse(text string) (time.Duration, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return 0, ErrSyntax
	}
	d, n, err := Prefix(words)
	if err == nil && n != len(words) {
		err = ErrSyntax
	}
	if err != nil {
		return 0, err
	}
	return d, nil
}

// Prefix parses the duration that words begin with, and returns how many words it
// takes: 0 if the first word does not begin like a number. A first word that does,
// but is not a duration, is an error.
func Prefix(words []string) (d time.Duration, n int, err error) {
	if len(words) == 0 || !numeric(words[0]) {
		return 0, 0, nil
	}
	var sum sum
	for n < len(words) && numeric(words[n]) {
		next := sum
		used, err := next.word(words[n:])
		if err != nil {
			if n == 0 {
				return 0, 0, err
			}
			break // it belongs to the text after the duration
		}
		sum, n = next, n+used
	}
	return sum.total, n, nil
}

// numeric reports whether a word begins like a number.
func numeric(word string) bool {
	word = strings.TrimLeft(word, "+-.,")
	return word != "" && word[0] >= '0' && word[0] <= '9'
}

// A sum is a duration parsed so far.
type sum struct {
	total time.Duration
	used  int // index into units: the next unit has to come after it
}

// word parses one word, and a second one if that is the unit of the first.
func (s *sum) word(words []string) (used int, err error) {
	rest := strings.ToLower(words[0])
	if isZero(rest) && len(words) == 1 && s.used == 0 {
		s.used = len(units)
		return 1, nil
	}
	for rest != "" {
		number, unit, after := cut(rest)
		rest = after
		if unit == "" && rest == "" && len(words) > 1 && used == 0 && size(strings.ToLower(words[1])) < len(units) {
			unit, used = strings.ToLower(words[1]), 1
		}
		if err := s.add(number, unit); err != nil {
			return 0, err
		}
	}
	return used + 1, nil
}

func isZero(text string) bool { return strings.Trim(text, "0") == "" }

// cut takes a number and its unit from the beginning of text.
func cut(text string) (number, unit, rest string) {
	i := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i < 0 {
		return text, "", ""
	}
	number, rest = text[:i], text[i:]
	i = strings.IndexFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' })
	if i < 0 {
		i = len(rest)
	}
	return number, rest[:i], rest[i:]
}

// size returns the place of a unit in the list, or its length.
func size(unit string) int {
	i := 0
	for i < len(units) && !strings.Contains(units[i].names, " "+unit+" ") {
		i++
	}
	return i
}

// add adds a number of a unit, which has to be shorter than those before.
func (s *sum) add(number, unit string) error {
	i := size(unit)
	whole, fraction, _ := strings.Cut(number, ".")
	switch {
	case whole == "" || strings.Contains(fraction, ".") || strings.HasSuffix(number, "."):
		return ErrSyntax
	case unit == "":
		return ErrNoUnit
	case i == len(units), i < s.used:
		return ErrSyntax
	}
	d, err := times(whole, fraction, units[i].size)
	if err != nil {
		return err
	}
	if d > Max-s.total {
		return ErrTooLong
	}
	s.total, s.used = s.total+d, i+1
	return nil
}

// times multiplies a unit with a number that consists of digits only.
func times(whole, fraction string, unit time.Duration) (time.Duration, error) {
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || n > uint64(Max/unit) {
		return 0, ErrTooLong
	}
	part, err := strconv.ParseFloat("0."+fraction+"0", 64)
	if err != nil {
		return 0, ErrSyntax
	}
	return time.Duration(n)*unit + time.Duration(math.Round(part*float64(unit))), nil
}
