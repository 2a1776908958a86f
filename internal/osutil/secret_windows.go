package osutil

import (
	"os"

	"golang.org/x/sys/windows"
)

// hideInput keeps a console from showing what is typed, until restore.
func hideInput(in *os.File) (restore func() error, terminal bool, err error) {
	console := windows.Handle(in.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return nil, false, nil // it is not a console
	}
	hidden := mode&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if err := windows.SetConsoleMode(console, hidden); err != nil {
		return nil, false, os.NewSyscallError("SetConsoleMode", err)
	}
	return func() error {
		return os.NewSyscallError("SetConsoleMode", windows.SetConsoleMode(console, mode))
	}, true, nil
}
