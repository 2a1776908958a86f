package osutil

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestASecretFromAPipeIsItsFirstLine(t *testing.T) {
	for given, want := range map[string]string{
		"correct horse\n":                     "correct horse",
		"correct horse":                       "correct horse",
		"correct horse\r\nmore":               "correct horse",
		"  spaces  \n":                        "  spaces  ",
		"\n":                                  "",
		"a\rb\n":                              "a\rb",
		strings.Repeat("x", maxSecret) + "\n": strings.Repeat("x", maxSecret),
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(w, given)
			w.Close()
		}()
		var out strings.Builder
		if got, err := ReadSecret(r, &out, "Password: "); got != want || err != nil {
			t.Errorf("%.20q: %.20q, %v", given, got, err)
		}
		if out.Len() > 0 {
			t.Errorf("a pipe was prompted with %q", out.String())
		}
		r.Close()
	}
}

func TestWithoutALineThereIsNoSecret(t *testing.T) {
	for _, given := range []string{"", strings.Repeat("x", maxSecret+1)} {
		if got, err := readSecret(strings.NewReader(given)); err == nil {
			t.Errorf("%.20q is %.20q", given, got)
		}
	}
}
