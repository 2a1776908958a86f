package config

import "strings"

// normalise adds the second dash to long flags that were typed with one, so
// that pflag does not parse "-port" as "-p ort". It stops at "--", and copies
// values unchanged, even those that look like a flag.
//
// A long name always wins over shorthands: "-bind" is never "-b ind". No long
// name in the table is also a valid bundle (a test checks it).
func normalise(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && len(name) > 1 && isLong(name) {
			arg = "-" + arg
		}
		out = append(out, arg)
		if takesNext(arg) && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}

// takesNext reports whether pflag will take the argument after arg, which
// already has its two dashes, as its value.
func takesNext(arg string) bool {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		for _, r := range table {
			if r.name == long {
				return !r.isSwitch()
			}
		}
		return false
	}
	bundle, ok := strings.CutPrefix(arg, "-")
	for ok && bundle != "" {
		r, known := shorthand(bundle[:1])
		if !known || !r.isSwitch() {
			// A rest of the bundle is the value.
			return known && len(bundle) == 1
		}
		bundle = bundle[1:]
	}
	return false
}

func isLong(name string) bool {
	for _, r := range table {
		if r.name == name {
			return true
		}
	}
	return false
}

func shorthand(letter string) (row, bool) {
	for _, r := range table {
		if r.short == letter {
			return r, true
		}
	}
	return row{}, false
}
