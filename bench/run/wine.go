package main

import (
	"context"
	"errors"
	"os/exec"
)

// windowsServer is chatsrv for Windows.
const windowsServer = "chatsrv.exe"

// buildForWine builds chatsrv for Windows and a place to run it in.
func (d *driver) buildForWine(ctx context.Context, root string) error {
	if _, err := exec.LookPath("wine"); err != nil {
		return errors.New("no Wine on this machine")
	}
	for _, words := range [][]string{
		{"env", "GOOS=windows", "GOARCH=amd64", "go", "build", "-trimpath", "-o", d.binary(windowsServer), "./cmd/chatsrv"},
		{"go", "run", "./internal/wine", d.binary("wine")},
	} {
		if err := d.compile(ctx, root, words[0], words[1:]...); err != nil {
			return err
		}
	}
	// The services run until stopWine, and do not belong to a server.
	services := d.wine()
	for _, words := range [][]string{{"wineserver", "--persistent"}, {"wine", "cmd", "/c", "exit"}} {
		words = append(services[:len(services)-1:len(services)-1], words...)
		if err := exec.CommandContext(ctx, words[0], words[1:]...).Run(); err != nil {
			return err
		}
	}
	return nil
}

// wine returns the command that runs programs for Windows.
func (d *driver) wine() []string {
	return []string{"env", "WINEPREFIX=" + d.binary("wine"), "WINEDEBUG=-all", "wine"}
}

// stopWine ends Wine's services, if there are any.
func (d *driver) stopWine() {
	if d.absent[windowsServer] == nil {
		_ = exec.Command("env", "WINEPREFIX="+d.binary("wine"), "wineserver", "--kill").Run() // the process ends anyway
	}
}
