package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
)

// A shouter answers in capitals.
type shouter struct{}

func (shouter) Opened(*ws.Conn) {}
func (shouter) Message(c *ws.Conn, kind ws.Kind, data []byte) {
	c.Send(kind, []byte(strings.ToUpper(string(data))))
}
func (shouter) Closed(*ws.Conn, error) {}

// A server, and a client of another library.
func ExampleServer() {
	group, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	accept := func(*http.Request) (ws.Handler, error) { return shouter{}, nil }
	ln, err := group.Listen("tcp", "127.0.0.1:0", ws.Server(ws.Options{}, accept))
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- group.Run() }()

	ctx := context.Background()
	client := &http.Transport{}
	c, _, err := websocket.Dial(ctx, "ws://"+ln.Addr().String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: client}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		fmt.Println(err)
		return
	}
	_, answer, err := c.Read(ctx)
	fmt.Printf("%s %v\n", answer, err)
	fmt.Println(c.Close(websocket.StatusNormalClosure, ""))
	client.CloseIdleConnections()
	fmt.Println(group.Close(), <-done)
	// Output:
	// HELLO <nil>
	// <nil>
	// <nil> <nil>
}

// The opening handshake without Server: bytes in, bytes out.
func ExampleUpgrader() {
	head := "GET /chat HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Origin: https://chat.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n\r\n"
	req, _, err := http1.Parse([]byte(head))
	if err != nil {
		fmt.Println(err)
		return
	}
	if !ws.IsUpgrade(req) {
		return // answer with a page
	}
	u := ws.Upgrader{Subprotocols: []string{"chat.v1"}}
	answer, agreed, err := u.Upgrade(nil, req)
	fmt.Print(strings.ReplaceAll(string(answer), "\r", ""))
	fmt.Println(agreed.Subprotocol, agreed.Deflate, err)
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat.v1
	//
	// chat.v1 false <nil>
}

// A message in two fragments, with a Ping between them, arrives in pieces.
func ExampleDecoder() {
	in := frame(text, "hello, ") + frame(fin|ping, "") + frame(fin|continuation, "world") + frame(fin|closeOp, closing(1000, "bye"))
	var d ws.Decoder
	for _, piece := range cut(in, 10) {
		for ev, rest, err := d.Next([]byte(piece)); ; ev, rest, err = d.Next(rest) {
			if err != nil {
				fmt.Println(err) // close the connection with its code
				return
			}
			if ev.Kind == ws.None {
				break
			}
			fmt.Printf("%v %q\n", ev.Kind, ev.Payload)
		}
	}
	// Output:
	// Ping ""
	// Text "hello, world"
	// Close "bye"
}

// A client that answers the first Ping, and not the second one. In a server,
// eventloop.Conn.SetDeadline calls for each Tick.
func ExampleHeartbeat() {
	var h ws.Heartbeat
	for _, silent := range []bool{false, true, false, true, true} {
		if !silent {
			h.Heard()
		}
		switch h.Tick() {
		case ws.Alive:
			fmt.Println("alive: look again in 30 s")
		case ws.Probe:
			fmt.Println("silent: send a Ping, and look again in 10 s")
		case ws.Dead:
			fmt.Println("dead")
		}
	}
	// Output:
	// alive: look again in 30 s
	// silent: send a Ping, and look again in 10 s
	// alive: look again in 30 s
	// silent: send a Ping, and look again in 10 s
	// dead
}

// A frame that serves every client.
func ExampleAppendFrame() {
	fmt.Printf("%q\n", ws.AppendFrame(nil, ws.Text, []byte("hello")))
	// Output: "\x81\x05hello"
}

// One topic for all connections.
func ExampleTopic() {
	topic := ws.NewTopic(netloop.TopicOptions{})
	// In Handler.Opened: c.Subscribe(topic, 0)
	topic.Publish(0, 0, ws.Text, []byte("hello, everybody"))
	fmt.Println(topic.Subscribed())
	// Output: false
}
