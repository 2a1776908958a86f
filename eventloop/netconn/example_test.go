package netconn_test

import (
	"bufio"
	"context"
	"fmt"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop/netconn"
)

// A goroutine serves a connection of the loop as it would one of package net.
func Example() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	ln, err := netconn.Listen(g, "tcp", "127.0.0.1:0", netconn.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		name, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprintf(c, "hello, %s", name) // waits while the peer is slow
	}()

	c, err := netconn.Dial(context.Background(), g, "tcp", ln.Addr().String(), netconn.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(c, "bob")
	line, _ := bufio.NewReader(c).ReadString('\n')
	fmt.Print(line)
	c.Close()
	fmt.Println(g.Shutdown(context.Background()), <-done)
	// Output:
	// hello, bob
	// <nil> <nil>
}
