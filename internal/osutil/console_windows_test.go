package osutil

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// child names the console event that a child process is to get.
const child = "OSUTIL_EVENT"

// Events are delivered as by Windows, in a new thread that begins at
// CtrlRoutine. For the last three the system ends the process when the handlers
// return, so they must not return before the program is done: each event has its
// own process.
func TestEveryConsoleEventAsksForTheEnd(t *testing.T) {
	if s := os.Getenv(child); s != "" {
		event, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		receive(t, uintptr(event))
		return
	}
	for name, event := range map[string]int{
		"Ctrl-C":             windows.CTRL_C_EVENT,
		"Ctrl-Break":         windows.CTRL_BREAK_EVENT,
		"the console closes": windows.CTRL_CLOSE_EVENT,
		"log-off":            windows.CTRL_LOGOFF_EVENT,
		"shutdown":           windows.CTRL_SHUTDOWN_EVENT,
	} {
		t.Run(name, func(t *testing.T) {
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestEveryConsoleEventAsksForTheEnd$", "-test.v")
			cmd.Env = append(os.Environ(), child+"="+strconv.Itoa(event))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func receive(t *testing.T, event uintptr) {
	signals, stop := Signals()
	defer stop()
	kernel32 := windows.NewLazySystemDLL("kernel32.dll")
	thread, _, err := kernel32.NewProc("CreateThread").Call(0, 0, kernel32.NewProc("CtrlRoutine").Addr(), event, 0, 0)
	if thread == 0 {
		t.Fatal(err)
	}
	want := os.Signal(syscall.SIGTERM)
	if event == windows.CTRL_C_EVENT || event == windows.CTRL_BREAK_EVENT {
		want = os.Interrupt
	}
	select {
	case got := <-signals:
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no signal came")
	}
	if want == os.Interrupt {
		return
	}
	// The handler blocks: the thread is still there.
	if r, err := windows.WaitForSingleObject(windows.Handle(thread), 100); r != uint32(windows.WAIT_TIMEOUT) {
		t.Errorf("the system was let go on before the program was done: %#x, %v", r, err)
	}
}
