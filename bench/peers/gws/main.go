// Command gws is an echo server over lxzan/gws, as its documentation writes one.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/lxzan/gws"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gws PORT")
		os.Exit(2)
	}
	if err := run("127.0.0.1:" + os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gws:", err)
		os.Exit(1)
	}
}

func run(address string) error {
	upgrader := gws.NewUpgrader(&echo{}, &gws.ServerOption{CheckUtf8Enabled: true, Recovery: gws.Recovery})
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // it has answered
		}
		go c.ReadLoop() // not in the handler, so that the request can be freed
	})
	return http.ListenAndServe(address, nil)
}

// An echo is the handler of every connection.
type echo struct{ gws.BuiltinEventHandler }

// OnPing implements gws.Event.
func (*echo) OnPing(c *gws.Conn, payload []byte) { _ = c.WritePong(payload) }

// OnMessage implements gws.Event.
func (*echo) OnMessage(c *gws.Conn, message *gws.Message) {
	defer func() { _ = message.Close() }()
	_ = c.WriteMessage(message.Opcode, message.Bytes())
}
