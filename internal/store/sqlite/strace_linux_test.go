//go:build e2e

package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSavedIsSaidAfterTheDiskHasIt checks the order of the system calls: the log
// is written, then synced, and only when that has returned "saved" is printed.
// Killing a process does not show this, because the page cache survives.
func TestSavedIsSaidAfterTheDiskHasIt(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: scripts/e2e-deps.sh does that")
	}
	dir := folder(t)
	trace := filepath.Join(dir, "trace")
	cmd := exec.Command(strace, "-f", "-y", "-s", "64", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o", trace, os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+filepath.Join(dir, "data"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := 0
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		if err != nil {
			break
		}
		if said += bytes.Count(buf[:n], []byte("saved")); said >= 300 {
			// The end of its standard output ends the child.
			_ = out.Close()
			break
		}
	}
	_ = cmd.Wait()
	text, err := os.ReadFile(trace)
	if err != nil || said < 300 {
		t.Skipf("strace traces nothing here (%v): %s", err, stderr.String())
	}
	saved, syncs, err := checkTrace(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if saved < 300 || syncs < saved/8 { // eight are in progress at a time
		t.Fatalf("only %d times saved and %d times synced in the trace", saved, syncs)
	}
	t.Logf("%d times saved after %d syncs", saved, syncs)
}

func TestATraceWithTheWrongOrderIsNoticed(t *testing.T) {
	write, sync, said := "7 pwrite64(8</d/chat.db-wal>, \"x\"..., 24, 0) = 24\n", "7 fdatasync(8</d/chat.db-wal>) = 0\n", "7 write(1<pipe:[1]>, \"saved 1\\n\", 8) = 8\n"
	begin, end := "7 fdatasync(8</d/chat.db-wal> <unfinished ...>\n", "7 <... fdatasync resumed>) = 0\n"
	for trace, good := range map[string]bool{
		write + sync + said:                                        true,
		write + begin + end + said:                                 true,
		write + said + sync:                                        false,
		write + begin + said + end:                                 false,
		write + begin + write + end + said:                         false,
		write + strings.Replace(sync, "= 0", "= -1 EIO", 1) + said: false,
	} {
		if _, _, err := checkTrace(trace); (err == nil) != good {
			t.Errorf("%v:\n%s", err, trace)
		}
	}
}

var (
	wrote  = regexp.MustCompile(`^(\d+) +pwrite64\(\d+<[^>]*chat\.db-wal>`)
	synced = regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*chat\.db-wal>(\)? += 0| <unfinished)`)
	back   = regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>.* = 0`)
	says   = regexp.MustCompile(`^(\d+) +write\(1<[^>]*>, "saved `)
)

// checkTrace fails if a message is reported as saved while a write to the log
// has not been synced. One goroutine commits and reports, so there is one order.
func checkTrace(text string) (saved, syncs int, err error) {
	dirty := 0 // writes since the last sync that has returned
	during := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		switch {
		case wrote.MatchString(line):
			dirty++
		case synced.MatchString(line):
			m := synced.FindStringSubmatch(line)
			if strings.Contains(m[2], "unfinished") {
				during[m[1]] = dirty
			} else {
				syncs++
				dirty = 0
			}
		case back.MatchString(line):
			pid := back.FindStringSubmatch(line)[1]
			syncs++
			dirty -= during[pid]
			delete(during, pid)
		case says.MatchString(line):
			if dirty > 0 {
				return saved, syncs, fmt.Errorf("line %d: said to be saved with %d writes that are not synced: %s", i+1, dirty, line)
			}
			saved++
		}
	}
	return saved, syncs, nil
}
