package netloop_test

import (
	"bufio"
	"fmt"
	"net"
	"time"

	"github.com/sudoXpg/netloop"
)

// An echo is the handler of one connection.
type echo struct{}

func (echo) Opened(*netloop.Conn)                  {}
func (echo) Received(c *netloop.Conn, data []byte) { c.Write(data) }
func (echo) Drained(*netloop.Conn)                 {}
func (echo) Closed(c *netloop.Conn, err error)     {}

// An echo server, and a client of the standard library that tries it.
func Example() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler { return echo{} })
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- g.Run() }()

	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(c, "hello")
	line, _ := bufio.NewReader(c).ReadString('\n')
	fmt.Print(line)
	c.Close()

	g.Drain(time.Second)
	fmt.Println(<-done)
	// Output:
	// hello
	// <nil>
}

// A talker appends what it receives to a topic that every connection reads. Its
// number keeps it from hearing itself.
type talker struct {
	topic  *netloop.Topic
	number uint64
}

func (t *talker) Opened(c *netloop.Conn) {
	c.Write([]byte("welcome\n"))
	c.Subscribe(t.topic, t.number, t.topic.Head())
}
func (t *talker) Received(_ *netloop.Conn, data []byte) { t.topic.Append(t.number, 0, data) }
func (t *talker) Drained(*netloop.Conn)                 {}
func (t *talker) Closed(*netloop.Conn, error)           {}

// A topic sends what one connection says to all others.
func ExampleTopic() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	topic, number := netloop.NewTopic(netloop.TopicOptions{}), uint64(0)
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler {
		number++ // accept runs on one loop here
		return &talker{topic: topic, number: number}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- g.Run() }()

	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			panic(err)
		}
		r := bufio.NewReader(c)
		line, _ := r.ReadString('\n')
		fmt.Print(line)
		return c, r
	}
	alice, _ := dial()
	bob, bobReads := dial()
	fmt.Fprintln(alice, "hello, bob")
	line, _ := bobReads.ReadString('\n')
	fmt.Print(line)
	alice.Close()
	bob.Close()
	g.Drain(time.Second)
	fmt.Println(<-done)
	// Output:
	// welcome
	// welcome
	// hello, bob
	// <nil>
}

// AfterFunc belongs to a loop; Post gets there from anywhere.
func ExampleGroup_timer() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := g.Loops()[0]
	err = l.Post(func() {
		l.AfterFunc(10*time.Millisecond, func() {
			fmt.Println("ten milliseconds later")
			g.Drain(0)
		})
	})
	fmt.Println(err, g.Run())
	// Output:
	// ten milliseconds later
	// <nil> <nil>
}

// A caller says hello and prints the answer.
type caller struct{ g *netloop.Group }

func (c caller) Opened(conn *netloop.Conn) { conn.Write([]byte("hello")) }
func (c caller) Received(conn *netloop.Conn, data []byte) {
	fmt.Printf("answer: %s\n", data)
	conn.Close()
}
func (c caller) Drained(*netloop.Conn) {}
func (c caller) Closed(_ *netloop.Conn, err error) {
	fmt.Println("closed:", err)
	c.g.Drain(time.Second)
}

// Dial makes a client; here it calls an echo server of the same group.
func ExampleGroup_client() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler { return echo{} })
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := g.Dial("tcp", ln.Addr().String(), caller{g}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.Run())
	// Output:
	// answer: hello
	// closed: <nil>
	// <nil>
}
