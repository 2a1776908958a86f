package looptest

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// ExecVariable names, in the environment, the program that runs test binaries
// built for another processor, as go test -exec does: "qemu-s390x". A test binary
// that starts itself again needs it where the system cannot run such binaries by
// itself.
const ExecVariable = "NETLOOP_EXEC"

// Again returns a command that runs this test binary once more, for tests that
// need a process of their own.
func Again(ctx context.Context, args ...string) *exec.Cmd {
	words := append(strings.Fields(os.Getenv(ExecVariable)), os.Args[0])
	words = append(words, args...)
	return exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // this binary
}
