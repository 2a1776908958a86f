package socktest

import "golang.org/x/sys/windows"

// OpenHandles counts the open sockets among the first handles, which are
// multiples of four (learn.microsoft.com, "Kernel objects"). Other handles come
// and go with the threads of the runtime.
func OpenHandles() (n int) {
	for h := windows.Handle(4); h < 4*4096; h += 4 {
		if _, err := windows.GetsockoptInt(h, windows.SOL_SOCKET, soType); err == nil {
			n++
		}
	}
	return n
}

const soType = 0x1008 // SO_TYPE

// Wine says whether this is not Windows but Wine: its ntdll exports its version.
func Wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
