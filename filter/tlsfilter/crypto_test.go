package tlsfilter

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/testcert"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// ends returns both ends of a connection before the handshake.
func ends(version uint16) (server, client *steps) {
	config := &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}, DynamicRecordSizingDisabled: true}
	other := &tls.Config{InsecureSkipVerify: true, MaxVersion: version, DynamicRecordSizingDisabled: true} //nolint:gosec // self-signed
	server = newSteps(func(f *filter) { f.tls = tls.Server(&f.wire, config) }, func() {})
	client = newSteps(func(f *filter) { f.tls = tls.Client(&f.wire, other) }, func() {})
	return server, client
}

// give makes s step with raw, piece bytes at a time, until nothing is left or it has ended.
func (s *steps) give(raw []byte, piece int) error {
	for s.next != nil && len(raw) > 0 {
		n := min(piece, len(raw))
		s.filter.wire.in = append(s.filter.wire.in, raw[:n]...)
		s.step()
		raw = raw[n:]
	}
	s.filter.wire.in = append(s.filter.wire.in, raw...)
	return s.err
}

// shakeHands completes both handshakes, with piece bytes at a time.
func shakeHands(t testing.TB, server, client *steps, piece int) {
	t.Helper()
	client.step()
	for server.next != nil || client.next != nil {
		toServer := client.filter.wire.take(nil)
		if err := server.give(toServer, piece); err != nil {
			t.Fatal(err)
		}
		toClient := server.filter.wire.take(nil)
		if err := client.give(toClient, piece); err != nil {
			t.Fatal(err)
		}
		if len(toServer) == 0 && len(toClient) == 0 {
			t.Fatal("the handshake stands still")
		}
	}
	server.filter.Idle()
	client.filter.Idle()
}

// pass feeds raw to f, piece bytes at a time, and returns all that can be read then.
func pass(t testing.TB, f *filter, raw []byte, piece int) (plain []byte, err error) {
	t.Helper()
	dst := make([]byte, 100)
	read := func() error {
		for {
			n, err := f.Read(dst)
			plain = append(plain, dst[:n]...)
			if err != nil {
				f.Idle()
				return err
			}
		}
	}
	err = read()                                                                             // the rest of the handshake's input
	for ; len(raw) > 0 && err == eventloop.ErrWouldBlock; raw = raw[min(piece, len(raw)):] { //nolint:errorlint // a Filter returns it bare
		f.Feed(raw[:min(piece, len(raw))])
		err = read()
	}
	return plain, err
}

// A failing is a wire whose next Read fails once.
type failing struct {
	*wire
	err error
}

func (c *failing) Read(p []byte) (int, error) {
	if err := c.err; err != nil {
		c.err = nil
		return 0, err
	}
	return c.wire.Read(p)
}

// crypto/tls forgets a temporary net.Error of a Read after the handshake, and remembers
// it if it is wrapped. If this fails with a new version of Go, so does the whole package.
func TestCryptoTLSForgetsATemporaryErrorIfItIsNotWrapped(t *testing.T) {
	for _, version := range versions {
		for err, forgets := range map[error]bool{dry{}: true, fmt.Errorf("wrapped: %w", dry{}): false} {
			unused, client := ends(version)
			unused.stop()
			var below *failing
			server := newSteps(func(f *filter) {
				below = &failing{wire: &f.wire}
				f.tls = tls.Server(below, &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}})
			}, func() {})
			shakeHands(t, server, client, 1<<20)
			below.err = err
			if _, got := server.filter.tls.Read(make([]byte, 1)); !errors.Is(got, dry{}) {
				t.Fatalf("a Read that fails with %v returns %v", err, got)
			}
			got, _ := pass(t, server.filter, client.filter.Seal(nil, []byte("x")), 1)
			if (string(got) == "x") != forgets {
				t.Errorf("%s, after %v: read %q", tls.VersionName(version), err, got)
			}
		}
	}
}

func TestEveryByteMayComeAlone(t *testing.T) {
	for _, version := range versions {
		server, client := ends(version)
		shakeHands(t, server, client, 1)
		if _, err := pass(t, client.filter, server.filter.Seal(nil, nil), 1); err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			t.Fatal(err)
		}
		for _, size := range []int{1, 100, 16 << 10} {
			want := bytes.Repeat([]byte{byte(size), 7}, size)[:size]
			for from, to := range map[*filter]*filter{server.filter: client.filter, client.filter: server.filter} {
				raw := from.Seal(nil, want)
				if got, err := pass(t, to, raw, 1); !bytes.Equal(got, want) || err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
					t.Errorf("%s: %d of %d bytes, %v", tls.VersionName(version), len(got), size, err)
				}
			}
		}
		if _, err := pass(t, server.filter, client.filter.End(nil), 1); !errors.Is(err, io.EOF) {
			t.Errorf("after close_notify: %v", err)
		}
	}
}

// One flush is one record, whatever was sent before.
func TestSealMakesOneRecord(t *testing.T) {
	server, client := ends(tls.VersionTLS13)
	shakeHands(t, server, client, 1<<20)
	raw := server.filter.Seal(nil, make([]byte, 16<<10))
	if n := recordHeader + (int(raw[3])<<8 | int(raw[4])); n != len(raw) {
		t.Errorf("the first record of 16 KiB has %d of %d bytes", n, len(raw))
	}
}

func TestAnEndWithoutCloseNotifyIsUnexpected(t *testing.T) {
	for _, version := range versions {
		for cut := range 30 {
			server, client := ends(version)
			shakeHands(t, server, client, 1<<20)
			raw := client.filter.Seal(nil, []byte("x"))
			got, err := pass(t, server.filter, raw[:min(cut, len(raw))], 1<<20)
			if err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
				t.Fatalf("%q, %v", got, err)
			}
			server.filter.Feed(nil)
			if n, err := server.filter.Read(make([]byte, 10)); n > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, cut after %d bytes: %v", tls.VersionName(version), cut, err)
			}
		}
	}
}

// A record of 16 KiB leaves no buffer behind, in either direction.
func TestALargeRecordDoesNotStayInMemory(t *testing.T) {
	server, client := ends(tls.VersionTLS13)
	shakeHands(t, server, client, 1<<20)
	for _, f := range []*filter{server.filter, client.filter} {
		other := server.filter
		if f == other {
			other = client.filter
		}
		raw := other.Seal(nil, make([]byte, 16<<10))
		if got, err := pass(t, f, raw, 1000); len(got) != 16<<10 || err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if n := kept(f.tls); n > 0 || cap(f.wire.in) > 0 || cap(f.wire.out) > 0 {
			t.Errorf("an idle connection keeps %d bytes in crypto/tls, and %d and %d", n, cap(f.wire.in), cap(f.wire.out))
		}
		raw = other.Seal(nil, []byte("still there"))
		if got, err := pass(t, f, raw, 1000); string(got) != "still there" || err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			t.Errorf("after that: %q, %v", got, err)
		}
	}
}
