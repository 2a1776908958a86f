//go:build unix

package osutil

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

func TestSignalsDeliversBothUntilStopped(t *testing.T) {
	signals, stop := Signals()
	defer stop()
	for _, want := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(os.Getpid(), want); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-signals:
			if got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%v was not delivered", want)
		}
	}
}

func TestStoppedSignalsDeliverNothing(t *testing.T) {
	// Without another channel for it, the signal would end the tests.
	other := make(chan os.Signal, 1)
	signal.Notify(other, syscall.SIGTERM)
	defer signal.Stop(other)

	signals, stop := Signals()
	stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-other
	select {
	case got := <-signals:
		t.Errorf("%v was delivered after stop", got)
	default:
	}
}

// The limit is a property of the process, so a child tries it.
func TestRaiseFileLimitReachesTheHardLimit(t *testing.T) {
	const child = "OSUTIL_CHILD"
	if os.Getenv(child) == "" {
		cmd := looptest.Again(t.Context(), "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	lim.Cur, lim.Max = 100, 200
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := RaiseFileLimit(); got != 200 || err != nil {
			t.Errorf("RaiseFileLimit: %d, %v, want 200", got, err)
		}
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil || lim.Cur != 200 {
		t.Errorf("the limit is %d, %v", lim.Cur, err)
	}
}
