package wsline_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/wsline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// patience ends a test that hangs. No test waits for it to pass.
	patience = time.Minute
	maxSize  = 1 << 20
)

// a peer is the server's end of a connection.
type peer struct {
	t *testing.T
	net.Conn
	in      *bufio.Reader
	request *http.Request
}

// serve starts a server for one connection, and returns the client's end.
func serve(t *testing.T, handle func(p *peer)) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		p := &peer{t: t, Conn: conn, in: bufio.NewReader(conn)}
		if p.request, err = http.ReadRequest(p.in); err != nil {
			t.Error(err)
			return
		}
		handle(p)
		_ = conn.(*net.TCPConn).CloseWrite() // and no reset, by which what was sent could be lost
		_, _ = io.Copy(io.Discard, conn)
	})
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = ln.Close()
		served.Wait()
	})
	return conn
}

// response returns the response that agrees to the request, followed by frames.
func (p *peer) response(frames ...ws.Frame) []byte {
	sum := sha1.Sum([]byte(p.request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	b := fmt.Appendf(nil, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for _, f := range frames {
		b = append(b, ws.MustCompileFrame(f)...)
	}
	return b
}

func (p *peer) sends(bytes []byte) {
	if _, err := p.Write(bytes); err != nil {
		p.t.Error(err)
	}
}

// receives returns the next frame, unmasked.
func (p *peer) receives() ws.Frame {
	h, err := ws.ReadHeader(p.in)
	if err != nil {
		p.t.Error(err)
		return ws.Frame{}
	}
	if !h.Masked || h.Length > maxSize {
		p.t.Errorf("%+v", h)
		return ws.Frame{}
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	if _, err := io.ReadFull(p.in, f.Payload); err != nil {
		p.t.Error(err)
	}
	return ws.UnmaskFrame(f)
}

// ends waits for the end of the connection.
func (p *peer) ends() { _, _ = io.Copy(io.Discard, p.in) }

// upgrade upgrades the client's end.
func upgrade(t *testing.T, conn net.Conn) *wsline.Conn {
	t.Helper()
	c, err := wsline.Upgrade(t.Context(), conn, "chat.example:9034", "/ws", "chat.v1", maxSize)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func text(s string) ws.Frame { return ws.NewTextFrame([]byte(s)) }

func fragment(op ws.OpCode, final bool, s string) ws.Frame { return ws.NewFrame(op, final, []byte(s)) }

func TestTheRequestNamesTheServer(t *testing.T) {
	asked := make(chan *http.Request, 1)
	upgrade(t, serve(t, func(p *peer) {
		asked <- p.request
		p.sends(p.response())
	}))
	q := <-asked
	if q.Host != "chat.example:9034" || q.URL.Path != "/ws" || q.Header.Get("Sec-WebSocket-Version") != "13" || q.Header.Get("Origin") != "" {
		t.Errorf("%+v", q)
	}
}

func TestMessagesBecomeLines(t *testing.T) {
	long := strings.Repeat("ü", 40_000)
	for what, frames := range map[string][]ws.Frame{
		"one":                  {text(`{"a":1}`)},
		"of several lines":     {text("{\n\"a\":1}")},
		"in fragments":         {fragment(ws.OpText, false, `{"a`), fragment(ws.OpContinuation, false, ""), fragment(ws.OpContinuation, true, `":1}`)},
		"in a rune":            {fragment(ws.OpText, false, "\xf0\x9f"), fragment(ws.OpContinuation, false, "\x98"), fragment(ws.OpContinuation, true, "\x80")},
		"around control":       {fragment(ws.OpText, false, "a"), ws.NewPongFrame([]byte("x")), ws.NewPingFrame([]byte("y")), fragment(ws.OpContinuation, true, "b")},
		"long":                 {text(long)},
		"empty":                {text("")},
		"as long as permitted": {text(strings.Repeat("x", maxSize))},
	} {
		t.Run(what, func(t *testing.T) {
			var want []byte
			for _, f := range frames {
				if !f.Header.OpCode.IsControl() {
					want = append(want, bytes.ReplaceAll(f.Payload, []byte("\n"), []byte(" "))...)
				}
			}
			c := upgrade(t, serve(t, func(p *peer) {
				p.sends(p.response(append(frames, text("end"))...))
				p.ends()
			}))
			in := bufio.NewReader(c)
			if got, err := in.ReadString('\n'); err != nil || got != string(want)+"\n" {
				t.Errorf("%.100q, %v; want %.100q", got, err, want)
			}
			if got, err := in.ReadString('\n'); err != nil || got != "end\n" {
				t.Errorf("%.100q, %v", got, err)
			}
		})
	}
}

func TestLinesBecomeMessages(t *testing.T) {
	got := make(chan string, 4)
	c := upgrade(t, serve(t, func(p *peer) {
		p.sends(p.response())
		for range cap(got) {
			f := p.receives()
			if f.Header.OpCode != ws.OpText || !f.Header.Fin {
				p.t.Errorf("%+v", f.Header)
			}
			got <- string(f.Payload)
		}
	}))
	for _, piece := range []string{"one\ntwo\nth", "", "ree", "\n", strings.Repeat("x", 70_000) + "\n"} {
		if n, err := io.WriteString(c, piece); err != nil || n != len(piece) {
			t.Fatal(n, err)
		}
	}
	for _, want := range []string{"one", "two", "three", strings.Repeat("x", 70_000)} {
		if got := <-got; got != want {
			t.Errorf("%.100q, want %.100q", got, want)
		}
	}
	if _, err := c.Write(make([]byte, maxSize+1)); !errors.Is(err, wsline.ErrLongLine) {
		t.Error(err)
	}
}

// A deadline that passes between any two bytes loses none of them.
func TestADeadlineLosesNothing(t *testing.T) {
	all := append(ws.MustCompileFrame(fragment(ws.OpText, false, strings.Repeat("a", 200))), ws.MustCompileFrame(ws.NewPingFrame([]byte("ping")))...)
	all = append(all, ws.MustCompileFrame(fragment(ws.OpContinuation, true, "é"))...)
	next, sent := make(chan struct{}), make(chan struct{})
	c := upgrade(t, serve(t, func(p *peer) {
		p.sends(p.response())
		for i := range all {
			<-next
			p.sends(all[i : i+1])
			sent <- struct{}{}
		}
		p.ends()
	}))
	var got []byte
	buffer := make([]byte, 1000)
	for range all {
		next <- struct{}{}
		<-sent
		for {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			n, err := c.Read(buffer)
			got = append(got, buffer[:n]...)
			if err == nil {
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for !bytes.HasSuffix(got, []byte("\n")) {
		n, err := c.Read(buffer)
		if got = append(got, buffer[:n]...); err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.Repeat("a", 200) + "é\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A Ping is answered, also when the deadline of the last write is over.
func TestPingsAreAnswered(t *testing.T) {
	answers := make(chan ws.Frame, 1)
	c := upgrade(t, serve(t, func(p *peer) {
		p.sends(p.response(ws.NewPingFrame([]byte("hello"))))
		answers <- p.receives()
		p.sends(ws.MustCompileFrame(text("end")))
		p.ends()
	}))
	_ = c.SetWriteDeadline(time.Unix(1, 0))
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "end\n" {
		t.Error(line, err)
	}
	if f := <-answers; f.Header.OpCode != ws.OpPong || string(f.Payload) != "hello" {
		t.Errorf("%+v", f)
	}
	if _, err := io.WriteString(c, "x\n"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the deadline of writes is gone: %v", err)
	}
}

// A Ping that arrives while another goroutine writes is answered, too.
func TestPingsAndWritesAtTheSameTime(t *testing.T) {
	const pings, lines = 200, 200
	counted := make(chan int, 1)
	c := upgrade(t, serve(t, func(p *peer) {
		p.sends(p.response())
		var sending sync.WaitGroup
		sending.Go(func() {
			for range pings {
				p.sends(ws.MustCompileFrame(ws.NewPingFrame(nil)))
			}
			p.sends(ws.MustCompileFrame(ws.NewPingFrame([]byte("last"))))
		})
		got, last := 0, false
		for got < lines || !last {
			f := p.receives()
			if f.Header.OpCode == ws.OpText && string(f.Payload) == "line" {
				got++
			}
			last = last || string(f.Payload) == "last"
		}
		sending.Wait()
		p.sends(ws.MustCompileFrame(text("end")))
		counted <- got
		p.ends()
	}))
	var writing sync.WaitGroup
	writing.Go(func() {
		for range lines {
			if _, err := io.WriteString(c, "line\n"); err != nil {
				t.Error(err)
			}
		}
	})
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "end\n" {
		t.Error(line, err)
	}
	writing.Wait()
	if n := <-counted; n != lines {
		t.Error(n)
	}
}

func TestTheEndOfAConnection(t *testing.T) {
	closing := func(code ws.StatusCode, reason string) ws.Frame {
		return ws.NewCloseFrame(ws.NewCloseFrameBody(code, reason))
	}
	cut := ws.MustCompileFrame(text("cut short"))
	for what, c := range map[string]struct {
		sent []byte
		want error
		code int // of a CloseError
	}{
		"without a close":          {nil, io.EOF, 0},
		"in a header":              {cut[:1], io.ErrUnexpectedEOF, 0},
		"in a payload":             {cut[:5], io.ErrUnexpectedEOF, 0},
		"between fragments":        {ws.MustCompileFrame(fragment(ws.OpText, false, "a")), io.ErrUnexpectedEOF, 0},
		"a close":                  {ws.MustCompileFrame(closing(ws.StatusNormalClosure, "")), io.EOF, 0},
		"a close without a status": {ws.MustCompileFrame(ws.NewCloseFrame(nil)), io.EOF, 0},
		"a close with a reason":    {ws.MustCompileFrame(closing(ws.StatusPolicyViolation, "too slow")), nil, 1008},
		"a close in a message": {
			append(ws.MustCompileFrame(fragment(ws.OpText, false, "a")), ws.MustCompileFrame(closing(ws.StatusNormalClosure, ""))...), io.ErrUnexpectedEOF, 0,
		},
	} {
		t.Run(what, func(t *testing.T) {
			conn := upgrade(t, serve(t, func(p *peer) { p.sends(append(p.response(), c.sent...)) }))
			_, err := io.ReadAll(conn)
			if errors.Is(c.want, io.EOF) {
				c.want = nil // which ReadAll hides
			}
			if closed, ok := errors.AsType[*wsline.CloseError](err); ok {
				if closed.Code != c.code || closed.Reason != "too slow" {
					t.Error(closed)
				}
			} else if !errors.Is(err, c.want) || c.code != 0 {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// A server that breaks the protocol, or sends too much, is told so, and nothing more is read.
func TestAHostileServer(t *testing.T) {
	endless := bytes.Repeat(ws.MustCompileFrame(fragment(ws.OpContinuation, false, "")), wsline.MaxFragments+1)
	half := bytes.Repeat([]byte("x"), maxSize/2)
	for what, c := range map[string]struct {
		sent []byte
		code ws.StatusCode
	}{
		"a length of 2^63":              {[]byte{0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, ws.StatusProtocolError},
		"a length of 2^63-1":            {[]byte{0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255}, ws.StatusMessageTooBig},
		"a masked frame":                {ws.MustCompileFrame(ws.MaskFrame(text("{}"))), ws.StatusProtocolError},
		"a control frame of 1 MiB":      {[]byte{0x89, 127, 0, 0, 0, 0, 0, 0x10, 0, 0}, ws.StatusProtocolError},
		"a control frame in fragments":  {[]byte{0x09, 0}, ws.StatusProtocolError},
		"a binary message":              {ws.MustCompileFrame(ws.NewBinaryFrame([]byte("{}"))), ws.StatusUnsupportedData},
		"a continuation of nothing":     {ws.MustCompileFrame(fragment(ws.OpContinuation, true, "")), ws.StatusProtocolError},
		"a message in a message":        {ws.MustCompileFrame(fragment(ws.OpText, false, "")), ws.StatusProtocolError},
		"a reserved bit":                {[]byte{0xc1, 0}, ws.StatusProtocolError},
		"a reserved opcode":             {[]byte{0x83, 0}, ws.StatusProtocolError},
		"endless fragments":             {append(ws.MustCompileFrame(fragment(ws.OpText, false, "")), endless...), ws.StatusPolicyViolation},
		"a message too large":           {ws.MustCompileFrame(ws.NewTextFrame(append(half, half...))), 0},
		"text that is not UTF-8":        {ws.MustCompileFrame(text("\xff")), ws.StatusInvalidFramePayloadData},
		"text that ends in a rune":      {ws.MustCompileFrame(text("\xc3")), ws.StatusInvalidFramePayloadData},
		"a surrogate":                   {ws.MustCompileFrame(text("\xed\xa0\x80")), ws.StatusInvalidFramePayloadData},
		"a close with half a code":      {[]byte{0x88, 1, 3}, ws.StatusProtocolError},
		"a close with a code of no use": {ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1006, ""))), ws.StatusProtocolError},
	} {
		t.Run(what, func(t *testing.T) {
			switch what {
			case "a message in a message":
				c.sent = append(c.sent, ws.MustCompileFrame(text(""))...)
			case "a message too large": // in fragments of which none is
				c.code = ws.StatusMessageTooBig
				c.sent = ws.MustCompileFrame(ws.NewFrame(ws.OpText, false, half))
				c.sent = append(c.sent, ws.MustCompileFrame(ws.NewFrame(ws.OpContinuation, false, half))...)
				c.sent = append(c.sent, ws.MustCompileFrame(ws.NewFrame(ws.OpContinuation, true, []byte("x")))...)
			}
			told := make(chan ws.Frame, 1)
			conn := upgrade(t, serve(t, func(p *peer) {
				p.sends(append(p.response(), c.sent...))
				told <- p.receives()
				p.ends()
			}))
			_, err := io.Copy(io.Discard, conn)
			if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			if _, again := conn.Read(make([]byte, 1)); again == nil || again.Error() != err.Error() {
				t.Errorf("%v after %v", again, err)
			}
			_ = conn.Close()
			if code, _ := ws.ParseCloseFrameData((<-told).Payload); code != c.code {
				t.Errorf("%d, want %d (%v)", code, c.code, err)
			}
		})
	}
}

// A server that sends Pings and reads nothing ends the connection, not the program.
func TestAServerThatReadsNothing(t *testing.T) {
	done := make(chan struct{})
	flood := bytes.Repeat(ws.MustCompileFrame(ws.NewPingFrame(bytes.Repeat([]byte("x"), 125))), 1000)
	client, server := net.Pipe() // which buffers nothing
	var served sync.WaitGroup
	served.Go(func() {
		p := &peer{t: t, Conn: server, in: bufio.NewReader(server)}
		var err error
		if p.request, err = http.ReadRequest(p.in); err != nil {
			t.Error(err)
		}
		p.sends(p.response())
		_, _ = server.Write(flood)
		<-done
		_ = server.Close()
	})
	c := upgrade(t, &impatient{client})
	_, err := io.Copy(io.Discard, c)
	if !errors.Is(err, wsline.ErrStalled) {
		t.Error(err)
	}
	close(done)
	_ = c.Close()
	served.Wait()
}

// an impatient connection has deadlines for writes that have passed.
type impatient struct{ net.Conn }

// SetWriteDeadline implements net.Conn.
func (c *impatient) SetWriteDeadline(time.Time) error {
	return c.Conn.SetWriteDeadline(time.Unix(1, 0))
}

func TestCloseSaysGoodbye(t *testing.T) {
	told := make(chan ws.Frame, 1)
	c := upgrade(t, serve(t, func(p *peer) {
		p.sends(p.response())
		told <- p.receives()
	}))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	f := <-told
	if code, _ := ws.ParseCloseFrameData(f.Payload); f.Header.OpCode != ws.OpClose || code != ws.StatusNormalClosure {
		t.Errorf("%+v", f)
	}
	if _, err := io.WriteString(c, "x\n"); err == nil {
		t.Error("wrote after the end")
	}
}

func TestUpgradesThatFail(t *testing.T) {
	agreed := func(p *peer) string { return string(p.response()) }
	for what, c := range map[string]struct {
		answer func(p *peer) string
		want   string
	}{
		"a wrong key": {func(*peer) string {
			return "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n"
		}, "does not speak WebSocket"},
		"another protocol": {func(p *peer) string { return strings.Replace(agreed(p), "chat.v1", "mqtt", 1) }, "does not speak WebSocket"},
		"no protocol":      {func(p *peer) string { return strings.Replace(agreed(p), "Sec-WebSocket-Protocol: chat.v1\r\n", "", 1) }, "no chat over WebSocket"},
		"an extension": {func(p *peer) string {
			return strings.Replace(agreed(p), "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 1)
		}, "does not speak WebSocket"},
		"no HTTP":  {func(*peer) string { return "*** welcome\r\n" }, "does not speak WebSocket"},
		"HTTP/1.0": {func(p *peer) string { return strings.Replace(agreed(p), "1.1", "1.0", 1) }, "does not speak WebSocket"},
		"a page": {func(*peer) string {
			return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"
		}, "refuses WebSocket: status 200 OK"},
		"no words": {func(*peer) string { return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" }, "status 404 Not Found"},
		"words": {func(*peer) string {
			return "HTTP/1.1 503 x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthe server is full\nmore\n"
		}, "refuses WebSocket: the server is full (status 503 Service Unavailable)"},
		"an endless header": {func(*peer) string { return "HTTP/1.1 101 x\r\nA: " + strings.Repeat("x", wsline.MaxResponse) }, "does not speak WebSocket"},
		"nothing":           {func(*peer) string { return "" }, "unexpected EOF"},
	} {
		t.Run(what, func(t *testing.T) {
			conn := serve(t, func(p *peer) { p.sends([]byte(c.answer(p))) })
			_, err := wsline.Upgrade(t.Context(), conn, "h", "/ws", "chat.v1", maxSize)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestAnUpgradeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	conn := serve(t, func(p *peer) {
		cancel()
		p.ends()
	})
	if _, err := wsline.Upgrade(ctx, conn, "h", "/ws", "chat.v1", maxSize); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = conn.Close()
}
