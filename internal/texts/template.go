package texts

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The forms of a text, as in texts.js.
var (
	use         = regexp.MustCompile(`\{(\w+)`)
	optional    = regexp.MustCompile(`\[((?:\{[^}]*\}|[^\]{])*)\]`)
	alternative = regexp.MustCompile(`(?:\{[^}]*\}|[^|{])+`)
	field       = regexp.MustCompile(`\{(\w+)(?::(\w+)|\|([^|}]*)\|([^}]*))?\}`)
)

// names returns the names of the arguments that a text uses, each once.
func names(text string) (list []string) {
	for _, m := range use.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(list, m[1]) {
			list = append(list, m[1])
		}
	}
	return list
}

// has reports whether all arguments that a text uses are there.
func has(text string, args map[string]any) bool {
	for _, name := range names(text) {
		switch v := args[name].(type) {
		case nil:
			return false
		case string:
			if v == "" {
				return false
			}
		case []any:
			if len(v) == 0 {
				return false
			}
		}
	}
	return true
}

// parts leaves out the parts of a text without their arguments.
func (l *Language) parts(text string, args map[string]any) string {
	return optional.ReplaceAllStringFunc(text, func(all string) string {
		for _, one := range alternative.FindAllString(all[1:len(all)-1], -1) {
			if has(one, args) {
				return one
			}
		}
		return ""
	})
}

// put inserts arguments into a text.
func (l *Language) put(text string, args map[string]any) string {
	return field.ReplaceAllStringFunc(l.parts(text, args), func(all string) string {
		m := field.FindStringSubmatch(all)
		value, ok := args[m[1]]
		switch {
		case !ok:
			return all
		case m[2] != "":
			return l.show(m[2], value, args)
		case strings.Contains(all, "|"):
			if number(value) == 1 {
				return m[3]
			}
			return m[4]
		}
		return inWords(value)
	})
}

// show returns an argument in a format.
func (l *Language) show(format string, v any, args map[string]any) string {
	switch format {
	case "time":
		return l.exact(number(v))
	case "in":
		return l.in(number(v))
	case "date":
		return l.date(v)
	case "role":
		return l.Role(inWords(v))
	case "value":
		setting, _ := args["setting"].(string)
		return l.Setting(setting, v)
	}
	return inWords(v)
}

// Setting returns the value of a setting of the user or of a room, as decoded from JSON.
func (l *Language) Setting(name string, v any) string {
	switch v {
	case nil, false:
		return l.T("off")
	case true:
		return l.T("on")
	}
	switch name {
	case "keep-size":
		return formatNumber(number(v)/(1<<20)) + " MiB"
	case "slow", "keep":
		return l.duration(number(v))
	}
	return inWords(v)
}

// plain returns a value of Go as JSON has it.
func plain(v any) any {
	switch v := v.(type) {
	case nil, string, bool, float64, []any:
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return strconv.FormatUint(v, 10) // an ID
	case time.Duration:
		return v.Seconds()
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	}
	return fmt.Sprint(v)
}

// inWords returns a value as text.
func inWords(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return formatNumber(v)
	case []any:
		list := make([]string, len(v))
		for i, each := range v {
			list[i] = inWords(each)
		}
		return strings.Join(list, ", ")
	case map[string]any:
		return "" // a message in a list, which no text has
	}
	return fmt.Sprint(v)
}

// formatNumber returns a number as JavaScript writes most.
func formatNumber(v float64) string {
	if v < 1e21 && v > -1e21 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// number returns a value as a number; 0 if it is none.
func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case string:
		n, err := strconv.ParseFloat(v, 64)
		if err == nil {
			return n
		}
	}
	return 0
}
