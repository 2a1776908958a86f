package server

import "syscall" //nolint:depguard // only the names of errors, no system call

// familiar returns err in the words of package syscall, which are shorter than
// those of Windows, and whose numbers no call returns there.
func familiar(err error) error {
	switch err { //nolint:errorlint // the number itself, out of an os.SyscallError
	case syscall.Errno(10047): // WSAEAFNOSUPPORT
		return syscall.EAFNOSUPPORT
	case syscall.Errno(10048): // WSAEADDRINUSE
		return syscall.EADDRINUSE
	case syscall.Errno(10049): // WSAEADDRNOTAVAIL
		return syscall.EADDRNOTAVAIL
	}
	return err
}
