package chatclient_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chatclient"
)

func TestTheLastTargetIsReadAgain(t *testing.T) {
	l := chatclient.LastTarget{Path: filepath.Join(folder(t), "chat", "last")}
	if got, err := l.Read(); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, target := range []string{"tls://ada@localhost:9034/#tea", "home"} {
		if err := l.Write(target); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Read(); got != target || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	for _, target := range []string{"localhost/#a\nb", "\x1b[31m@localhost", strings.Repeat("x", 2000)} {
		if err := l.Write(target); err == nil {
			t.Errorf("%q", target)
		}
	}
	if info, err := os.Stat(l.Path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if all, err := os.ReadDir(filepath.Dir(l.Path)); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
	for _, text := range []string{"a\nb\n", strings.Repeat("x", 2000)} {
		if err := os.WriteFile(l.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Read(); err == nil || !strings.Contains(err.Error(), l.Path) {
			t.Errorf("%q, %v", got, err)
		}
	}
}
