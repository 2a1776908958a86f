package sock

import "golang.org/x/sys/unix"

// wakerEnds is an eventfd(2): one descriptor for both ends, and one read
// empties it. The buffers are here so that nothing is allocated.
type wakerEnds struct {
	read    int
	in, out [8]byte
}

func openEnds() (wakerEnds, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return wakerEnds{}, SysErr("eventfd", err)
	}
	// Any number but 0 and the greatest will do, so the byte order does not matter.
	return wakerEnds{read: fd, out: [8]byte{1}}, nil
}

func (e *wakerEnds) signal() error {
	for {
		if _, err := unix.Write(e.read, e.out[:]); err != unix.EINTR {
			return err
		}
	}
}

func (e *wakerEnds) drain() {
	for {
		if _, err := unix.Read(e.read, e.in[:]); err != unix.EINTR {
			return
		}
	}
}

func (e *wakerEnds) close() error { return unix.Close(e.read) }
