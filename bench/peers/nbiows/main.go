// Command nbiows is an echo server over nbio's WebSocket, with nbio's defaults: connections
// belong to pollers, and messages are handled by a pool of goroutines.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: nbiows PORT")
		os.Exit(2)
	}
	if err := run("127.0.0.1:" + os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "nbiows:", err)
		os.Exit(1)
	}
}

func run(address string) error {
	logging.SetLevel(logging.LevelError)
	upgrader := websocket.NewUpgrader()
	upgrader.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, data []byte) {
		_ = c.WriteMessage(kind, data) // an error closes the connection
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		_, _ = upgrader.Upgrade(w, r, nil) // it answers if it fails
	})
	engine := nbhttp.NewEngine(nbhttp.Config{Network: "tcp4", Addrs: []string{address}, Handler: mux})
	if err := engine.Start(); err != nil {
		return err
	}
	defer engine.Stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	<-interrupted
	return nil
}
