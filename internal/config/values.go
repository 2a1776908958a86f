package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/duration"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// maxName is the longest server name, in bytes: it has to share a line of 80
// columns with the rest of the greeting.
const maxName = 60

// quote shows a value in a message; control characters don't reach the terminal.
func quote(text string) string { return strconv.Quote(text) }

// toggle sets a switch. Only variables and --flag=false give it a text.
func toggle(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, text string) error {
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*field(c) = v
		return nil
	}
}

// number sets a whole number from low to high.
func number(field func(*Config) *int, low, high int) func(*Config, string) error {
	return func(c *Config, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high {
			return fmt.Errorf("%q is not a number from %d to %d", text, low, high)
		}
		*field(c) = n
		return nil
	}
}

// period sets a time from low to high.
func period(field func(*Config) *time.Duration, low, high time.Duration) func(*Config, string) error {
	return func(c *Config, text string) error {
		d, err := duration.Parse(text)
		if err != nil || d < low || d > high {
			return fmt.Errorf("%q is not a time from %s to %s, with its unit (as in 150ms, 30s, 10m, 90d)", text, brief(low), brief(high))
		}
		*field(c) = d
		return nil
	}
}

// brief prints a whole number of hours, minutes or seconds as 24h, not 24h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// units are the suffixes of a size and their shifts.
var units = []struct {
	suffix string
	shift  int
}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}

// size sets a number of bytes from low to high.
func size(field func(*Config) *int, low, high int) func(*Config, string) error {
	return func(c *Config, text string) error {
		digits, shift := text, 0
		for _, u := range units {
			if n := len(text) - len(u.suffix); n >= 0 && strings.EqualFold(text[n:], u.suffix) {
				digits, shift = text[:n], u.shift
			}
		}
		n, err := strconv.Atoi(digits)
		// Compared before it is shifted, so that nothing overflows.
		if err != nil || n < 0 || n > high>>shift || n<<shift < low {
			return fmt.Errorf("%q is not a size from %s to %s (as in 4096, 64KiB, 1MiB)", text, inBytes(low), inBytes(high))
		}
		*field(c) = n << shift
		return nil
	}
}

// inBytes prints a size in its largest whole unit.
func inBytes(n int) string {
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; n > 0 && n&(1<<u.shift-1) == 0 {
			return strconv.Itoa(n>>u.shift) + u.suffix
		}
	}
	return strconv.Itoa(n)
}

// choice sets one of a few words.
func choice[T ~string](field func(*Config) *T, of ...T) func(*Config, string) error {
	return func(c *Config, text string) error {
		words := make([]string, len(of))
		for i, word := range of {
			if text == string(word) {
				*field(c) = word
				return nil
			}
			words[i] = string(word)
		}
		return notOneOf(text, words)
	}
}

func notOneOf(text string, words []string) error {
	hint := ""
	if near, ok := nearest.Find(text, words); ok {
		hint = " (did you mean " + near + "?)"
	}
	return fmt.Errorf("%q is not one of %s%s", text, strings.Join(words, ", "), hint)
}

func setPort(c *Config, text string) error {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not a port: a number from 1 to 65535, or 0 for any free one", text)
	}
	c.Port = uint16(n)
	return nil
}

func setBind(c *Config, text string) error {
	if text == "" {
		return errors.New(`"" is not an address to listen on: give an address, an interface name, unix:PATH, or * (everywhere)`)
	}
	c.Bind = append(c.Bind, text)
	return nil
}

func setListen(c *Config, text string) error {
	if _, err := parseEntry(text); err != nil {
		return err
	}
	c.Listen = append(c.Listen, text)
	return nil
}

func setName(c *Config, text string) error {
	printable := utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if !printable || strings.TrimSpace(text) == "" || len(text) > maxName {
		return fmt.Errorf("%q is not a name of 1 to %d printable bytes of UTF-8", text, maxName)
	}
	c.Name = text
	return nil
}

func setBackend(c *Config, text string) error {
	if text == "" {
		return errors.New(`"" is not a backend: leave the flag out for the best one, or ask with --backend list`)
	}
	c.Backend = text
	return nil
}

func setLogLevels(c *Config, text string) (err error) {
	c.LogLevels, err = logs.ParseLevels(text)
	return err
}

// setPath sets the path of a file; only the system knows which paths are valid.
func setPath(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		if text == "" || strings.ContainsRune(text, 0) {
			return fmt.Errorf("%q is not a file path", text)
		}
		*field(c) = text
		return nil
	}
}

// addPath is setPath for a flag that may be given several times.
func addPath(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, text string) error {
		var path string
		err := setPath(func(*Config) *string { return &path })(c, text)
		if err == nil {
			*field(c) = append(*field(c), path)
		}
		return err
	}
}

// setMetrics takes an address with its port. Without a host it means loopback,
// unlike --bind, so that the numbers are not exposed by mistake.
func setMetrics(c *Config, text string) error {
	place := text
	host, port, found := strings.Cut(text, ":")
	switch {
	case !found:
		place = "127.0.0.1:" + text
	case host == "" && !strings.Contains(port, ":"), host == "localhost":
		place = "127.0.0.1:" + port
	}
	addr, err := netip.ParseAddrPort(place)
	if err != nil {
		return fmt.Errorf("%q is not an address with its port (as in 9100, 127.0.0.1:9100, [::1]:9100, 0.0.0.0:9100 for all addresses)", text)
	}
	c.Metrics = addr
	return nil
}

// addOrigin adds an origin (RFC 6454): a scheme and a host, perhaps with a port.
func addOrigin(c *Config, text string) error {
	if text != "*" {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || text != u.Scheme+"://"+u.Host {
			return fmt.Errorf("%s is not an origin such as https://www.example.org, or *", quote(text))
		}
	}
	c.AllowOrigins = append(c.AllowOrigins, text)
	return nil
}
