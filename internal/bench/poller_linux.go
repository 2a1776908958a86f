package bench

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// eventRoom is how many events one wait takes: few enough that the open loop
// gets to its next line in time, many enough that the wait costs nothing.
const eventRoom = 256

// timerID marks the event of the timer; connections have theirs from 0.
const timerID = -1

// A poller is an epoll instance with a timer: epoll_wait(2) alone counts in
// milliseconds, too coarse for the open loop. It owns the run's clock.
type poller struct {
	begin  time.Time
	epoll  int
	timer  int
	armed  time.Duration
	events [eventRoom]unix.EpollEvent
}

func newPoller() (*poller, error) {
	p := &poller{begin: time.Now(), epoll: -1, timer: -1}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		p.close()
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	if err := p.control(unix.EPOLL_CTL_ADD, p.timer, timerID, unix.EPOLLIN); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) close() {
	for _, fd := range []int{p.timer, p.epoll} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// now is the time since the run began.
func (p *poller) now() time.Duration { return time.Since(p.begin) }

func (p *poller) control(op, fd, id int, events uint32) error {
	err := unix.EpollCtl(p.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(id)})
	return os.NewSyscallError("epoll_ctl", err)
}

// wait returns the ready events, at until at the latest. It may return none at
// any time.
func (p *poller) wait(until time.Duration) ([]unix.EpollEvent, error) {
	if until != p.armed {
		// A zero value would disarm the timer.
		in := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(until-p.now(), 1)))}
		if err := unix.TimerfdSettime(p.timer, 0, &in, nil); err != nil {
			return nil, os.NewSyscallError("timerfd_settime", err)
		}
		p.armed = until
	}
	n, err := unix.EpollWait(p.epoll, p.events[:], -1)
	if err == unix.EINTR {
		return nil, nil
	}
	if err != nil {
		return nil, os.NewSyscallError("epoll_wait", err)
	}
	for _, e := range p.events[:n] {
		if e.Fd == timerID {
			var expirations [8]byte
			_, _ = unix.Read(p.timer, expirations[:]) // only resets the timer's readiness
			p.armed = 0
		}
	}
	return p.events[:n], nil
}

// dial begins a connection to the server from the n-th source address. There
// are 62,500 of them, 127.0.1.1 and up, because one address has only about
// 28,000 ports; the port is chosen at connect, when the pair is known.
func dial(to *unix.SockaddrInet4, n int, stalls bool) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err == unix.EMFILE || err == unix.ENFILE {
		return -1, fmt.Errorf("bench: %w after %d connections (raise ulimit -n, or take fewer clients)", err, n)
	}
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := prepare(fd, n, stalls); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError("connect", err)
	}
	return fd, nil
}

func prepare(fd, n int, stalls bool) error {
	options := []struct{ level, name, value int }{
		{unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	}
	if stalls {
		// With loopback's 64 KiB segments the kernel buffers 2.6 MB for a peer
		// that does not read, 2.6 GB for a thousand. With the segment size of
		// Ethernet and a small window it is 100 KB, as for a server on a
		// network.
		options = append(options, []struct{ level, name, value int }{
			{unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1460},
			{unix.SOL_SOCKET, unix.SO_RCVBUF, 4096},
		}...)
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	from := unix.SockaddrInet4{Addr: [4]byte{127, 0, byte(1 + n/250%250), byte(1 + n%250)}}
	return os.NewSyscallError("bind", unix.Bind(fd, &from))
}
