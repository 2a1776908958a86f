package texts

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// formats are how a language writes times and numbers. All is as browsers write it.
type formats struct {
	units     [4][2]string // one and many of each unit
	dative    [4][2]string // after "in" and "vor"
	in, ago   string       // what stands before and behind a quantity
	after     string
	days      map[int]string // days that have a name, from today on
	now       string
	thousands string
	weekdays  [7]string
	months    [12]string
	date      string // and time of day, in the form of package time
	day       string // DAY is replaced by the weekday, MONTH by the month
}

// units are those of durations, in seconds, in the order of formats.units.
var units = [4]float64{86_400, 3600, 60, 1}

var englishUnits = [4][2]string{{"day", "days"}, {"hour", "hours"}, {"minute", "minutes"}, {"second", "seconds"}}

var englishFormats = formats{
	units: englishUnits, dative: englishUnits, in: "in ", after: " ago",
	days: map[int]string{-1: "yesterday", 0: "today", 1: "tomorrow"}, now: "now", thousands: ",",
	weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	months:   [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	date:     "2 Jan 2006, 15:04", day: "DAY, 2 MONTH 2006",
}

var germanFormats = formats{
	units:  [4][2]string{{"Tag", "Tage"}, {"Stunde", "Stunden"}, {"Minute", "Minuten"}, {"Sekunde", "Sekunden"}},
	dative: [4][2]string{{"Tag", "Tagen"}, {"Stunde", "Stunden"}, {"Minute", "Minuten"}, {"Sekunde", "Sekunden"}},
	in:     "in ", ago: "vor ",
	days: map[int]string{-2: "vorgestern", -1: "gestern", 0: "heute", 1: "morgen", 2: "übermorgen"}, now: "jetzt", thousands: ".",
	weekdays: [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	months:   [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	date:     "02.01.2006, 15:04", day: "DAY, 2. MONTH 2006",
}

// most bounds numbers of seconds: the largest that a float64 counts.
const most = 1 << 53

// Duration returns a duration in the largest unit that fits.
func (l *Language) Duration(d time.Duration) string { return l.duration(d.Seconds()) }

// ExactDuration returns a duration in the two largest units, rounded up.
func (l *Language) ExactDuration(d time.Duration) string { return l.exact(d.Seconds()) }

// DateTime returns a date and the time of day.
func (l *Language) DateTime(t time.Time) string { return t.In(l.location()).Format(l.format.date) }

// Date returns the day of a time.
func (l *Language) Date(t time.Time) string {
	t = t.In(l.location())
	f := l.format
	return strings.NewReplacer("DAY", f.weekdays[t.Weekday()], "MONTH", f.months[t.Month()-1]).Replace(t.Format(f.day))
}

// Day names the day of a time: today, yesterday, or the date.
func (l *Language) Day(t, now time.Time) string {
	name := l.Date(t)
	t, now = t.In(l.location()), now.In(l.location())
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	ago := int(midnight(now).Sub(midnight(t)) / (24 * time.Hour))
	if ago != 0 && ago != 1 {
		return name
	}
	word := l.format.days[-ago]
	return strings.ToUpper(word[:1]) + word[1:] + ", " + name
}

func (l *Language) location() *time.Location {
	if l.zone == nil {
		return time.Local
	}
	return l.zone
}

// date returns a date of JSON, or what else it is.
func (l *Language) date(v any) string {
	t, err := time.Parse(time.RFC3339, inWords(v))
	if err != nil {
		return inWords(v)
	}
	return l.DateTime(t)
}

func clamp(seconds float64) float64 { return max(0, min(seconds, most)) }

// unitOf returns the largest unit that fits.
func unitOf(seconds float64) int {
	for i, size := range units {
		if seconds >= size {
			return i
		}
	}
	return len(units) - 1
}

func (l *Language) duration(seconds float64) string {
	seconds = clamp(seconds)
	unit := unitOf(seconds)
	return l.quantity(int(math.Round(seconds/units[unit])), l.format.units[unit])
}

func (l *Language) exact(seconds float64) string {
	seconds = clamp(seconds)
	smaller := units[min(unitOf(seconds)+1, len(units)-1)]
	left := int(math.Ceil(seconds/smaller) * smaller)
	var parts []string
	for i, size := range units {
		if n := left / int(size); n > 0 {
			parts = append(parts, l.quantity(n, l.format.units[i]))
		}
		left %= int(size)
	}
	return strings.Join(parts, " ")
}

func (l *Language) in(seconds float64) string {
	seconds = clamp(seconds)
	unit := unitOf(seconds)
	return l.relative(int(math.Ceil(seconds/units[unit])), unit)
}

func (l *Language) ago(seconds float64) string {
	seconds = clamp(seconds)
	unit := unitOf(seconds)
	return l.relative(-int(math.Floor(seconds/units[unit])), unit)
}

// relative returns how far away something is, or was if n is negative.
func (l *Language) relative(n, unit int) string {
	f := l.format
	switch {
	case n == 0:
		return f.now
	case unit == 0 && f.days[n] != "":
		return f.days[n]
	case n < 0:
		return f.ago + l.quantity(-n, f.dative[unit]) + f.after
	}
	return f.in + l.quantity(n, f.dative[unit])
}

// quantity returns a number of things.
func (l *Language) quantity(n int, unit [2]string) string {
	if n == 1 {
		return "1 " + unit[0]
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + l.format.thousands + digits[i:]
	}
	return digits + " " + unit[1]
}
