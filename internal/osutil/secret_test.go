package osutil

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
		"\ufeffcorrect horse\r\n":             "correct horse",
		"a\ufeffb\n":                          "a\ufeffb",
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

func TestASecretFileThatIsNotUsedIsNamed(t *testing.T) {
	path := filepath.Join(scratch(t), "secret")
	if _, err := ReadSecretFile(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"":                     "is empty",
		"\n":                   "is empty",
		"\ufeff\r\n":           "is empty",
		"\xff\xfep\x00w\x00\n": "is in UTF-16: save it as UTF-8",
		"\xfe\xff\x00p\x00w\n": "is in UTF-16: save it as UTF-8",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadSecretFile(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
