package osutil

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StateFolder returns the absolute path of the default folder for the data of
// program; it need not exist. It is %LOCALAPPDATA%\PROGRAM, and for a service,
// whose profile is hard to find, %ProgramData%\PROGRAM.
func StateFolder(program string) (string, error) {
	return stateFolder(program, os.Getenv)
}

func stateFolder(program string, env func(string) string) (string, error) {
	if local := env("LOCALAPPDATA"); filepath.IsAbs(local) && !ofService(local) {
		return filepath.Join(local, program), nil
	}
	if all := env("ProgramData"); filepath.IsAbs(all) {
		return filepath.Join(all, program), nil
	}
	return "", fmt.Errorf("no folder for the data of %s: neither %%LOCALAPPDATA%% nor %%ProgramData%% is set (set one, or name a folder)", program)
}

// ofService reports whether folder is in a profile of the accounts that
// services run as.
func ofService(folder string) bool {
	folder = strings.ToLower(folder) + `\`
	return strings.Contains(folder, `\config\systemprofile\`) || strings.Contains(folder, `\serviceprofiles\`)
}
