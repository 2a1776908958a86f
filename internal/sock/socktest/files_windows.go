package socktest

import (
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

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

// Wine reports whether this is not Windows but Wine.
func Wine() bool { return wineVersion() > 0 }

// OldWine reports whether this is a Wine before version 10, which lacks some
// features of Windows that newer ones have.
func OldWine() bool { return Wine() && wineVersion() < 10 }

// ContractSkips names the rules of pollertest that can't hold here, with the reasons.
//
// Wine 10 accepts more of a write than there is room for and keeps the rest itself. When
// it notices that the peer has closed its side, it drops that: of 3,932,160 bytes accepted
// 3,910,656 arrived, with later ones behind the gap. All arrive if there is no poll, or
// the peer has not closed its side; and always with Wine 8.
func ContractSkips() map[string]string {
	if !Wine() || OldWine() {
		return nil
	}
	return map[string]string{"R73": "Wine 10 drops bytes that it has taken when the peer closes its side"}
}

// wineVersion returns the first number of Wine's version, which its ntdll exports,
// and 0 on Windows.
func wineVersion() int {
	get := windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version")
	if get.Find() != nil {
		return 0
	}
	text, _, _ := get.Call() // it can't fail
	// A constant of the library, which Go does not move.
	version := windows.BytePtrToString(*(**byte)(unsafe.Pointer(&text)))
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 1 // still a Wine
	}
	return n
}
