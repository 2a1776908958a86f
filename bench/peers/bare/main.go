//go:build linux

// Command bare is the broadcaster over our own loop and a Topic, with nothing
// else: every complete line goes to all other connections. Usage: bare PORT [GREETING]
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/sudoXpg/netloop"
)

// A member is one connection. Its number keeps it from hearing itself.
type member struct {
	topic    *netloop.Topic
	greeting *string // shared by all
	number   uint64
	part     []byte // of a line
}

// Opened implements netloop.Handler.
func (m *member) Opened(c *netloop.Conn) {
	if *m.greeting != "" {
		_, _ = c.Write([]byte(*m.greeting)) // what went wrong comes to Closed
	}
	c.Subscribe(m.topic, m.number, m.topic.Head())
}

// Received implements netloop.Handler.
func (m *member) Received(_ *netloop.Conn, data []byte) {
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			m.part = append(m.part, data...)
			return
		}
		line := data[:i+1]
		if len(m.part) > 0 {
			line = append(m.part, line...)
			m.part = m.part[:0]
		}
		m.topic.Append(m.number, 0, line)
		data = data[i+1:]
	}
}

// Drained implements netloop.Handler.
func (m *member) Drained(*netloop.Conn) {}

// Closed implements netloop.Handler.
func (m *member) Closed(*netloop.Conn, error) {}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return fmt.Errorf("usage: bare PORT [GREETING]")
	}
	var greeting string
	if len(args) == 3 {
		greeting = args[2]
	}
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		return err
	}
	topic, number := netloop.NewTopic(netloop.TopicOptions{}), uint64(0)
	_, err = g.Listen("tcp", "127.0.0.1:"+args[1], func(*netloop.Conn) netloop.Handler {
		number++
		return &member{topic: topic, greeting: &greeting, number: number}
	})
	if err != nil {
		return err
	}
	return g.Run()
}
