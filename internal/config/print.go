package config

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// originColumn is the column of the origins in WriteTOML, unless a value is longer.
const originColumn = 32

// WriteTOML prints the settings in force as a file that Load can read, each
// with its origin. Secrets are redacted. Its errors are w's.
func (s *Settings) WriteTOML(w io.Writer) error {
	var b bytes.Buffer
	for _, group := range groups() {
		first := true
		for i, r := range s.rows {
			if r.group != group || r.noFile {
				continue
			}
			if first {
				fmt.Fprintf(&b, "# %s.\n", group)
				first = false
			}
			v := s.values[i]
			line := r.tomlLine(v.texts)
			fmt.Fprintf(&b, "%-*s # %s\n", originColumn, line, v.origin)
		}
		if !first {
			b.WriteString("\n")
		}
	}
	_, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}

// tomlLine returns a line of the file, commented out if there is no value.
func (r row) tomlLine(texts []string) string {
	if texts == nil && r.isSwitch() {
		texts = []string{"false"}
	}
	switch {
	case texts == nil:
		return "# " + r.name + " is not set"
	case r.secret:
		return "# " + r.name + " = " + redacted
	}
	return r.name + " = " + r.toml(texts)
}

// toml returns a value in the form of the file.
func (r row) toml(texts []string) string {
	if r.repeat {
		list := make([]string, len(texts))
		for i, text := range texts {
			list[i] = tomlText(text)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	text := texts[0]
	if on, err := strconv.ParseBool(text); err == nil && r.isBool() {
		return strconv.FormatBool(on)
	}
	if n, err := strconv.Atoi(text); err == nil && r.isNumber() && strconv.Itoa(n) == text {
		return text
	}
	return tomlText(text)
}

// tomlExample returns an example value of the row, for messages.
func (r row) tomlExample() string { return r.toml([]string{r.example()}) }

// tomlText quotes a text for TOML, on one line.
func tomlText(text string) string {
	line, err := toml.Marshal(map[string]string{"k": strings.ToValidUTF8(text, "\uFFFD")})
	if err != nil {
		return strconv.QuoteToASCII(text) // can't happen: every string can be encoded
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(line), "k = "), "\n")
}
