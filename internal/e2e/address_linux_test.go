//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inNetwork runs f on a thread that has a network of its own: a loopback
// interface that has these addresses, too, which are none of loopback.
func inNetwork(t *testing.T, f func(), addresses ...string) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip (iproute2), which makes the addresses, is not installed")
	}
	done, skip := make(chan struct{}), ""
	go func() {
		defer close(done)
		// Never unlocked: the thread and its network end with the goroutine.
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			skip = fmt.Sprintf("a network namespace can't be made here: %v", err)
			return
		}
		commands := [][]string{{"link", "set", "lo", "up"}}
		for _, a := range addresses {
			add := []string{"addr", "add", a, "dev", "lo"}
			if strings.Contains(a, ":") {
				add = append(add, "nodad") // else it can't be used yet
			}
			commands = append(commands, add)
		}
		for _, c := range commands {
			if out, err := exec.Command("ip", c...).CombinedOutput(); err != nil {
				t.Errorf("ip %v: %v: %s", c, err, out)
				return
			}
		}
		f()
	}()
	<-done
	if skip != "" {
		t.Skip(skip)
	}
}

// from connects with an address of its own.
func from(s *server, source string, i int) (*person, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	conn, err := d.DialContext(s.ctx, s.places[i].network, s.places[i].address)
	if err != nil {
		return nil, err
	}
	return &person{name: source, conn: conn}, conn.SetDeadline(time.Now().Add(patience))
}

// An address has 16 connections at a time, and 32 new ones in ten minutes.
func TestAnAddressHasItsShareAndLoopbackHasAll(t *testing.T) {
	inNetwork(t, func() {
		s := start(t, "--bind", "127.0.0.1", "--bind", "192.0.2.1", "--sniff-window", "0")
		witness := gather(t, s, "witness")[0]
		for range 2 {
			var all []*person
			for range 16 {
				all = append(all, welcome(t, s, "192.0.2.7", 1))
			}
			refused(t, s, "192.0.2.7", 1, "your address has 16 connections already, which is the most allowed")
			leave(t, all)
			if err := witness.seesNothing(); err != nil {
				t.Error(err)
			}
		}
		refused(t, s, "192.0.2.7", 1, "too many new connections from your address, try again in 10 minutes")
		if _, err := s.log.wait(s.ctx, record{"msg": "refused", "reason": "max_per_ip"}); err != nil {
			t.Error(err)
		}
		all := []*person{welcome(t, s, "192.0.2.8", 1)}
		for range 40 {
			all = append(all, welcome(t, s, "127.0.0.1", 0))
		}
		leave(t, all)
		if err := errors.Join(witness.seesNothing(), witness.leaves()); err != nil {
			t.Error(err)
		}
		s.stops(t)
	}, "192.0.2.1/32", "192.0.2.7/32", "192.0.2.8/32")
}

func TestAnIPv6AddressCountsAsItsNetwork(t *testing.T) {
	inNetwork(t, func() {
		s := start(t, "-6", "--max-per-ip", "2", "--sniff-window", "0")
		_, port, err := net.SplitHostPort(s.places[0].address)
		if err != nil {
			t.Error(err)
			return
		}
		s.places[0].address = net.JoinHostPort("2001:db8::1", port)
		all := []*person{welcome(t, s, "2001:db8::7", 0), welcome(t, s, "2001:db8::8", 0)}
		refused(t, s, "2001:db8::8", 0, "your address has 2 connections already, which is the most allowed")
		all = append(all, welcome(t, s, "2001:db8:0:1::7", 0))
		leave(t, all)
		s.stops(t)
	}, "2001:db8::1/64", "2001:db8::7/64", "2001:db8::8/64", "2001:db8:0:1::7/64")
}

func refused(t *testing.T, s *server, source string, i int, why string) {
	t.Helper()
	p, err := from(s, source, i)
	if err == nil {
		err = p.seesTheEnd("*** " + why + "\r\n")
	}
	if err != nil {
		t.Errorf("%s: %v", source, err)
	}
}

func welcome(t *testing.T, s *server, source string, i int) *person {
	t.Helper()
	p, err := from(s, source, i)
	if err == nil {
		err = p.sees(greeting)
	}
	if err != nil {
		t.Errorf("%s: %v", source, err)
		runtime.Goexit()
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}
