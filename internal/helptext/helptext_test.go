package helptext

import (
	"bytes"
	"strings"
	"testing"
)

func TestASentenceIsWrappedBesideItsWords(t *testing.T) {
	for _, words := range []string{"  --port N", "  --a-flag-that-is-longer-than-its-column FILE"} {
		var b bytes.Buffer
		sentence := strings.TrimSpace(strings.Repeat("Listen there. ", 12))
		Write(&b, words, sentence)
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if !strings.HasPrefix(lines[0], words+"  ") || len(lines) < 3 {
			t.Errorf("%q", lines)
		}
		for i, line := range lines {
			if len(line) > Width || i > 0 && !strings.HasPrefix(line, strings.Repeat(" ", Column)+"L") && !strings.HasPrefix(line, strings.Repeat(" ", Column)+"t") {
				t.Errorf("line %d: %q", i, line)
			}
		}
		if got := strings.Join(strings.Fields(b.String()), " "); got != strings.TrimSpace(words)+" "+sentence {
			t.Errorf("%q", got)
		}
	}
}
