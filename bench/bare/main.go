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

// A room is the state that all connections share.
type room struct {
	topic    *netloop.Topic
	greeting []byte
	joined   uint64
}

// A member is one connection. Its number keeps it from hearing itself.
type member struct {
	*room
	number uint64
	part   *bytes.Buffer // of a line; nil without one
}

// Opened implements netloop.Handler.
func (m *member) Opened(c *netloop.Conn) {
	_, _ = c.Write(m.greeting) // Closed gets the error
	c.Subscribe(m.topic, m.number, m.topic.Head())
}

// Received implements netloop.Handler.
func (m *member) Received(_ *netloop.Conn, data []byte) {
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			break
		}
		line := data[:i+1]
		if m.part != nil {
			m.part.Write(line)
			line, m.part = m.part.Bytes(), nil
		}
		m.topic.Append(m.number, 0, line)
		data = data[i+1:]
	}
	if len(data) > 0 {
		if m.part == nil {
			m.part = new(bytes.Buffer)
		}
		m.part.Write(data)
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
	r := &room{topic: netloop.NewTopic(netloop.TopicOptions{})}
	if len(args) == 3 {
		r.greeting = []byte(args[2])
	}
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		return err
	}
	_, err = g.Listen("tcp", "127.0.0.1:"+args[1], func(*netloop.Conn) netloop.Handler {
		r.joined++ // accept runs on the only loop
		return &member{room: r, number: r.joined}
	})
	if err != nil {
		return err
	}
	return g.Run()
}
