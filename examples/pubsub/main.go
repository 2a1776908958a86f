// Command pubsub passes WebSocket messages on by channel. Clients send text:
//
//	subscribe CHANNEL
//	unsubscribe CHANNEL
//	publish CHANNEL TEXT
//
// Try it in a browser's console, on a page of the same host or with -origin:
//
//	s = new WebSocket("ws://localhost:8080"); s.onmessage = e => console.log(e.data)
//	s.send("subscribe tea"); s.send("publish tea hello")
package main

import (
	"flag"
	"log"
	"net/http"
	"strings"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/ws"
)

// maxChannels is how many channels a client may subscribe to.
const maxChannels = 16

// channels are those that have subscribers. There is one loop, so no lock.
var channels = make(map[string]*ws.Topic)

// A client is the handler of a connection, with its subscriptions.
type client map[string]*eventloop.Sub

// Opened implements ws.Handler.
func (client) Opened(*ws.Conn) {}

// Message implements ws.Handler.
func (cl client) Message(c *ws.Conn, _ ws.Kind, data []byte) {
	verb, rest, _ := strings.Cut(string(data), " ")
	name, text, _ := strings.Cut(rest, " ")
	switch topic := channels[name]; {
	case verb == "subscribe" && cl[name] == nil && len(cl) < maxChannels:
		if topic == nil {
			topic = ws.NewTopic(netloop.TopicOptions{})
			channels[name] = topic
		}
		cl[name] = c.Subscribe(topic, 0)
	case verb == "unsubscribe" && cl[name] != nil:
		cl.leave(name)
	case verb == "publish" && topic != nil:
		topic.Publish(0, 0, ws.Text, []byte(name+" "+text))
	}
}

// leave ends a subscription, and the channel with its last one.
func (cl client) leave(name string) {
	cl[name].Close()
	delete(cl, name)
	if topic := channels[name]; topic != nil && !topic.Subscribed() {
		delete(channels, name)
	}
}

// Closed implements ws.Handler.
func (cl client) Closed(*ws.Conn, error) {
	for name := range cl {
		cl.leave(name)
	}
}

// server returns the function for Listen.
func server(origin string) func(*netloop.Conn) netloop.Handler {
	o := ws.Options{Upgrader: ws.Upgrader{Origins: []string{origin}}}
	return ws.Server(o, func(*http.Request) (ws.Handler, error) { return make(client), nil })
}

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	origin := flag.String("origin", "", "origin of other pages that may connect, or * for all")
	flag.Parse()

	g, err := netloop.New(netloop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := g.Listen("tcp", *listen, server(*origin)); err != nil {
		log.Fatal(err)
	}
	log.Fatal(g.Run())
}
