//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"os"
	"sync"
	"syscall"

	"github.com/sudoXpg/netloop/eventloop"
)

// A source is what a handle stands for: a *listener or a *conn.
type source interface {
	// ready returns which of the asked conditions hold, with HangUp.
	ready(asked eventloop.Interest) eventloop.Interest
	// watch has r marked whenever a condition may have begun to hold.
	watch(r *registration)
	unwatch(r *registration)
	// descriptor returns the socket, or -1 when it is closed.
	descriptor() int
	close() error
}

// A table is the sockets by handle. Numbers are never given out again.
type table struct {
	mu      sync.RWMutex
	last    eventloop.Handle
	sources map[eventloop.Handle]source
}

// sockets belongs to the process, like netpoll's pollers.
var sockets = table{sources: make(map[eventloop.Handle]source)}

func (t *table) add(s source) eventloop.Handle {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.sources[t.last] = s
	return t.last
}

func (t *table) get(h eventloop.Handle) source {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.sources[h]
}

func (t *table) take(h eventloop.Handle) source {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.sources[h]
	delete(t.sources, h)
	return s
}

func badHandle(call string) error { return os.NewSyscallError(call, syscall.EBADF) }

// watchers are the registrations of one source. Its mutex guards them.
type watchers []*registration

func (w *watchers) add(r *registration) { *w = append(*w, r) }

func (w *watchers) remove(r *registration) {
	for i, other := range *w {
		if other == r {
			last := len(*w) - 1
			(*w)[i], (*w)[last] = (*w)[last], nil
			*w = (*w)[:last]
			return
		}
	}
}

// mark has the pollers look at the source again.
func (w *watchers) mark() {
	for _, r := range *w {
		r.mark()
	}
}
