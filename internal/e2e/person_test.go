//go:build e2e && unix

package e2e

import (
	"testing"
	"time"
)

// dial connects a new person to the i-th place of a server.
func dial(s *server, name string, i int) (*person, error) {
	conn, err := s.dial(i)
	if err != nil {
		return nil, err
	}
	return &person{name: name, conn: conn}, conn.SetDeadline(time.Now().Add(patience))
}

// meet is dial for a test without a script.
func meet(t *testing.T, s *server, name string, i int) *person {
	t.Helper()
	p, err := dial(s, name, i)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}
