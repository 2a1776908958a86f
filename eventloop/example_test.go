package eventloop_test

import (
	"fmt"
	"io"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// A rot13 is a Filter whose raw bytes are the plain ones, rotated by 13 letters. It has
// no records, so a byte can be read as soon as it has come, and a stream may end anywhere.
type rot13 struct {
	raw   []byte // received and not read yet
	ended bool
}

func rotate(b byte) byte {
	switch {
	case 'a' <= b && b <= 'z':
		return 'a' + (b-'a'+13)%26
	case 'A' <= b && b <= 'Z':
		return 'A' + (b-'A'+13)%26
	}
	return b
}

func (f *rot13) Feed(raw []byte) {
	f.raw = append(f.raw, raw...) // a copy stays valid
	f.ended = len(raw) == 0
}

func (f *rot13) Read(dst []byte) (int, error) {
	n := min(len(dst), len(f.raw))
	for i, b := range f.raw[:n] {
		dst[i] = rotate(b)
	}
	f.raw = f.raw[n:]
	switch {
	case n > 0:
		return n, nil
	case f.ended:
		return 0, io.EOF
	}
	return 0, eventloop.ErrWouldBlock
}

func (f *rot13) Seal(dst, plain []byte) []byte {
	for _, b := range plain {
		dst = append(dst, rotate(b))
	}
	return dst
}

func (f *rot13) End(dst []byte) []byte { return append(dst, " [end]"...) }

func (f *rot13) Idle() {
	if len(f.raw) == 0 {
		f.raw = nil
	}
}

// A greeter answers one line. It knows nothing of the filter below it.
type greeter struct{}

func (greeter) Opened(*eventloop.Conn) {}
func (greeter) Received(c *eventloop.Conn, p []byte) {
	fmt.Printf("the server got %q\n", p)
	c.Write([]byte("Hello, world"))
	c.Close()
}
func (greeter) Drained(*eventloop.Conn)       {}
func (greeter) Closed(*eventloop.Conn, error) {}

// An opener puts a filter below its connection, then sets another handler.
type opener struct{ greeter }

func (opener) Opened(c *eventloop.Conn) {
	if err := c.SetFilter(&rot13{}); err != nil {
		c.Abort(err)
		return
	}
	c.SetHandler(greeter{})
}

func ExampleConn_SetFilter() {
	w := sim.New(sim.Options{})
	g, err := eventloop.New(eventloop.Options{Open: w.Open, Now: w.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = g.Close() }()
	accept := func(*eventloop.Conn) eventloop.Handler { return opener{} }
	if _, err := g.Listen("tcp", ":9034", accept); err != nil {
		fmt.Println(err)
		return
	}
	c, err := w.Dial("tcp", "127.0.0.1:9034")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := c.Write([]byte("Tbbq zbeavat")); err != nil {
		fmt.Println(err)
		return
	}
	for again := true; again; again = !w.Idle() {
		if err := g.Loops()[0].Step(time.Second); err != nil {
			fmt.Println(err)
			return
		}
	}
	p := make([]byte, 64)
	n, err := c.Read(p)
	fmt.Printf("the client got %q %v\n", p[:n], err)
	// Output:
	// the server got "Good morning"
	// the client got "Uryyb, jbeyq [end]" <nil>
}
