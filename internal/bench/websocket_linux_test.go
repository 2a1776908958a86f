package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
)

// A messageConn is the server's side of a WebSocket connection: what is read and written are lines, each a
// message without its line feed.
type messageConn struct {
	net.Conn
	agreed  ws.Agreement
	decoder ws.Decoder
	lines   []byte // read, and not taken yet
	pongs   *atomic.Int32
}

// upgradeConn answers the request to upgrade, and sends a Ping.
func upgradeConn(c net.Conn, pongs *atomic.Int32) (*messageConn, error) {
	var head []byte
	for {
		buf := make([]byte, 1024)
		n, err := c.Read(buf)
		if err != nil {
			return nil, err
		}
		head = append(head, buf[:n]...)
		req, _, err := http1.Parse(head)
		if errors.Is(err, http1.ErrIncomplete) {
			continue
		}
		if err != nil {
			return nil, err
		}
		u := ws.Upgrader{Subprotocols: []string{subprotocol}}
		answer, agreed, err := u.Upgrade(nil, req)
		if err != nil {
			return nil, err
		}
		_, err = c.Write(ws.AppendFrame(answer, ws.Ping, []byte("are you there?")))
		return &messageConn{Conn: c, agreed: agreed, decoder: ws.Decoder{Deflate: agreed.Deflate}, pongs: pongs}, err
	}
}

func (c *messageConn) Read(p []byte) (int, error) {
	for len(c.lines) == 0 {
		buf := make([]byte, 4096)
		n, err := c.Conn.Read(buf)
		if err != nil {
			return 0, err
		}
		for data := buf[:n]; ; {
			ev, rest, err := c.decoder.Next(data)
			if err != nil {
				return 0, err
			}
			data = rest
			if ev.Kind == ws.None {
				break
			}
			switch ev.Kind {
			case ws.Text:
				c.lines = append(append(c.lines, ev.Payload...), '\n')
			case ws.Pong:
				if string(ev.Payload) == "are you there?" {
					c.pongs.Add(1)
				}
			default:
				return 0, fmt.Errorf("a frame of kind %d: %w", ev.Kind, io.ErrUnexpectedEOF)
			}
		}
	}
	n := copy(p, c.lines)
	c.lines = c.lines[n:]
	return n, nil
}

func (c *messageConn) Write(p []byte) (int, error) {
	var out []byte
	for line := range bytes.Lines(p) {
		switch line = bytes.TrimSpace(line); {
		case len(line) == 0:
		case c.agreed.Deflate:
			out = ws.AppendCompressed(out, ws.Text, line)
		default:
			out = ws.AppendFrame(out, ws.Text, line)
		}
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func TestEveryMessageReachesEveryReader(t *testing.T) {
	for name, o := range map[string]struct {
		login        Dialect
		mode         Mode
		tls, deflate bool
		size         int
	}{
		"lines":             {login: LoginNone, mode: Closed, size: 64},
		"JSON":              {login: LoginJSON, mode: Open, size: 64},
		"JSON in TLS":       {login: LoginJSON, mode: Closed, size: 200, tls: true},
		"compressed":        {login: LoginJSON, mode: Closed, size: 2 * ws.MinCompress, deflate: true},
		"not worth it":      {login: LoginNone, mode: Open, size: 300, deflate: true},
		"compressed in TLS": {login: LoginNone, mode: Open, size: 2 * ws.MinCompress, deflate: true, tls: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testServer{tls: o.tls, websocket: true}
			if o.login == LoginJSON {
				s.line = s.objects
			}
			c := s.start(t)
			c.WebSocket, c.TLS, c.Deflate, c.Size = true, o.tls, o.deflate, o.size
			c.Login, c.Mode, c.Clients, c.Senders, c.InFlight, c.Rate, c.PID = o.login, o.mode, 12, 3, 7, 500, os.Getpid()
			r, err := Run(c)
			if err != nil {
				t.Fatal(err)
			}
			// 9 of the 12 only read, and all of them are sampled.
			if want := r.Lines * 9; r.Lines == 0 || r.Missing != 0 || r.Lost != 0 || r.Latency.Count != want || r.Deliveries == 0 {
				t.Errorf("%d lines, %d deliveries, %d latencies, want %d; %d missing, %d lost", r.Lines, r.Deliveries, r.Latency.Count, want, r.Missing, r.Lost)
			}
			if n := s.pongs.Load(); n != 12 {
				t.Errorf("%d of 12 clients answered a Ping", n)
			}
		})
	}
}

func TestAServerThatDoesNotUpgradeEndsTheRun(t *testing.T) {
	s := &testServer{greeting: "Enter username : \r\n\r\n"}
	c := s.start(t)
	c.WebSocket = true
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), "malformed HTTP") {
		t.Errorf("error %v", err)
	}
}

func TestACloseFrameEndsTheRunWithItsReason(t *testing.T) {
	s := &testServer{websocket: true}
	s.line = func(from int, text string) string {
		c := s.conns[from].(*messageConn)
		_, _ = c.Conn.Write(ws.AppendClose(nil, ws.CodePolicy, "enough"))
		return text
	}
	c := s.start(t)
	c.WebSocket = true
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), `code 1008: "enough"`) {
		t.Errorf("error %v", err)
	}
}
