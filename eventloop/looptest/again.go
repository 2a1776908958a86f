package looptest

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// ExecVariable names, in the environment, the program that runs test binaries
// built for another processor, as go test -exec does: "qemu-s390x". A test binary
// that starts itself again has to know, as the system may not know how to.
const ExecVariable = "NETLOOP_EXEC"

// Again returns the command that runs this test binary once more, for what needs
// a process of its own.
func Again(ctx context.Context, args ...string) *exec.Cmd {
	words := append(strings.Fields(os.Getenv(ExecVariable)), os.Args[0])
	words = append(words, args...)
	return exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // this binary
}
