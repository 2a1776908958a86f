package osutil

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// MakeFolder creates folder for this user, administrators and the system only,
// if it does not exist: by default everybody can read folders in %ProgramData%.
func MakeFolder(folder string) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return err
	}
	// Files and folders in it inherit that.
	sd, err := OwnersOnly("OICI")
	if err != nil {
		return err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	err = windows.CreateDirectory(name, &sa)
	if errors.Is(err, fs.ErrExist) {
		info, err := os.Stat(folder)
		if err == nil && !info.IsDir() {
			err = windows.ERROR_DIRECTORY
		}
		return pathErr(folder, err)
	}
	return pathErr(folder, err)
}

func pathErr(folder string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "mkdir", Path: folder, Err: err}
}

// OwnersOnly returns a descriptor with full access for this user, administrators
// and the system, and no access for others. flags are the flags of its SDDL
// entries.
func OwnersOnly(flags string) (*windows.SECURITY_DESCRIPTOR, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, os.NewSyscallError("GetTokenInformation", err)
	}
	sddl := "O:" + user.User.Sid.String() + "D:P"
	for _, who := range []string{user.User.Sid.String(), "SY", "BA"} {
		sddl += "(A;" + flags + ";GA;;;" + who + ")"
	}
	return windows.SecurityDescriptorFromString(sddl)
}
