// Command wine prepares a folder in which Wine runs this project's programs and
// tests for Windows:
//
//	go run ./internal/wine FOLDER
//	WINEPREFIX=FOLDER WINEDEBUG=-all wine chatsrv.exe
//
// Programs built with Go 1.26 need bcryptprimitives.dll to start, which Wine 8,
// the version in Debian 12, lacks: the command writes one.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/wine FOLDER")
		os.Exit(2)
	}
	if err := prepare(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		os.Exit(1)
	}
}

// prepare makes folder a Wine prefix, which is a Windows installation for Wine.
func prepare(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	boot := exec.Command("wineboot", "--init")
	boot.Env = append(os.Environ(), "WINEPREFIX="+folder, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=")
	if out, err := boot.CombinedOutput(); err != nil {
		return fmt.Errorf("wineboot: %w (on Debian: apt-get install --no-install-recommends wine wine64)\n%s", err, out)
	}
	dll := filepath.Join(folder, "drive_c", "windows", "system32", dllName)
	if _, err := os.Stat(dll); !errors.Is(err, fs.ErrNotExist) {
		return err // newer versions of Wine have their own
	}
	return os.WriteFile(dll, forwarder(), 0o644)
}
