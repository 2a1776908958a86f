//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// windowsPath returns the path of a file for programs in Wine.
func windowsPath(elements ...string) string {
	return "Z:" + strings.ReplaceAll(filepath.Join(elements...), "/", `\`)
}

// A windowsTool is the command of a program for Windows.
type windowsTool []string

// says runs the program with args. It must exit with code and print want.
func (w windowsTool) says(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	words := slices.Concat(w, args)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env, cmd.SysProcAttr = environment(), mortal()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("%v: %v, %s", args, err, out.String())
	}
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(out.String(), want) {
		t.Fatalf("%v: exit code %d, %q; want %d, %q", args, got, out.String(), code, want)
	}
}

// service returns a tool for the service in a Wine prefix, and skips the test if there can't be one.
func service(t *testing.T) windowsTool {
	t.Helper()
	p := windows(t)
	if p.noDisk != "" {
		t.Skip(p.noDisk) // the test looks at the history
	}
	return append(p.words, "service")
}

func TestTheServerForWindowsRunsAsAService(t *testing.T) {
	service := service(t)
	dir := filepath.Join(folder(t), "my chat")
	log := windowsPath(folder(t), "log")
	// No other test listens at this address.
	const host = "127.9.34.1"
	taken, err := net.Listen("tcp4", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())

	for _, action := range []string{"start", "stop", "remove"} {
		service.says(t, 1, "(install it first)", action)
	}
	service.says(t, 2, "(did you mean install?)", "instal")
	service.says(t, 1, `--log-file: a service starts in another folder: give the whole path of "log"`, "install", "--log-file", "log")
	service.says(t, 2, `none.toml" does not exist`, "install", "--log-file", log, "--config", windowsPath(dir, "none.toml"))
	service.says(t, 1, "(only Windows runs this: start the service instead)", "run")
	// A value may be the name of an action, and flags may be anywhere.
	service.says(t, 0, "the service chatsrv is installed\n", "--name", "install", "install", "--bind", host, "-port", port, "--log-file", log, "--data", windowsPath(dir))
	service.says(t, 1, "(remove it first, to install it with other flags)", "install", "--log-file", log)
	service.says(t, 1, "(start it first)", "stop")
	service.says(t, 1, `it ended at once, with exit code 1 (the end of its log says why, or this: `, "start")
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}

	s := &server{places: []place{{"tcp4", net.JoinHostPort(host, port)}}}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	service.says(t, 0, "the service chatsrv is started\n", "start")
	service.says(t, 1, "(stop it first)", "start")
	service.says(t, 1, "(stop it first)", "remove")
	people := gather(t, s, "alice", "bob")
	if err := people[0].send("are you being served?\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := people[1].sees("alice: are you being served?\r\n"); err != nil {
		t.Fatal(err)
	}
	service.says(t, 0, "the service chatsrv is stopped\n", "stop")
	for _, p := range people {
		if err := p.seesTheEnd("*** the server is shutting down: interrupt\r\n"); err != nil {
			t.Error(err)
		}
	}
	if kept := posts(t, dir); !slices.Contains(slices.Collect(maps.Values(kept)), "are you being served?") {
		t.Errorf("kept: %v", kept)
	}
	service.says(t, 0, "the service chatsrv is started\n", "start")
	if answer := guest(t, s, "carol").answer(t, "/history"); !strings.Contains(answer, "alice: are you being served?") {
		t.Errorf("/history: %q", answer)
	}
	service.says(t, 0, "the service chatsrv is stopped\n", "stop")
	service.says(t, 0, "the service chatsrv is removed\n", "remove")
	service.says(t, 1, "(install it first)", "start")
}
