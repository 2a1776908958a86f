//go:build unix

package osutil

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// StateFolder returns the absolute path of the default folder for the data of
// program; it need not exist. It is the first of
//
//   - $STATE_DIRECTORY, which systemd sets for a service (systemd.exec(5)), the
//     first of its list;
//   - for root /var/lib/PROGRAM, on macOS /Library/Application Support/PROGRAM;
//   - on macOS ~/Library/Application Support/PROGRAM;
//   - $XDG_STATE_HOME/PROGRAM, by default ~/.local/state/PROGRAM (XDG Base
//     Directory Specification).
//
// On Windows it is %LOCALAPPDATA%\PROGRAM, and for a service %ProgramData%\PROGRAM.
func StateFolder(program string) (string, error) {
	u := unixUser{env: os.Getenv, root: os.Geteuid() == 0, mac: runtime.GOOS == "darwin"}
	return u.stateFolder(program)
}

// unixUser has the inputs of the choice.
type unixUser struct {
	env       func(name string) string
	root, mac bool
}

func (u unixUser) stateFolder(program string) (string, error) {
	// Empty and relative paths are ignored, as the specifications of both
	// variables require.
	if first, _, _ := strings.Cut(u.env("STATE_DIRECTORY"), ":"); filepath.IsAbs(first) {
		return filepath.Clean(first), nil
	}
	const mac = "Library/Application Support"
	switch {
	case u.root && u.mac:
		return filepath.Join("/", mac, program), nil
	case u.root:
		return filepath.Join("/var/lib", program), nil
	}
	if state := u.env("XDG_STATE_HOME"); !u.mac && filepath.IsAbs(state) {
		return filepath.Join(state, program), nil
	}
	home := u.env("HOME")
	if !filepath.IsAbs(home) {
		return "", fmt.Errorf("no folder for the data of %s: $HOME is not set (set it, or name a folder)", program)
	}
	if u.mac {
		return filepath.Join(home, mac, program), nil
	}
	return filepath.Join(home, ".local/state", program), nil
}
