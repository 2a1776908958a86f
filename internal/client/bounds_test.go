package client

import (
	"fmt"
	"strings"
	"testing"
)

func TestRoomsThatAServerInventsAreBounded(t *testing.T) {
	c := &Client{rooms: make(map[string]Place), fills: fills{recent: make(map[string][]known)}}
	for n := range 10 * maxRooms {
		room := fmt.Sprint("#r", n)
		c.seen(room, Place{Epoch: 1, Seq: 1})
		c.fills.received(room, Message{ID: 1})
	}
	c.seen("#r0", Place{Epoch: 1, Seq: 2})
	if len(c.rooms) != maxRooms || len(c.fills.recent) != maxRooms || c.rooms["#r0"].Seq != 2 {
		t.Errorf("%d and %d rooms, %+v", len(c.rooms), len(c.fills.recent), c.rooms["#r0"])
	}
}

func TestTheLongestTextFits(t *testing.T) {
	for _, text := range []string{"<", ">", "&", "\"", "\\", "\u2028", "世", "x\n"} {
		r := Request{Type: "post", Room: "#tea", Text: strings.Repeat(text, 4096/len(text))}
		line, err := r.line()
		if err != nil || strings.Count(string(line), "\n") != 1 || !strings.HasSuffix(string(line), "}\n") {
			t.Errorf("%q: %v, %d bytes", text, err, len(line))
		}
	}
}
