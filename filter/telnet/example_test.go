package telnet_test

import (
	"fmt"

	"github.com/sudoXpg/netloop/filter/telnet"
)

// A connection's input is passed to its Decoder as it was read.
func ExampleDecoder() {
	var d telnet.Decoder
	received := []string{"hel", "lo\r\n\xff\xfd\x06caf\xc3\xa9\r", "\n"}
	for _, read := range received {
		for ev, rest := d.Next([]byte(read)); ev.Kind != telnet.None; ev, rest = d.Next(rest) {
			switch ev.Kind {
			case telnet.Line:
				fmt.Printf("%s\n", telnet.Clean(nil, ev.Text))
			case telnet.Reply:
				fmt.Printf("send % x\n", ev.Text)
			}
		}
	}
	// Output:
	// hello
	// send ff fc 06
	// café
}

func ExampleClean() {
	fmt.Printf("%s\n", telnet.Clean(nil, []byte("\x1b[31mred\x1b[0m alert\a")))
	// Output: red alert
}
