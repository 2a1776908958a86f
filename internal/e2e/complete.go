package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// complete checks that the code and the arguments of what the server says are enough to say
// it: that package text has the same words for them.
func complete(o object) error {
	code := o.text("code")
	if code == "" {
		return nil
	}
	args, _ := o["args"].(map[string]any)
	if !expresses(&chat.Note{Code: chat.Code(code)}, args, sortedKeys(args), o.text("text")) {
		return fmt.Errorf("%s with %v are not enough to say %q", code, args, o.text("text"))
	}
	return nil
}

func sortedKeys(args map[string]any) []string {
	var keys []string
	for key := range args {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// expresses reports whether n says want with the arguments of these keys, each of one of the types
// that it may have.
func expresses(n *chat.Note, args map[string]any, keys []string, want string) bool {
	if len(keys) == 0 {
		return text.Words(n) == want
	}
	for _, value := range meanings(args[keys[0]]) {
		with := &chat.Note{Code: n.Code, Args: append(slices.Clone(n.Args), chat.Arg{Name: kebab(keys[0]), Value: value})}
		if expresses(with, args, keys[1:], want) {
			return true
		}
	}
	return false
}

// meanings returns the values that a value in JSON may stand for.
func meanings(x any) []any {
	switch x := x.(type) {
	case float64: // of a duration the milliseconds are sent
		d := time.Duration(x * float64(time.Second))
		return []any{int(x), d, d + time.Millisecond - 1, int64(x)}
	case string:
		all := []any{x}
		if id, err := strconv.ParseUint(x, 10, 64); err == nil {
			all = append(all, id)
		}
		if role, ok := chat.ParseRole(x); ok {
			all = append(all, role)
		}
		if t, err := time.Parse(time.RFC3339, x); err == nil {
			all = append(all, t)
		}
		return all
	case []any:
		var list []string
		for _, each := range x {
			list = append(list, fmt.Sprint(each))
		}
		return []any{list}
	case map[string]any:
		if complete(x) != nil {
			return nil
		}
		return []any{words(x)}
	}
	return []any{x}
}

// kebab returns the name of an argument: that of ownName is own-name.
func kebab(key string) string {
	var name strings.Builder
	for _, r := range key {
		if unicode.IsUpper(r) {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}
