//go:build linux

// Command bare is the broadcaster over our own loop and a Topic, with nothing
// else: every complete line goes to all other connections.
//
// Usage: bare [-tls FILE] PORT [GREETING], with a certificate and its key in the file.
package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
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
	f := flag.NewFlagSet("bare", flag.ContinueOnError)
	file := f.String("tls", "", "")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	if f.NArg() != 1 && f.NArg() != 2 {
		return errors.New("usage: bare [-tls FILE] PORT [GREETING]")
	}
	r := &room{topic: netloop.NewTopic(netloop.TopicOptions{}), greeting: []byte(f.Arg(1))}
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		return err
	}
	accept := func(*netloop.Conn) netloop.Handler {
		r.joined++ // accept runs on the only loop
		return &member{room: r, number: r.joined}
	}
	if *file != "" {
		pair, err := tls.LoadX509KeyPair(*file, *file)
		if err != nil {
			return err
		}
		accept = tlsfilter.Server(&tls.Config{Certificates: []tls.Certificate{pair}}, accept)
	}
	_, err = g.Listen("tcp", "127.0.0.1:"+f.Arg(0), accept)
	if err != nil {
		return err
	}
	return g.Run()
}
