package proxyproto_test

import (
	"errors"
	"fmt"

	"github.com/sudoXpg/netloop/filter/proxyproto"
)

// A connection from a proxy begins with a header, which may arrive in pieces.
func ExampleParse() {
	var head []byte
	for _, piece := range []string{"PROXY TCP4 192.0.2.1 ", "198.51.100.9 56324 9034\r", "\nhello\r\n"} {
		head = append(head, piece...)
		h, n, err := proxyproto.Parse(head)
		if errors.Is(err, proxyproto.ErrIncomplete) {
			continue
		}
		if err != nil {
			fmt.Println(err) // close the connection
			return
		}
		fmt.Printf("client %v says %q\n", h.Source, head[n:])
	}
	// Output: client 192.0.2.1:56324 says "hello\r\n"
}
