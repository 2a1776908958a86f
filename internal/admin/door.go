package admin

import (
	"net"
	"sync"
	"time"
)

// A Door listens for commands at a path. If its socket is removed, it is created
// again.
type Door struct {
	path   string
	handle Handler
	stop   chan struct{}
	done   sync.WaitGroup

	mu       sync.Mutex // guards what follows
	listener net.Listener
	closed   bool
}

// Open listens at path, calls handle for each command, and checks at the interval
// every whether the socket is still there. If it is not and can't be created
// again, trouble is called from another goroutine, once until it can.
func Open(path string, handle Handler, every time.Duration, trouble func(error)) (*Door, error) {
	d := &Door{path: path, handle: handle, stop: make(chan struct{})}
	if err := d.listen(); err != nil {
		return nil, err
	}
	d.done.Go(func() { d.watch(every, trouble) })
	return d, nil
}

// Close closes the listener, and waits until the running commands have ended.
func (d *Door) Close() error {
	d.mu.Lock()
	closed := d.closed
	d.closed = true
	l := d.listener
	d.mu.Unlock()
	if closed {
		return nil
	}
	close(d.stop)
	var err error
	if l != nil {
		err = l.Close()
	}
	d.done.Wait()
	return err
}

func (d *Door) listen() error {
	l, err := Listen(d.path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return l.Close()
	}
	d.listener = l
	d.done.Go(func() { Serve(l, d.handle) })
	return nil
}

func (d *Door) watch(every time.Duration, trouble func(error)) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for troubled := false; ; {
		select {
		case <-d.stop:
			return
		case <-ticks.C:
		}
		if d.intact() {
			continue
		}
		err := d.listen()
		if err != nil && !troubled {
			trouble(err)
		}
		troubled = err != nil
	}
}

// intact reports whether clients find the listener, and closes it if they don't.
func (d *Door) intact() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return true
	}
	if d.listener == nil {
		return false
	}
	if l, ok := d.listener.(interface{ There() bool }); !ok || l.There() {
		return true
	}
	_ = d.listener.Close()
	d.listener = nil
	return false
}
