//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/internal/bench"
)

// Without a data folder messages take 64 MiB, however many are sent and however fast. The
// rest is garbage and the topics' memory, far less than everything that was sent.
func TestWithoutADataFolderMessagesTakeNoMoreMemoryThanTheirLimit(t *testing.T) {
	t.Parallel()
	const speakers, mb, most = 8, 400, 136
	s := start(t, "--bind", "127.0.0.1", "--sniff-window", "0", "--data", "none", "--max-line", "4096")
	pid := s.cmd.Process.Pid
	before, err := bench.ProcessRSSQuick(pid)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range speakers {
		p := guest(t, s, fmt.Sprintf("speaker%d", i))
		p.answer(t, fmt.Sprintf("/join #room%d", i))
		all.Go(func() { p.speaks(t, mb<<20/speakers) })
	}
	all.Wait()
	peak, err := bench.ProcessPeak(pid)
	if err != nil {
		t.Fatal(err)
	}
	after, err := bench.ProcessRSSQuick(pid)
	if err != nil {
		t.Fatal(err)
	}
	if grown := (peak - before) >> 20; grown > most {
		t.Errorf("%d MB said take %d MiB at the most", mb, grown)
	}
	t.Logf("%d MB said: from %d MiB to %d MiB, %d MiB at the most", mb, before>>20, after>>20, peak>>20)
	s.stops(t)
}

// speaks sends the given number of bytes in a room without other members.
func (p *person) speaks(t *testing.T, bytes int) {
	line := strings.Repeat("x", 3998) + "\r\n"
	for n := 0; n < bytes; n += len(line) {
		if _, err := io.WriteString(p.conn, line); err != nil {
			t.Error(err)
			return
		}
	}
	if err := p.syncs(); err != nil {
		t.Error(err)
	}
}
