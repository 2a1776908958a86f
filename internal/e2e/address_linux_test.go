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

// inNetwork runs f on a thread with its own network: a loopback interface that
// also has these addresses, which are not loopback addresses.
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
				add = append(add, "nodad") // without it the address can't be used yet
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

// from connects from a source address.
func from(s *server, source string, i int) (*person, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	conn, err := d.DialContext(s.ctx, s.places[i].network, s.places[i].address)
	if err != nil {
		return nil, err
	}
	return &person{name: source, conn: conn}, conn.SetDeadline(time.Now().Add(patience))
}

// An address has 16 connections at a time, and 32 new ones in ten minutes. Two more
// are admitted to log in and take over one of the others.
func TestConnectionsPerAddressAreLimitedExceptOnLoopback(t *testing.T) {
	inNetwork(t, func() {
		s := start(t, "--bind", "127.0.0.1", "--bind", "192.0.2.1", "--sniff-window", "0")
		witness := gather(t, s, "witness")[0]
		const full = "your address already has 16 connections, the limit"
		for _, n := range []int{16, 14} {
			var all []*person
			for range n {
				all = append(all, welcome(t, s, "192.0.2.7", 1))
			}
			if n == 16 {
				all = append(all, offered(t, s, "192.0.2.7", 1, full), offered(t, s, "192.0.2.7", 1, full))
				refused(t, s, "192.0.2.7", 1, full)
			}
			leave(t, all)
			if err := witness.seesNothing(); err != nil {
				t.Error(err)
			}
		}
		refused(t, s, "192.0.2.7", 1, "too many new connections from your address: try again in 10 minutes")
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
		const full = "your address already has 2 connections, the limit"
		all = append(all, offered(t, s, "2001:db8::8", 0, full), offered(t, s, "2001:db8::7", 0, full))
		refused(t, s, "2001:db8::8", 0, full)
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
	return greeted(t, s, source, i, greeting)
}

// offered connects a client beyond the limit, which is told why and may log in.
func offered(t *testing.T, s *server, source string, i int, why string) *person {
	t.Helper()
	options, words, _ := strings.Cut(greeting, "***")
	return greeted(t, s, source, i, options+"*** "+why+": log in to take over one of yours\r\n***"+words)
}

func greeted(t *testing.T, s *server, source string, i int, want string) *person {
	t.Helper()
	p, err := from(s, source, i)
	if err == nil {
		err = p.sees(want)
	}
	if err != nil {
		t.Errorf("%s: %v", source, err)
		runtime.Goexit()
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}
