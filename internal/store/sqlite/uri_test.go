package sqlite

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestAPathAsAURIHasNoHost(t *testing.T) {
	for path, want := range map[string]string{
		"/srv/chat/chat.db":                "file:///srv/chat/chat.db?nolock=1",
		"C:/Users/ann b/chat.db":           "file:C:/Users/ann%20b/chat.db?nolock=1",
		"//server/share/chat.db":           "file:////server/share/chat.db?nolock=1",
		"chat.db":                          "file:chat.db?nolock=1",
		"/100%?#/chat.db":                  "file:///100%25%3F%23/chat.db?nolock=1",
		"//?/C:/very long/chat.db":         "file:////%3F/C:/very%20long/chat.db?nolock=1",
		"C:/ProgramData/chatsrv/\u00fc.db": "file:C:/ProgramData/chatsrv/%C3%BC.db?nolock=1",
	} {
		got := uri(path, "nolock=1")
		if got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
		// As SQLite parses it: the text after "file:", or after an empty host.
		rest, _, _ := strings.Cut(strings.TrimPrefix(got, "file:"), "?")
		if strings.HasPrefix(rest, "//") {
			rest = strings.TrimPrefix(rest, "//")
			if !strings.HasPrefix(rest, "/") {
				t.Errorf("%s has a host", got)
			}
		}
		if back, err := url.PathUnescape(rest); err != nil || back != path {
			t.Errorf("%s is read as %s, %v", got, back, err)
		}
	}
}

// On Windows such a path begins with a drive; elsewhere a folder can have that name.
func TestAPathThatLooksLikeADriveIsOpenedAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder can't be called like that")
	}
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t.Chdir(dir)
	folder := filepath.Join("C:", "100% #1? \u00fc")
	s, err := Open(folder, Options{Alone: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, folder, FileName)); err != nil {
		t.Error(err)
	}
}
