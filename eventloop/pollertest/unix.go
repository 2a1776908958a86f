package pollertest

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/sudoXpg/netloop/eventloop"
)

// unixChecks test Unix sockets, on backends that have them.
func unixChecks() []check {
	return []check{
		{Rule{65, "a Unix socket connects, carries bytes and has no peer address"}, unixPair},
		{Rule{66, "LocalAddr of a Unix listener is its path"}, unixAddr},
		{Rule{67, "a path that is in use can't be listened on"}, unixInUse},
		{Rule{68, "the path of a closed Unix listener can be listened on again"}, unixAgain},
		{Rule{69, "dialling a path where nobody listens is an error"}, unixNobody},
		{Rule{70, "a Unix peer that closes is reported like any other"}, unixHangup},
	}
}

// path returns a path for a socket: short, as systems allow about 100 bytes,
// and in a folder whose removal is not checked, as some systems can't yet.
func (e *env) path() string {
	e.Helper()
	dir, err := os.MkdirTemp("", "poll")
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// listenUnix skips the rule on a backend without Unix sockets.
func (e *env) listenUnix(path string) eventloop.Handle {
	e.Helper()
	ln, err := e.b.Listen("unix", path, eventloop.ListenOptions{})
	skipUnsupported(e.T, "Unix sockets", err)
	return e.keep(ln)
}

// unixPair: half-close included.
func unixPair(e *env) {
	path := e.path()
	ln := e.listenUnix(path)
	c := e.mustDial("unix", path)
	s, peer := e.accept(ln)
	if peer != (netip.AddrPort{}) {
		e.Errorf("the peer is %v, want the zero AddrPort", peer)
	}
	e.write(c, []byte("ping"))
	e.closeWrite(c)
	if got := string(e.read(s, 4)); got != "ping" {
		e.Errorf("read %q, want %q", got, "ping")
	}
	e.wantEOF(e.readEnd(s))
	e.write(s, []byte("pong"))
	if got := string(e.read(c, 4)); got != "pong" {
		e.Errorf("read %q, want %q", got, "pong")
	}
}

// unixAddr: its type distinguishes it from TCP.
func unixAddr(e *env) {
	path := e.path()
	ln := e.listenUnix(path)
	a, err := e.b.LocalAddr(ln)
	if err != nil {
		e.Fatalf("LocalAddr: %v", err)
	}
	if u, ok := a.(*net.UnixAddr); !ok || u.Name != path || u.Network() != "unix" {
		e.Errorf("LocalAddr is %v, a %T, want the *net.UnixAddr %s", a, a, path)
	}
}

// unixInUse: and the listener there is not disturbed.
func unixInUse(e *env) {
	path := e.path()
	ln := e.listenUnix(path)
	t := e.add(ln, eventloop.Readable)
	second, err := e.b.Listen("unix", path, eventloop.ListenOptions{})
	if err == nil {
		e.keep(second)
	}
	e.wantError("the second Listen", err)
	e.mustDial("unix", path)
	e.expect(t, eventloop.Readable)
}

// unixAgain: after a crash nobody removes the file of the socket.
func unixAgain(e *env) {
	path := e.path()
	for range 2 {
		ln := e.listenUnix(path)
		e.mustDial("unix", path)
		e.accept(ln)
		e.close(ln)
	}
}

// unixNobody: no such file, or one left by a listener that has gone.
func unixNobody(e *env) {
	path := e.path()
	ln := e.listenUnix(path)
	e.close(ln)
	_, err := e.dial("unix", path)
	e.wantError("Dial of a closed listener", err)
	_, err = e.dial("unix", path+"-none")
	e.wantError("Dial of no file", err)
}

// unixHangup: with unread data, which comes first.
func unixHangup(e *env) {
	path := e.path()
	ln := e.listenUnix(path)
	c := e.mustDial("unix", path)
	s, _ := e.accept(ln)
	e.write(s, []byte("farewell"))
	t := e.add(c, eventloop.Readable)
	e.expect(t, eventloop.Readable)
	e.close(s)
	e.expect(t, eventloop.Readable)
	e.remove(c)
	if got := string(e.read(c, 8)); got != "farewell" {
		e.Errorf("read %q, want %q", got, "farewell")
	}
	e.expect(e.add(c, eventloop.Readable), eventloop.Readable)
	e.remove(c)
	e.wantEOF(e.readEnd(c))
}
