package main

import (
	"bufio"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil/ptytest"
)

func TestAServerEndsWithTheTerminalAtWhichCommandsAreTyped(t *testing.T) {
	// Under nohup(1) a child would inherit that the signal is ignored. A caught signal
	// is reset to its default in a child.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	dir := folder(t)
	socket, log := filepath.Join(dir, "s"), filepath.Join(dir, "log")
	words := settings(t, "mask: rumpelstiltskin\n")
	window, programs := ptytest.Open(t)
	cmd := processOf(t, "--bind", "unix:"+socket, "--words", words, "--log-file", log)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = programs, programs, programs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p := launch(t, cmd)
	_ = programs.Close()
	lines := bufio.NewScanner(window)
	for lines.Scan() && !strings.Contains(lines.Text(), "Commands can be typed here") {
		continue
	}
	p.comesAndGoes(socket)
	// While the terminal is there the signal means a reload.
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	awaitLine(t, log, " msg=reloaded ")
	if err := window.Close(); err != nil { // the kernel sends the signal now
		t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		t.Error(err)
	}
	awaitLine(t, log, " msg=shutdown area=server reason=hangup ")
}
