//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/sudoXpg/netloop/eventloop"
)

// A source is the object of a handle: a *listener or a *conn.
type source interface {
	// ready returns which of the asked conditions hold, with HangUp.
	ready(asked eventloop.Interest) eventloop.Interest
	// watch marks r whenever a condition may have begun to hold.
	watch(r *registration)
	unwatch(r *registration)
	// use calls f with the socket, or -1 when it is closed. The descriptor stays that
	// of this socket until f returns: a dialed connection changes it when it is
	// connected.
	use(f func(h eventloop.Handle))
	close() error
}

// A table has the sockets by handle. Handles are never reused.
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

// A socket is what a listener and a conn have in common. mu guards all of
// either.
type socket struct {
	mu      sync.Mutex
	fd      int             // -1: closed
	watched []*registration // one for each poller
}

func (s *socket) watch(r *registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = append(s.watched, r)
}

func (s *socket) unwatch(r *registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.watched, r); i >= 0 {
		s.watched = slices.Delete(s.watched, i, i+1)
	}
}

func (s *socket) use(f func(h eventloop.Handle)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(eventloop.Handle(s.fd))
}

// mark makes the pollers check the socket again. mu is held.
func (s *socket) mark() {
	for _, r := range s.watched {
		r.mark()
	}
}
