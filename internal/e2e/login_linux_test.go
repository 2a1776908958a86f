//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manyAccounts returns n accounts with one password, so that only one has to be hashed.
func manyAccounts(n int) []Account {
	all := []Account{{Name: "first", Role: "user"}}
	for i := 1; i < n; i++ {
		all = append(all, Account{Name: fmt.Sprintf("user%d", i), Role: "user", As: "first"})
	}
	return all
}

// measures returns metrics of the server by name. It connects from the calling thread,
// which may have its own network.
func (s *server) measures(t *testing.T) map[string]float64 {
	t.Helper()
	r, err := s.log.wait(s.ctx, record{"msg": "metrics"})
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	conn, err := d.DialContext(s.ctx, "tcp", r["address"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			all[name] = n
		}
	}
	return all
}

// hashed returns how many passwords the server has hashed.
func (s *server) hashed(t *testing.T) int {
	t.Helper()
	return int(s.measures(t)["chatsrv_password_hashes_total"])
}

// Clients that send a password and hang up cost nothing, and keep nobody out: their
// passwords, right or wrong, are not hashed, except for those whose turn has just
// come.
func TestClientsThatHangUpAfterAPasswordKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const crowd, turns = 200, 20
	accounts := manyAccounts(crowd + 1)
	s := startKeeping(t, keep(t, accounts), "--metrics", "127.0.0.1:0", "--login-timeout", "1m")
	var all []*person
	for i, a := range accounts[1:] {
		p := meet(t, s, a.Name, 0)
		p.asks(t, a.Name, "Password: ")
		if i%2 == 0 {
			p.as = "a wrong password"
		} else {
			p.as = a.Password()
		}
		all = append(all, p)
	}
	if n := s.hashed(t); n != 0 {
		t.Fatalf("%d passwords are hashed before any was given", n)
	}
	began := time.Now()
	for i, p := range all {
		if err := p.send(p.as + "\r\n"); err != nil {
			t.Fatal(err)
		}
		end := p.leaves
		switch i % 3 {
		case 1:
			end = p.drops
		case 2:
			end = p.halfCloses
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	gone := time.Since(began)
	registered(t, s, "first") // fails if it takes longer than the login timeout
	took, hashed := time.Since(began), s.hashed(t)
	if hashed > turns {
		t.Errorf("%d passwords were hashed before that of the one who is there; %d of people who had gone, at most, are all right", hashed-1, turns)
	}
	for s.measures(t)["chatsrv_connections"] > 1 || s.measures(t)["chatsrv_password_hashes_waiting"] > 0 {
		if err := s.ctx.Err(); err != nil {
			t.Fatal("those who have hung up are still connected")
		}
	}
	if after := s.hashed(t); after > turns {
		t.Errorf("%d passwords were hashed in the end", after)
	}
	t.Logf("%d people have hung up after %v; %d passwords hashed; the real login was done after %v", crowd, gone, hashed, took)
	s.stops(t)
}

// A class of 30 behind one address logs in at once: each password is hashed once, and
// nobody is refused.
func TestAClassBehindOneAddressLogsInAtOnce(t *testing.T) {
	t.Parallel()
	const class = 30
	accounts := manyAccounts(class)
	dir := keep(t, accounts)
	inNetwork(t, func() {
		s := start(t, "--bind", "192.0.2.1", "--sniff-window", "0", "--data", dir, "--metrics", "127.0.0.1:0", "--max-per-ip", "30")
		var all []*person
		for _, a := range accounts {
			p, err := from(s, "192.0.2.7", 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer p.conn.Close()
			p.name = a.Name
			all = append(all, p)
			if err := p.send(a.Name + "\r\n"); err != nil {
				t.Error(err)
			}
			if _, err := p.until("Password: "); err != nil {
				t.Error(err)
			}
		}
		began := time.Now()
		for i, p := range all {
			if err := p.send(accounts[i].Password() + "\r\n"); err != nil {
				t.Error(err)
			}
		}
		for _, p := range all {
			if err := p.enters(p.name); err != nil {
				t.Error(err)
			}
		}
		m := s.measures(t)
		if hashed, failed := m["chatsrv_password_hashes_total"], m["chatsrv_logins_failed_total"]; hashed != class || failed != 0 {
			t.Errorf("%v passwords hashed, %v found wrong; want %d and none", hashed, failed, class)
		}
		t.Logf("%d logins at once took %v", class, time.Since(began))
		s.stops(t)
	}, "192.0.2.1/24", "192.0.2.7/24")
}
