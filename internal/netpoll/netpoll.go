//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	engine "github.com/cloudwego/netpoll"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// started is netpoll's state: its pollers belong to the process and stay.
var started struct {
	mu   sync.Mutex
	done bool
}

// start makes netpoll open its pollers. It also turns off netpoll's logging to
// standard error, which a library must not write to.
//
// If there are no descriptors for that, netpoll fails with a nil pointer, and so
// does Go's runtime, which has a poller, too, when the first timer is set. Each
// poller takes two descriptors. netpoll has one for every 20 processors.
func start() error {
	started.mu.Lock()
	defer started.mu.Unlock()
	if started.done {
		return nil
	}
	if err := spare(2 + 2*(runtime.GOMAXPROCS(0)/20+1)); err != nil {
		return err
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
	if err := engine.Configure(engine.Config{LoggerOutput: io.Discard}); err != nil {
		return err
	}
	engine.Initialize()
	started.done = true
	return nil
}

// spare checks whether n descriptors are available.
func spare(n int) (err error) {
	wakers := make([]*sock.Waker, 0, n)
	for len(wakers) < n && err == nil {
		var w *sock.Waker
		if w, err = sock.OpenWaker(); err == nil {
			wakers = append(wakers, w)
		}
	}
	for _, w := range wakers {
		_ = w.Close() // it was opened only as a check
	}
	return err
}

// Open returns a new set of handles to watch. All share the one netpoll of the
// process: any handle works with any of these backends.
func Open() (eventloop.Backend, error) {
	if err := start(); err != nil {
		return nil, err
	}
	return newPoller(), nil
}

var (
	errUnread  = errors.New("netpoll: closed with more than 1 MiB unread: this backend can't pause reading")
	errCut     = errors.New("netpoll: the peer has shut down its side in the middle of a write")
	errReset   = os.NewSyscallError("read", syscall.ECONNRESET)
	errGivenUp = errors.New("netpoll: connection given up")
	errAborted = errors.New("netpoll: closed before everything was sent")
)
